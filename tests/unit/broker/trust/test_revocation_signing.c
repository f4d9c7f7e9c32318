// LAYERS: test_support

#include "broker/trust/sign.h"
#include "tests/unit/broker/trust/office.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

/* Signing what only takes away. */

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
                                              .subject = office_octets(document),
                                              .person = person,
                                              .role = role,
                                              .key = office_octets(key),
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
        struct document_error error = {0};
        char *approval = NULL;
        struct grant_standing s;

        if (sign(o, rows[i].document, rows[i].by->person, rows[i].role, rows[i].by->key, &approval, &error) !=
            0)
            fail_msg("%s", error.reason);
        s = office_verify(o->trust, rows[i].document, &approval, 1, PAPERS_NOW);
        assert_takes_away(&s);
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
        struct document_error error = {0};
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

    return cmocka_run_group_tests(tests, office_setup, office_teardown);
}
