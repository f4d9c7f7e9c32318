// LAYERS: test_support

#include "broker/trust/sign.h"
#include "policy/engine/status.h"
#include "tests/unit/broker/trust/question.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

/* Signing what only takes away. */

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

static struct octets octets_of(const char *text)
{
    return (struct octets){(const uint8_t *)text, strlen(text)};
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

static void assert_counts(const struct grant_standing *s)
{
    assert_standing(s, REASON_OK);
    assert_outcome(s, 0, SIGNATURE_COUNTED);
    assert_int_equal(s->n_needed_more, 0);
    assert_true(s->votes_until > PAPERS_NOW);
}

static int sign(const struct office *o, const char *document, const char *person, const char *role,
                EVP_PKEY *private_key, char **ret, struct document_error *error)
{
    cleanup(trust_set_free_p) struct trust_set *t = NULL;
    cleanup_free char *key = issue_key_pem(private_key, NULL);
    enum document_type type;

    *error = (struct document_error){0};
    assert_int_equal(document_type_of(document, strlen(document), &type), 0);
    assert_int_equal(trust_set_new(o->trust, strlen(o->trust), &t, NULL), 0);
    return trust_sign(t,
                      &(struct trust_signing){.type = type,
                                              .subject = octets_of(document),
                                              .person = person,
                                              .role = role,
                                              .key = octets_of(key),
                                              .now = PAPERS_NOW},
                      ret, error);
}

static void test_signed(void **state)
{
    const struct office *o = *state;
    const struct signatory *leader = &o->department->approvers[DEPARTMENT_LEADER];
    const struct {
        const char *document, *role;
        const struct signatory *by;
    } rows[] = {{o->revocation, "revoker", &o->revoker},
                {o->revocation, "leader", leader},
                {o->status, "status", &o->status_key}};

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct document_error error;
        char *approval = NULL;
        struct grant_standing s;

        if (sign(o, rows[i].document, rows[i].by->person, rows[i].role, rows[i].by->key, &approval, &error) !=
            0)
            fail_msg("%s", error.reason);
        s = verify(o->trust, rows[i].document, &approval, 1, PAPERS_NOW);
        assert_counts(&s);
    }
}

static void test_not_signed(void **state)
{
    const struct office *o = *state;
    const struct signatory *leader = &o->department->approvers[DEPARTMENT_LEADER];
    cleanup_free char *newer = paper_status(&(struct status_plan){.trust_epoch = 5});
    cleanup_free char *other = paper_revocation(&(struct revocation_plan){.site = "cn.example.health"});
    const struct {
        const char *document, *person, *role;
        EVP_PKEY *key;
        const char *reason;
    } rows[] = {
        {o->status, "wang.wu", "leader", leader->key, "nobody may sign such a document as leader"},
        {o->status, "wang.wu", "status", leader->key, "no status key wang.wu"},
        {o->revocation, "wang.wu", "revoker", leader->key, "no revoker wang.wu"},
        {o->revocation, "wang.wu", "unit", leader->key, "wang.wu may not sign as unit"},
        {o->revocation, "sun.qi", "revoker", leader->key, "none of the certificates"},
        {o->revocation, "status-2026", "status", o->status_key.key, "nobody may sign such a document"},
        {newer, "status-2026", "status", o->status_key.key, "trust epoch 5"},
        {other, "sun.qi", "revoker", o->revoker.key, "cn.example.health"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct document_error error;
        char *approval = NULL;

        assert_int_equal(
            sign(o, rows[i].document, rows[i].person, rows[i].role, rows[i].key, &approval, &error), -EINVAL);
        assert_null(approval);
        if (!strstr(error.reason, rows[i].reason))
            fail_msg("refused with \"%s\", not with \"%s\"", error.reason, rows[i].reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signed),
        cmocka_unit_test(test_not_signed),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
