// LAYERS: test_support

#include "broker/trust/sign.h"
#include "tests/unit/broker/trust/question.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

/* Approvals made by trust_sign(): they count, or they are not handed out. */

struct order {
    const char *trust;
    const char *document;
    enum document_type type;
    const char *person;
    const char *role;
    const char *key; /* PEM */
    const char *passphrase;
    when_t now;
};

static int sign(const struct order *o, char **ret, struct document_error *error)
{
    cleanup(trust_set_free_p) struct trust_set *t = NULL;

    *error = (struct document_error){0};
    assert_int_equal(trust_set_new(o->trust, strlen(o->trust), &t, NULL), 0);
    return trust_sign(t,
                      &(struct trust_signing){.type = o->type,
                                              .subject = {(const uint8_t *)o->document, strlen(o->document)},
                                              .person = o->person,
                                              .role = o->role,
                                              .key = {(const uint8_t *)o->key, strlen(o->key)},
                                              .passphrase = o->passphrase,
                                              .now = o->now},
                      ret, error);
}

static void assert_refused(const struct order *o, int code, const char *reason)
{
    struct document_error error = {0};
    char *text = NULL;

    assert_int_equal(sign(o, &text, &error), code);
    assert_null(text);
    if (!strstr(error.reason, reason))
        fail_msg("refused with \"%s\", not with \"%s\"", error.reason, reason);
}

/* The leader's, over the usual grant. */
static struct order usual(const struct department *d, char **grant, char **key)
{
    *grant = paper_grant(&(struct grant_plan){0});
    *key = issue_key_pem(d->approvers[DEPARTMENT_LEADER].key, NULL);
    return (struct order){
        .trust = d->trust,
        .document = *grant,
        .type = DOCUMENT_GRANT,
        .person = "wang.wu",
        .role = "leader",
        .key = *key,
        .now = PAPERS_NOW,
    };
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
        cleanup_free char *key = issue_key_pem(unit.key, NULL);
        struct document_error error = {0};
        struct grant_standing s;
        char *approval = NULL;

        plan.approvers = approvers;
        plan.n_approvers = 2;
        q.trust = paper_trust(&plan);
        assert_int_equal(sign(&(struct order){.trust = q.trust,
                                              .document = q.grant,
                                              .type = DOCUMENT_GRANT,
                                              .person = "yang.er",
                                              .role = "unit",
                                              .key = key,
                                              .now = PAPERS_NOW},
                              &approval, &error),
                         0);
        assert_non_null(strstr(approval, "\napproved-at: 2026-11-21T10:00:00Z\n"));
        add(&q, approval);
        add_by(&q, DEPARTMENT_LEADER);
        s = answer(&q);
        assert_standing(&s, REASON_OK);
        signatory_done(&unit);
    }
}

static void test_passphrase(void **state)
{
    const struct department *d = *state;
    cleanup_free char *grant = NULL;
    cleanup_free char *plain = NULL;
    cleanup_free char *sealed = issue_key_pem(d->approvers[DEPARTMENT_LEADER].key, "correct horse");
    cleanup_free char *approval = NULL;
    struct order o = usual(d, &grant, &plain);
    struct document_error error = {0};

    o.key = sealed;
    assert_refused(&o, -EKEYREJECTED, "");
    o.passphrase = "wrong horse";
    assert_refused(&o, -EKEYREJECTED, "");
    o.passphrase = "";
    assert_refused(&o, -EKEYREJECTED, "");
    o.passphrase = "correct horse";
    assert_int_equal(sign(&o, &approval, &error), 0);
}

static void test_key_file(void **state)
{
    const struct department *d = *state;
    cleanup_free char *grant = NULL;
    cleanup_free char *key = NULL;
    cleanup_free char *other = issue_key_pem(d->approvers[DEPARTMENT_UNIT].key, NULL);
    cleanup_free char *half = NULL;
    struct order o = usual(d, &grant, &key);

    half = strndup(key, strlen(key) / 2);
    o.key = half;
    assert_refused(&o, -EINVAL, "no private key");
    o.key = "";
    assert_refused(&o, -EINVAL, "no private key");
    o.key = other;
    assert_refused(&o, -EINVAL, "none of the certificates");
}

static void test_person_and_role(void **state)
{
    cleanup_free char *grant = NULL;
    cleanup_free char *key = NULL;
    struct order o = usual(*state, &grant, &key);

    o.person = "li.si";
    assert_refused(&o, -EINVAL, "no approver li.si");
    o = (struct order){.trust = o.trust,
                       .document = grant,
                       .type = DOCUMENT_GRANT,
                       .person = "wang.wu",
                       .role = "unit",
                       .key = key,
                       .now = PAPERS_NOW};
    assert_refused(&o, -EINVAL, "may not sign as unit");
    o.role = "director";
    assert_refused(&o, -EINVAL, "nobody may sign such a document as director");
}

static void test_what_would_not_count(void **state)
{
    const struct department *d = *state;
    cleanup_free char *grant = NULL;
    cleanup_free char *key = NULL;
    cleanup_free char *own = paper_grant(&(struct grant_plan){.requester = "wang.wu"});
    cleanup_free char *vendor = paper_grant(&(struct grant_plan){.vendor = "finance"});
    cleanup_free char *site = paper_grant(&(struct grant_plan){.site = "cn.example.health"});
    struct order o = usual(d, &grant, &key);

    o.document = own;
    assert_refused(&o, -EINVAL, "own request");
    o.document = vendor;
    assert_refused(&o, -EINVAL, "vendor");
    o.document = site;
    assert_refused(&o, -EINVAL, "cn.example.health");
    o.document = grant;
    o.now = ISSUING_UNTIL;
    assert_refused(&o, -EINVAL, "not valid now");
}

