// LAYERS: test_support

#include "tests/unit/broker/trust/question.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

/* What counts towards a quorum, and what counts once only. */

static void test_quorum(void **state)
{
    struct question q = ask(*state);
    struct grant_standing s;
    when_t trust_ends;

    add_by(&q, DEPARTMENT_LEADER);
    add_by(&q, DEPARTMENT_UNIT);
    s = answer(&q);
    assert_standing(&s, REASON_OK);
    assert_int_equal(s.n_seen, 2);
    assert_outcome(&s, 0, SIGNATURE_COUNTED);
    assert_outcome(&s, 1, SIGNATURE_COUNTED);
    assert_string_equal(s.seen[0].approver, "wang.wu");
    assert_string_equal(s.seen[0].role, "leader");
    assert_string_equal(s.seen[1].approver, "zhou.ming");
    assert_int_equal(s.n_needed_more, 0);
    assert_true(s.requester_known);
    assert_int_equal(when_parse("2048-11-01T00:00:00Z", 20, &trust_ends), 0);
    assert_int_equal(s.votes_until, trust_ends);
}

static void test_nobody_signed(void **state)
{
    struct question q = ask(*state);
    struct grant_standing s = answer(&q);

    assert_standing(&s, REASON_APPROVAL_MISSING);
    assert_int_equal(s.n_needed_more, 2);
    assert_int_equal(s.n_seen, 0);
}

static void test_one_of_two(void **state)
{
    for (int who = 0; who < DEPARTMENT_APPROVERS; who++) {
        struct question q = ask(*state);
        struct grant_standing s;

        add_by(&q, who);
        s = answer(&q);
        assert_standing(&s, REASON_APPROVAL_MISSING);
        assert_outcome(&s, 0, SIGNATURE_COUNTED);
        assert_int_equal(s.n_needed_more, 1);
    }
}

/* Two of the total, but the unit's slot stays empty: one more has to sign. */
static void test_roles_are_not_filled(void **state)
{
    const struct department *d = *state;
    struct signatory second = department_signatory(d, "zhao.qi", "finance", "leader", SIGNATURE_ED25519);
    struct signatory approvers[] = {d->approvers[DEPARTMENT_LEADER], second, d->approvers[DEPARTMENT_UNIT]};
    struct trust_plan plan = department_plan(d);
    struct question q = ask(d);
    struct grant_standing s;

    plan.approvers = approvers;
    q.trust = paper_trust(&plan);
    add_by(&q, DEPARTMENT_LEADER);
    add_planned(&q, (struct approval_plan){.by = &second});
    s = answer(&q);
    assert_standing(&s, REASON_APPROVAL_MISSING);
    assert_outcome(&s, 1, SIGNATURE_COUNTED);
    assert_int_equal(s.n_needed_more, 1);
    signatory_done(&second);
}

static void test_every_algorithm(void **state)
{
    static const enum signature_algorithm algorithms[] = {SIGNATURE_ED25519, SIGNATURE_ECDSA_P256_SHA256,
                                                          SIGNATURE_RSA_PSS_SHA256, SIGNATURE_SM2_SM3};
    const struct department *d = *state;

    for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
        struct signatory unit = department_signatory(d, "yang.er", "finance", "unit", algorithms[i]);
        struct signatory approvers[] = {d->approvers[DEPARTMENT_LEADER], unit};
        struct trust_plan plan = department_plan(d);
        struct question q = ask(d);
        struct grant_standing s;

        plan.approvers = approvers;
        plan.n_approvers = 2;
        q.trust = paper_trust(&plan);
        add_by(&q, DEPARTMENT_LEADER);
        add_planned(&q, (struct approval_plan){.by = &unit});
        s = answer(&q);
        assert_standing(&s, REASON_OK);
        signatory_done(&unit);
    }
}

