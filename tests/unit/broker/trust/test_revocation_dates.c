// LAYERS: test_support

#include "broker/trust/sign.h"
#include "policy/engine/status.h"
#include "tests/unit/broker/trust/question.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

/* When what only takes away counts. */

struct office {
    struct department *department;
    struct signatory revoker;
    struct signatory status_key;
    char *trust;
    char *revocation;
    char *status;
};

static char *trust_of(const struct office *o, unsigned epoch)
{
    struct trust_plan plan = department_plan(o->department);

    plan.epoch = epoch;
    plan.revokers = &o->revoker;
    plan.n_revokers = 1;
    plan.status_keys = &o->status_key;
    plan.n_status_keys = 1;
    return paper_trust(&plan);
}

static int setup(void **state)
{
    struct office *o = calloc(1, sizeof(*o));

    must(o != NULL);
    o->department = department_new();
    o->revoker =
        department_signatory(o->department, "sun.qi", "finance", "revoker", SIGNATURE_ECDSA_P256_SHA256);
    o->status_key =
        department_signatory(o->department, "status-2026", "finance", "status", SIGNATURE_RSA_PSS_SHA256);
    o->trust = trust_of(o, 4);
    o->revocation = paper_revocation(&(struct revocation_plan){0});
    o->status = paper_status(&(struct status_plan){0});
    *state = o;
    return 0;
}

static int teardown(void **state)
{
    struct office *o = *state;

    signatory_done(&o->revoker);
    signatory_done(&o->status_key);
    department_free(o->department);
    free(o->trust);
    free(o->revocation);
    free(o->status);
    free(o);
    return 0;
}

#define ABOUT_REVOCATION "revocation " PAPERS_REVOCATION
#define ABOUT_STATUS     "status 4 17"

static struct octets octets_of(const char *text)
{
    return (struct octets){(const uint8_t *)text, strlen(text)};
}

static const char *about(const char *document)
{
    return strncmp(document, "hufu-status", 11) == 0 ? ABOUT_STATUS : ABOUT_REVOCATION;
}

/* Verifies a revocation or a status, and frees its approvals. */
static struct grant_standing verify(const char *trust, const char *document, char **approvals, size_t n,
                                    when_t now)
{
    cleanup(trust_set_free_p) struct trust_set *t = NULL;
    cleanup(revocation_free_p) struct revocation *x = NULL;
    cleanup(status_free_p) struct status *s = NULL;
    struct octets octets[APPROVALS_MAX];
    struct grant_standing standing;

    assert_true(n <= APPROVALS_MAX);
    assert_int_equal(trust_set_new(trust, strlen(trust), &t, NULL), 0);
    for (size_t i = 0; i < n; i++)
        octets[i] = octets_of(approvals[i]);
    if (strncmp(document, "hufu-status", 11) == 0) {
        assert_int_equal(status_parse(document, strlen(document), &s, NULL), 0);
        assert_int_equal(trust_verify_status(t, s, octets_of(document), octets, n, now, &standing), 0);
    } else {
        assert_int_equal(revocation_parse(document, strlen(document), &x, NULL), 0);
        assert_int_equal(trust_verify_revocation(t, x, octets_of(document), octets, n, now, &standing), 0);
    }
    for (size_t i = 0; i < n; i++)
        free(approvals[i]);
    return standing;
}

/* The standing of `document` with the one approval by this plan. */
static struct grant_standing by(const struct office *o, const char *document, struct approval_plan plan)
{
    char *approval;

    if (!plan.document)
        plan.document = document;
    if (!plan.about)
        plan.about = about(plan.document);
    approval = paper_approval(&plan);
    return verify(o->trust, document, &approval, 1, PAPERS_NOW);
}

static void assert_does_not(const struct grant_standing *s, enum signature_outcome outcome)
{
    assert_standing(s, REASON_APPROVAL_MISSING);
    assert_outcome(s, 0, outcome);
    assert_int_equal(s->n_needed_more, 1);
    assert_int_equal(s->n_votes, 0);
    assert_int_equal(s->votes_until, 0);
}

static void test_certificate_ended(void **state)
{
    const struct office *o = *state;
    struct office brief = *o;
    const struct authority *a = &o->department->anchors[DEPARTMENT_ED25519];
    cleanup_free char *trust = NULL;

    brief.revoker.certificate = issue_certificate(&(struct certificate_plan){.name = "sun.qi",
                                                                             .key = o->revoker.key,
                                                                             .issuer = a->certificate,
                                                                             .issuer_key = a->key,
                                                                             .last = PAPERS_NOW});
    trust = trust_of(&brief, 4);
    for (when_t late = 0; late <= 1; late++) {
        char *approval = paper_approval(&(struct approval_plan){
            .by = &brief.revoker, .role = "revoker", .document = o->revocation, .about = ABOUT_REVOCATION});
        struct grant_standing s = verify(trust, o->revocation, &approval, 1, PAPERS_NOW + late);

        if (late) {
            assert_does_not(&s, SIGNATURE_CERTIFICATE);
            continue;
        }
        assert_standing(&s, REASON_OK);
        assert_int_equal(s.votes_until, PAPERS_NOW + 1);
    }
    X509_free(brief.revoker.certificate);
}

static void test_trust_file_ended(void **state)
{
    const struct office *o = *state;
    char *approval = paper_approval(&(struct approval_plan){
        .by = &o->status_key, .role = "status", .document = o->status, .about = ABOUT_STATUS});
    struct grant_standing s;
    when_t end;

    assert_int_equal(when_parse("2048-11-01T00:00:00Z", 20, &end), 0);
    s = verify(o->trust, o->status, &approval, 1, end);
    assert_standing(&s, REASON_TRUST_EXPIRED);
    assert_int_equal(s.votes_until, 0);
}

/* A newer epoch's keys are not known yet; an older status was made under keys that are judged as they are
 * now. */
static void test_trust_epoch_of_a_status(void **state)
{
    const struct office *o = *state;
    static const struct {
        unsigned epoch;
        const char *about;
        enum reason standing;
    } rows[] = {{3, "status 3 17", REASON_OK}, {5, "status 5 17", REASON_APPROVAL_MISSING}};

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        cleanup_free char *status = paper_status(&(struct status_plan){.trust_epoch = rows[i].epoch});
        struct grant_standing s =
            by(o, status,
               (struct approval_plan){.by = &o->status_key, .role = "status", .about = rows[i].about});

        assert_standing(&s, rows[i].standing);
        assert_true((s.votes_until > 0) == (rows[i].standing == REASON_OK));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificate_ended),
        cmocka_unit_test(test_trust_file_ended),
        cmocka_unit_test(test_trust_epoch_of_a_status),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
