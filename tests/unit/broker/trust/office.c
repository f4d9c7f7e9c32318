#include "tests/unit/broker/trust/office.h"

#include "policy/engine/status.h"
#include "tests/unit/broker/trust/question.h"
#include "tests/unit/unit.h"

#include <string.h>

char *office_trust(const struct office *o, unsigned epoch)
{
    struct trust_plan plan = department_plan(o->department);

    plan.epoch = epoch;
    plan.revokers = &o->revoker;
    plan.n_revokers = 1;
    plan.status_keys = &o->status_key;
    plan.n_status_keys = 1;
    return paper_trust(&plan);
}

int office_setup(void **state)
{
    struct office *o = calloc(1, sizeof(*o));

    must(o != NULL);
    o->department = department_new();
    o->revoker =
        department_signatory(o->department, "sun.qi", "finance", "revoker", SIGNATURE_ECDSA_P256_SHA256);
    o->status_key =
        department_signatory(o->department, "status-2026", "finance", "status", SIGNATURE_RSA_PSS_SHA256);
    o->trust = office_trust(o, 4);
    o->revocation = paper_revocation(&(struct revocation_plan){0});
    o->status = paper_status(&(struct status_plan){0});
    *state = o;
    return 0;
}

int office_teardown(void **state)
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

struct octets office_octets(const char *text)
{
    return (struct octets){(const uint8_t *)text, strlen(text)};
}

static const char *about(const char *document)
{
    return strncmp(document, "hufu-status", 11) == 0 ? ABOUT_STATUS : ABOUT_REVOCATION;
}

struct grant_standing office_verify(const char *trust, const char *document, char **approvals, size_t n,
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
        octets[i] = office_octets(approvals[i]);
    if (strncmp(document, "hufu-status", 11) == 0) {
        assert_int_equal(status_parse(document, strlen(document), &s, NULL), 0);
        assert_int_equal(trust_verify_status(t, s, office_octets(document), octets, n, now, &standing), 0);
    } else {
        assert_int_equal(revocation_parse(document, strlen(document), &x, NULL), 0);
        assert_int_equal(trust_verify_revocation(t, x, office_octets(document), octets, n, now, &standing),
                         0);
    }
    for (size_t i = 0; i < n; i++)
        free(approvals[i]);
    return standing;
}

struct grant_standing office_standing_by(const struct office *o, const char *document,
                                         struct approval_plan plan)
{
    char *approval;

    if (!plan.document)
        plan.document = document;
    if (!plan.about)
        plan.about = about(plan.document);
    approval = paper_approval(&plan);
    return office_verify(o->trust, document, &approval, 1, PAPERS_NOW);
}

void assert_takes_away(const struct grant_standing *s)
{
    assert_standing(s, REASON_OK);
    assert_outcome(s, 0, SIGNATURE_COUNTED);
    assert_true(s->requester_known); /* nobody requests it */
    assert_int_equal(s->n_needed_more, 0);
    assert_true(s->votes_until > PAPERS_NOW);
}

void assert_takes_nothing(const struct grant_standing *s, enum signature_outcome outcome)
{
    assert_standing(s, REASON_APPROVAL_MISSING);
    assert_outcome(s, 0, outcome);
    assert_int_equal(s->n_needed_more, 1);
    assert_int_equal(s->n_votes, 0);
    assert_int_equal(s->votes_until, 0);
}