/* wang.wu's new certificate over a new key is listed beside the old one. */
static void test_one_person_with_two_certificates(void **state)
{
    const struct department *d = *state;
    struct signatory again = department_signatory(d, "wang.wu", "finance", "leader,unit", SIGNATURE_ED25519);
    struct signatory approvers[] = {d->approvers[DEPARTMENT_LEADER], d->approvers[DEPARTMENT_UNIT], again};
    struct trust_plan plan = department_plan(d);
    struct question q = ask(d);
    struct grant_standing s;

    plan.approvers = approvers;
    q.trust = paper_trust(&plan);
    add_by(&q, DEPARTMENT_LEADER);
    add_planned(&q, (struct approval_plan){.by = &again, .role = "unit"});
    add_planned(&q, (struct approval_plan){.by = &again, .role = "leader"});
    s = answer(&q);
    assert_standing(&s, REASON_APPROVAL_MISSING);
    assert_outcome(&s, 1, SIGNATURE_COUNTED);
    assert_outcome(&s, 2, SIGNATURE_DUPLICATE);
    assert_int_equal(s.n_needed_more, 1);
    signatory_done(&again);
}

static void test_one_key_under_two_names(void **state)
{
    const struct department *d = *state;
    struct signatory twin = with_key_of(d, &d->approvers[DEPARTMENT_UNIT], "zhao.qi", "finance", "leader");
    struct signatory approvers[] = {d->approvers[DEPARTMENT_LEADER], d->approvers[DEPARTMENT_UNIT], twin};
    struct trust_plan plan = department_plan(d);
    struct question q = ask(d);
    struct grant_standing s;

    plan.approvers = approvers;
    q.trust = paper_trust(&plan);
    add_by(&q, DEPARTMENT_UNIT);
    add_planned(&q, (struct approval_plan){.by = &twin});
    s = answer(&q);
    assert_standing(&s, REASON_APPROVAL_MISSING);
    assert_int_equal(s.n_needed_more, 1);
    signatory_done(&twin);
}

/* A file whose only unit approver holds the only leader's key cannot be met by anyone, whichever class asks
 * for both. */
static void test_quorum_needs_distinct_keys(void **state)
{
    static const char *const classes[] = {"normal", "privileged", "emergency"};
    const struct department *d = *state;
    struct signatory twin = with_key_of(d, &d->approvers[DEPARTMENT_UNIT], "zhao.qi", "finance", "leader");
    struct signatory approvers[] = {d->approvers[DEPARTMENT_UNIT], twin};
    struct trust_plan plan = department_plan(d);
    const char **quorums[] = {&plan.quorum_normal, &plan.quorum_privileged, &plan.quorum_emergency};

    plan.approvers = approvers;
    plan.n_approvers = 2;
    for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
        struct document_error error = {.line = 7};
        struct trust_set *t = NULL;
        cleanup_free char *text = NULL;

        for (size_t j = 0; j < ARRAY_SIZE(quorums); j++)
            *quorums[j] = i == j ? "total=2 leader=1 unit=1" : "total=1 leader=1";
        text = paper_trust(&plan);
        assert_int_equal(trust_set_new(text, strlen(text), &t, &error), -EINVAL);
        assert_ptr_equal(strstr(error.reason, classes[i]), error.reason);
        assert_non_null(strstr(error.reason, "distinct keys"));
        assert_int_equal(error.line, 0); /* several are at fault together */
    }
    signatory_done(&twin);
}

/* zhou.ming has two keys, and the other one stands under a second name, before his: three lines are one
 * voter. */
static void test_two_names_and_two_keys_are_one(void **state)
{
    const struct department *d = *state;
    const struct signatory *unit = &d->approvers[DEPARTMENT_UNIT];
    struct signatory twin = with_key_of(d, unit, "an.qi", "finance", "leader");
    struct signatory again = department_signatory(d, "zhou.ming", "finance", "leader", SIGNATURE_ED25519);
    struct signatory approvers[] = {twin, again, *unit};
    struct trust_plan plan = department_plan(d);
    cleanup_free char *text = NULL;
    struct document_error error = {0};
    struct trust_set *t = NULL;

    plan.approvers = approvers;
    plan.n_approvers = ARRAY_SIZE(approvers);
    plan.quorum_normal = plan.quorum_privileged = "total=2 leader=1";
    text = paper_trust(&plan);
    assert_int_equal(trust_set_new(text, strlen(text), &t, &error), -EINVAL);
    assert_non_null(strstr(error.reason, "distinct keys"));
    signatory_done(&twin);
    signatory_done(&again);
}

