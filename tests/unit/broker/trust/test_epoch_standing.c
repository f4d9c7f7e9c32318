// LAYERS: test_support

#include "broker/trust/verdict.h"
#include "tests/unit/broker/trust/office.h"
#include "tests/unit/broker/trust/question.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

/* By whom, and until when, the next trust epoch stands under the one of now. */

#define FROM  ((when_t)1793491200) /* 2026-11-01T00:00:00Z */
#define UNTIL ((when_t)2487801600) /* 2048-11-01T00:00:00Z */

struct signed_by {
    const struct signatory *by;
    const char *role; /* NULL: the first of theirs */
};

/* Standing of the usual epoch 5, signed by `n`, under `trust`. */
static struct grant_standing epoch_5(const struct office *o, const char *trust, const struct signed_by *by,
                                     size_t n, when_t now)
{
    cleanup_free char *text = office_trust(o, 5);
    cleanup(trust_set_free_p) struct trust_set *t = NULL;
    cleanup(trust_free_p) struct trust *next = NULL;
    struct octets approvals[APPROVALS_MAX];
    char *texts[APPROVALS_MAX];
    struct grant_standing s;

    assert_int_equal(trust_set_new(trust, strlen(trust), &t, NULL), 0);
    assert_int_equal(trust_parse(text, strlen(text), &next, NULL), 0);
    for (size_t i = 0; i < n; i++) {
        texts[i] = paper_approval(&(struct approval_plan){
            .by = by[i].by, .role = by[i].role, .document = text, .about = "trust 5"});
        approvals[i] = office_octets(texts[i]);
    }
    assert_int_equal(trust_verify_trust(t, next, office_octets(text), approvals, n, now, &s), 0);
    for (size_t i = 0; i < n; i++)
        free(texts[i]);
    return s;
}

static void assert_stands(struct grant_standing s, when_t until)
{
    assert_standing(&s, REASON_OK);
    assert_true(s.requester_known); /* nobody requests an epoch */
    assert_int_equal(s.n_needed_more, 0);
    assert_int_equal(s.votes_until, until);
}

static void assert_does_not(struct grant_standing s, enum reason reason, size_t n_needed_more)
{
    assert_standing(&s, reason);
    assert_true(s.requester_known);
    assert_int_equal(s.n_needed_more, n_needed_more);
    assert_int_equal(s.votes_until, 0);
}

/* From the first second of the trust file of now to its last one, and never longer than that. */
static void test_dates(void **state)
{
    const struct office *o = *state;
    const struct signatory *a = o->department->approvers;
    const struct signed_by both[] = {{&a[DEPARTMENT_LEADER], NULL}, {&a[DEPARTMENT_UNIT], NULL}};

    assert_does_not(epoch_5(o, o->trust, both, 2, FROM - 1), REASON_TRUST_EXPIRED, 0);
    assert_stands(epoch_5(o, o->trust, both, 2, FROM), UNTIL);
    assert_stands(epoch_5(o, o->trust, both, 2, UNTIL - 1), UNTIL);
    assert_does_not(epoch_5(o, o->trust, both, 2, UNTIL), REASON_TRUST_EXPIRED, 0);
    assert_does_not(epoch_5(o, o->trust, both, 1, PAPERS_NOW), REASON_APPROVAL_MISSING, 1);
    assert_does_not(epoch_5(o, o->trust, both, 0, PAPERS_NOW), REASON_APPROVAL_MISSING, 2);
}

/* The quorum of the class privileged, not of another. */
static void test_quorum(void **state)
{
    const struct office *o = *state;
    const struct signatory *a = o->department->approvers;
    const struct signed_by unit = {&a[DEPARTMENT_UNIT], NULL};
    struct trust_plan plan = department_plan(o->department);
    cleanup_free char *easy = NULL, *hard = NULL;

    plan.quorum_privileged = "total=1 unit=1";
    easy = paper_trust(&plan);
    assert_stands(epoch_5(o, easy, &unit, 1, PAPERS_NOW), UNTIL);
    plan.quorum_privileged = NULL;
    plan.quorum_normal = plan.quorum_emergency = "total=1 unit=1";
    hard = paper_trust(&plan);
    assert_does_not(epoch_5(o, hard, &unit, 1, PAPERS_NOW), REASON_APPROVAL_MISSING, 1);
}

/* Who may only take away makes no epoch, whatever role they say they have. */
static void test_neither_revoker_nor_status_key(void **state)
{
    const struct office *o = *state;
    const struct signatory *a = o->department->approvers;
    static const char *const roles[] = {"revoker", "status", "unit"};
    const struct signatory *others[] = {&o->revoker, &o->status_key};

    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        for (size_t k = 0; k < ARRAY_SIZE(roles); k++) {
            const struct signed_by by[] = {{others[i], roles[k]}, {&a[DEPARTMENT_LEADER], NULL}};
            struct grant_standing s = epoch_5(o, o->trust, by, ARRAY_SIZE(by), PAPERS_NOW);

            assert_does_not(s, REASON_APPROVAL_MISSING, 1);
            assert_outcome(&s, 0, SIGNATURE_UNKNOWN_APPROVER);
        }
}

/* A verdict that was kept, and cannot be one of this trust set: judged, it would let a revoker make an epoch,
 * or nobody take away. */
static void test_verdicts_that_cannot_be(void **state)
{
    const struct office *o = *state;
    cleanup(trust_set_free_p) struct trust_set *t = NULL;
    cleanup(trust_free_p) struct trust *next = NULL;
    cleanup(revocation_free_p) struct revocation *x = NULL;
    cleanup(status_free_p) struct status *status = NULL;
    struct octets approval = office_octets("approval");
    struct trust_verdict v = {.outcome = SIGNATURE_COUNTED};
    const struct trust_verdicts verdicts = {&approval, &v, 1};
    struct grant_standing s;

    assert_int_equal(trust_set_new(o->trust, strlen(o->trust), &t, NULL), 0);
    assert_int_equal(trust_parse(o->trust, strlen(o->trust), &next, NULL), 0);
    assert_int_equal(revocation_parse(o->revocation, strlen(o->revocation), &x, NULL), 0);
    assert_int_equal(status_parse(o->status, strlen(o->status), &status, NULL), 0);
    v.role = (uint8_t)next->n_roles;
    memset(&s, 0xa5, sizeof(s));
    assert_int_equal(trust_judge_trust(t, next, &verdicts, PAPERS_NOW, &s), -EBADMSG);
    assert_standing(&s, REASON_APPROVAL_MISSING);
    v.signer = 1; /* there is one revoker, and one status key */
    memset(&s, 0xa5, sizeof(s));
    assert_int_equal(trust_judge_revocation(t, x, &verdicts, PAPERS_NOW, &s), -EBADMSG);
    assert_standing(&s, REASON_APPROVAL_MISSING);
    memset(&s, 0xa5, sizeof(s));
    assert_int_equal(trust_judge_status(t, status, &verdicts, PAPERS_NOW, &s), -EBADMSG);
    assert_standing(&s, REASON_APPROVAL_MISSING);
    v.signer = 0;
    assert_int_equal(trust_judge_revocation(t, x, &verdicts, PAPERS_NOW, &s), 0);
    assert_standing(&s, REASON_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_quorum),
        cmocka_unit_test(test_neither_revoker_nor_status_key),
        cmocka_unit_test(test_verdicts_that_cannot_be),
    };

    return cmocka_run_group_tests(tests, office_setup, office_teardown);
}