static void test_documents(void **state)
{
    const struct department *d = *state;
    cleanup_free char *grant = NULL;
    cleanup_free char *key = NULL;
    struct order o = usual(d, &grant, &key);

    o.document = "hufu-grant: 1\nsite: x\n";
    assert_refused(&o, -EINVAL, "");
    o.type = DOCUMENT_APPROVAL;
    o.document = grant;
    assert_refused(&o, -EINVAL, "an approval is not approved");
}

/* --- trust epochs
 * ------------------------------------------------------------------------------------------- */

/* Standing of epoch `epoch` under the department's epoch 4, signed by leader and unit through trust_sign().
 */
static struct grant_standing epoch_under_4(const struct department *d, unsigned epoch, const char *site,
                                           size_t n, const char *subject)
{
    struct trust_plan plan = department_plan(d);
    cleanup_free char *next_text = NULL;
    cleanup(trust_set_free_p) struct trust_set *old = NULL;
    cleanup(trust_free_p) struct trust *next = NULL;
    char *texts[2];
    struct octets approvals[2];
    struct octets octets;
    struct grant_standing s;

    plan.epoch = epoch;
    plan.site = site;
    next_text = paper_trust(&plan);
    octets = (struct octets){(const uint8_t *)next_text, strlen(next_text)};
    assert_int_equal(trust_set_new(d->trust, strlen(d->trust), &old, NULL), 0);
    assert_int_equal(trust_parse(next_text, strlen(next_text), &next, NULL), 0);
    for (int i = 0; i < 2; i++) {
        cleanup_free char *about = issue_text("%s %u", subject, epoch);

        texts[i] = paper_approval(
            &(struct approval_plan){.by = &d->approvers[i], .document = next_text, .about = about});
        approvals[i] = (struct octets){(const uint8_t *)texts[i], strlen(texts[i])};
    }
    assert_int_equal(trust_verify_trust(old, next, octets, approvals, n, PAPERS_NOW, &s), 0);
    free(texts[0]);
    free(texts[1]);
    return s;
}

static void test_trust_epochs(void **state)
{
    struct grant_standing s = epoch_under_4(*state, 5, NULL, 2, "trust");

    assert_standing(&s, REASON_OK);
    s = epoch_under_4(*state, 4, NULL, 2, "trust");
    assert_standing(&s, REASON_OK);
    s = epoch_under_4(*state, 5, NULL, 1, "trust");
    assert_standing(&s, REASON_APPROVAL_MISSING);
    assert_int_equal(s.n_needed_more, 1);
}

/* One by one, and never back. */
static void test_epochs_in_order(void **state)
{
    struct grant_standing s = epoch_under_4(*state, 6, NULL, 2, "trust");

    assert_standing(&s, REASON_APPROVAL_MISSING);
    s = epoch_under_4(*state, 3, NULL, 2, "trust");
    assert_standing(&s, REASON_APPROVAL_MISSING);
    s = epoch_under_4(*state, 5, "cn.example.health", 2, "trust");
    assert_standing(&s, REASON_WRONG_SITE);
}

/* A grant's approval is none of a trust file, though id and number be the same. */
static void test_epoch_is_no_grant(void **state)
{
    struct grant_standing s = epoch_under_4(*state, 5, NULL, 2, "grant 00000000000000000000000000000000");

    assert_standing(&s, REASON_APPROVAL_MISSING);
    assert_outcome(&s, 0, SIGNATURE_OTHER_SUBJECT);
}

static void test_sign_a_trust_file(void **state)
{
    const struct department *d = *state;
    struct trust_plan plan = department_plan(d);
    cleanup_free char *grant = NULL;
    cleanup_free char *key = NULL;
    cleanup_free char *next = NULL;
    cleanup_free char *approval = NULL;
    struct order o = usual(d, &grant, &key);
    struct document_error error = {0};

    plan.epoch = 5;
    next = paper_trust(&plan);
    o.type = DOCUMENT_TRUST;
    o.document = next;
    assert_int_equal(sign(&o, &approval, &error), 0);
    assert_non_null(strstr(approval, "\nsubject: trust 5\n"));
}

static void test_names_of_outcomes(void **state)
{
    (void)state;
    for (int o = SIGNATURE_COUNTED; o <= SIGNATURE_NOT_LOOKED_AT; o++) {
        assert_non_null(signature_outcome_name((enum signature_outcome)o));
        assert_non_null(signature_outcome_sentence((enum signature_outcome)o));
        for (int p = SIGNATURE_COUNTED; p < o; p++)
            assert_string_not_equal(signature_outcome_name((enum signature_outcome)o),
                                    signature_outcome_name((enum signature_outcome)p));
    }
    assert_null(signature_outcome_name((enum signature_outcome)0));
    assert_null(signature_outcome_sentence((enum signature_outcome)(SIGNATURE_NOT_LOOKED_AT + 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_algorithm),
        cmocka_unit_test(test_passphrase),
        cmocka_unit_test(test_key_file),
        cmocka_unit_test(test_person_and_role),
        cmocka_unit_test(test_what_would_not_count),
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_trust_epochs),
        cmocka_unit_test(test_epochs_in_order),
        cmocka_unit_test(test_sign_a_trust_file),
        cmocka_unit_test(test_epoch_is_no_grant),
        cmocka_unit_test(test_names_of_outcomes),
    };

    return cmocka_run_group_tests(tests, setup_department, teardown_department);
}