static void test_the_same_approval_twice(void **state)
{
    const struct department *d = *state;
    struct question q = ask(d);
    struct grant_standing s;

    add_by(&q, DEPARTMENT_LEADER);
    add(&q, strdup(q.approvals[0]));
    add_by(&q, DEPARTMENT_LEADER); /* SM2 draws a new number: other octets, the same vote */
    assert_string_not_equal(q.approvals[0], q.approvals[2]);
    s = answer(&q);
    assert_standing(&s, REASON_APPROVAL_MISSING);
    assert_outcome(&s, 0, SIGNATURE_COUNTED);
    assert_outcome(&s, 1, SIGNATURE_DUPLICATE);
    assert_outcome(&s, 2, SIGNATURE_DUPLICATE);
    assert_int_equal(s.n_needed_more, 1);
}

/* For ECDSA's (r, s), (r, n - s) is as valid, and anyone can make it. */
static char *second_form(const char *approval)
{
    const char *at = strstr(approval, "signature: ") + strlen("signature: ");
    cleanup_free uint8_t *der = NULL;
    cleanup_free char *base64 = NULL;
    size_t size = 0;
    const uint8_t *p;
    uint8_t *other = NULL;
    BIGNUM *r, *s, *n = NULL;
    ECDSA_SIG *sig;
    char *text;
    int other_size;

    must(ident_base64_decode(at, strcspn(at, "\n"), &der, &size) == 0);
    p = der;
    sig = d2i_ECDSA_SIG(NULL, &p, (long)size);
    must(sig && BN_hex2bn(&n, "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551") > 0);
    r = BN_dup(ECDSA_SIG_get0_r(sig));
    s = BN_new();
    must(r && s && BN_sub(s, n, ECDSA_SIG_get0_s(sig)) == 1 && ECDSA_SIG_set0(sig, r, s) == 1);
    other_size = i2d_ECDSA_SIG(sig, &other);
    must(other_size > 0);
    base64 = ident_base64_encode(other, (size_t)other_size);
    text = issue_text("%.*s%s\n", (int)(at - approval), approval, base64);
    ECDSA_SIG_free(sig);
    BN_free(n);
    OPENSSL_free(other);
    return text;
}

static void test_second_form_of_an_ecdsa_signature(void **state)
{
    const struct department *d = *state;
    struct signatory unit =
        department_signatory(d, "yang.er", "finance", "leader,unit", SIGNATURE_ECDSA_P256_SHA256);
    struct signatory approvers[] = {d->approvers[DEPARTMENT_BOTH], unit};
    struct trust_plan plan = department_plan(d);
    struct question q = ask(d);
    struct grant_standing s;

    plan.approvers = approvers;
    plan.n_approvers = 2;
    q.trust = paper_trust(&plan);
    add_planned(&q, (struct approval_plan){.by = &unit, .role = "unit"});
    add(&q, second_form(q.approvals[0]));
    add_planned(&q, (struct approval_plan){.by = &unit, .role = "leader"});
    s = answer(&q);
    assert_standing(&s, REASON_APPROVAL_MISSING);
    assert_outcome(&s, 0, SIGNATURE_COUNTED);
    assert_outcome(&s, 1, SIGNATURE_DUPLICATE); /* valid, and not one more */
    assert_int_equal(s.n_needed_more, 1);
    signatory_done(&unit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quorum),
        cmocka_unit_test(test_nobody_signed),
        cmocka_unit_test(test_one_of_two),
        cmocka_unit_test(test_roles_are_not_filled),
        cmocka_unit_test(test_every_algorithm),
        cmocka_unit_test(test_one_person_with_two_certificates),
        cmocka_unit_test(test_one_key_under_two_names),
        cmocka_unit_test(test_quorum_needs_distinct_keys),
        cmocka_unit_test(test_two_names_and_two_keys_are_one),
        cmocka_unit_test(test_the_same_approval_twice),
        cmocka_unit_test(test_second_form_of_an_ecdsa_signature),
    };

    return cmocka_run_group_tests(tests, setup_department, teardown_department);
}
