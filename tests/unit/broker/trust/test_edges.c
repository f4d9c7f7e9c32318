// LAYERS: test_support
// LIBRARIES: libcrypto

#include "broker/trust/certificate.h"
#include "broker/trust/ledger_key.h"
#include "broker/trust/private_key.h"
#include "broker/trust/sign.h"
#include "broker/trust/signature.h"
#include "broker/trust/verdict_cache.h"
#include "tests/unit/broker/trust/office.h"
#include "tests/unit/broker/trust/question.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* Numbers that are none, sizes that libcrypto cannot count, and the smallest of what there can be. */

static void test_no_such_algorithm(void **state)
{
    static const int numbers[] = {0, -1, 5, 1000};
    const struct office *o = *state;
    EVP_PKEY *key = o->department->approvers[DEPARTMENT_UNIT].key;
    uint8_t signature[64] = {0}, *made = signature;
    EVP_MD_CTX *prepared;
    size_t size = 1;

    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        enum signature_algorithm alg = (enum signature_algorithm)numbers[i];

        assert_string_equal(signature_key_fault(alg, key), "the algorithm is not known");
        assert_true(signature_verify(alg, key, "", 0, signature, sizeof(signature)) <= 0);
        assert_int_equal(signature_prepare(alg, key, &prepared), -EIO);
        assert_null(prepared);
        assert_int_equal(signature_make(alg, key, "", 0, &made, &size), -EINVAL);
        assert_null(made);
        assert_int_equal(size, 0);
        made = signature;
        size = 1;
    }
}

/* Nothing is read of these. */
static void test_sizes_beyond(void **state)
{
    const struct trust_certificate der = {.der = (uint8_t *)"", .size = (size_t)LONG_MAX + 1};
    /* What was there before is not taken for an answer. */
    struct ledger_public *p = (struct ledger_public *)(uintptr_t)1;
    struct certificate *c = (struct certificate *)(uintptr_t)1, *signer = c;
    struct ledger_key *k = (struct ledger_key *)(uintptr_t)1;
    EVP_PKEY *key = (EVP_PKEY *)(uintptr_t)1;
    const char *fault;

    (void)state;
    assert_int_equal(certificate_new_anchor(&der, &c, &fault), -EINVAL);
    assert_null(c);
    assert_int_equal(certificate_new_signer(&der, SIGNATURE_ED25519, &signer, &fault), -EINVAL);
    assert_null(signer);
    assert_int_equal(private_key_parse("", (size_t)INT_MAX + 1, NULL, &key), -EINVAL);
    assert_null(key);
    assert_int_equal(ledger_public_from_der((const uint8_t *)"", (size_t)LONG_MAX + 1, &p, &fault), -EINVAL);
    assert_null(p);
    p = (struct ledger_public *)(uintptr_t)1;
    assert_int_equal(ledger_public_from_pem("", (size_t)INT_MAX + 1, &p, &fault), -EINVAL);
    assert_null(p);
    assert_int_equal(ledger_key_parse("", (size_t)INT_MAX + 1, &k), -EINVAL);
    assert_null(k);
}

static int sign(const struct office *o, enum document_type type, const char *document, const char *passphrase,
                struct document_error *error)
{
    const struct signatory *unit = &o->department->approvers[DEPARTMENT_UNIT];
    cleanup_free char *key = issue_key_pem(unit->key, "secret");
    cleanup(trust_set_free_p) struct trust_set *t = NULL;
    char *text = key;
    int r;

    if (error)
        error->line = 7;
    assert_int_equal(trust_set_new(o->trust, strlen(o->trust), &t, NULL), 0);
    r = trust_sign(t,
                   &(struct trust_signing){.type = type,
                                           .subject = office_octets(document),
                                           .person = unit->person,
                                           .role = "unit",
                                           .key = office_octets(key),
                                           .passphrase = passphrase,
                                           .now = PAPERS_NOW},
                   &text, error);
    assert_int_equal(r == 0, text != NULL);
    free(text);
    return r;
}

/* libcrypto has room for 1024 octets of a passphrase. */
static void test_passphrases(void **state)
{
    const struct office *o = *state;
    cleanup_free char *grant = paper_grant(&(struct grant_plan){0});
    cleanup_free char *pem = NULL;
    struct document_error error = {0};
    char longest[1026];
    EVP_PKEY *key;

    memset(longest, 'x', sizeof(longest));
    longest[1025] = '\0';
    assert_int_equal(sign(o, DOCUMENT_GRANT, grant, "secret", &error), 0);
    assert_int_equal(sign(o, DOCUMENT_GRANT, grant, "secre", &error), -EKEYREJECTED);
    assert_int_equal(sign(o, DOCUMENT_GRANT, grant, "", &error), -EKEYREJECTED);
    assert_int_equal(sign(o, DOCUMENT_GRANT, grant, NULL, &error), -EKEYREJECTED);
    assert_int_equal(sign(o, DOCUMENT_GRANT, grant, longest, &error), -EKEYREJECTED);
    longest[1024] = '\0';
    assert_int_equal(sign(o, DOCUMENT_GRANT, grant, longest, &error), -EKEYREJECTED);
    pem = issue_key_pem(o->department->approvers[DEPARTMENT_UNIT].key, longest);
    assert_int_equal(private_key_parse(pem, strlen(pem), longest, &key), 0);
    EVP_PKEY_free(key);
}

static void test_what_cannot_be_signed(void **state)
{
    const struct office *o = *state;
    cleanup_free char *grant = paper_grant(&(struct grant_plan){0});
    struct document_error error = {0};

    assert_int_equal(sign(o, DOCUMENT_APPROVAL, grant, "secret", &error), -EINVAL);
    assert_non_null(strstr(error.reason, "an approval is not approved"));
    assert_int_equal(error.line, 0); /* of no line's making */
    assert_int_equal(sign(o, DOCUMENT_APPROVAL, grant, "secret", NULL), -EINVAL);
    assert_int_equal(sign(o, (enum document_type)99, grant, "secret", &error), -EINVAL);
    /* Each kind is parsed as what it is said to be. */
    assert_int_equal(sign(o, DOCUMENT_GRANT, o->revocation, "secret", &error), -EINVAL);
    assert_int_equal(sign(o, DOCUMENT_TRUST, grant, "secret", &error), -EINVAL);
    assert_int_equal(sign(o, DOCUMENT_REVOCATION, grant, "secret", &error), -EINVAL);
    assert_int_equal(sign(o, DOCUMENT_STATUS, grant, "secret", &error), -EINVAL);
}

static void test_classes(void **state)
{
    const struct office *o = *state;
    cleanup(trust_set_free_p) struct trust_set *t = NULL;
    when_t until = 0;

    assert_int_equal(trust_set_new(o->trust, strlen(o->trust), &t, NULL), 0);
    assert_true(trust_set_class_is_open(t, GRANT_CLASS_COUNT, PAPERS_NOW));
    assert_false(trust_set_class_is_open(t, (enum grant_class)(GRANT_CLASS_NORMAL - 1), PAPERS_NOW));
    assert_false(trust_set_class_is_open(t, (enum grant_class)(GRANT_CLASS_COUNT + 1), PAPERS_NOW));
    assert_int_equal(trust_set_approver_until(t, "chen.liu", PAPERS_NOW), ISSUING_UNTIL);
    assert_int_equal(trust_set_approver_until(t, "zhou.ming", PAPERS_NOW), ISSUING_UNTIL);
    assert_int_equal(trust_set_approver_until(t, "zhou.ming", ISSUING_UNTIL), 0);
    assert_int_equal(trust_set_approver_until(t, "zhou.ming", ISSUING_FROM - 1), 0);
    assert_int_equal(trust_set_approver_until(t, "status-2026", PAPERS_NOW), 0);
    /* All end together: who stands first. */
    assert_string_equal(trust_set_first_to_end(t, PAPERS_NOW, &until), "chen.liu");
    assert_int_equal(until, ISSUING_UNTIL);
    assert_null(signature_outcome_name((enum signature_outcome)0));
    assert_null(signature_outcome_sentence((enum signature_outcome)1000));
}

/* With room for one in a generation, the last two are known; the one there is may be put again. */
static void test_smallest_cache(void **state)
{
    const struct trust_verdict_key keys[] = {{{1}}, {{2}}, {{3}}};
    struct trust_verdict v = {.outcome = SIGNATURE_COUNTED}, found;

    (void)state;
    for (size_t most = 0; most < 4; most++) {
        cleanup(verdict_cache_free_p) struct verdict_cache *c = NULL;

        assert_int_equal(verdict_cache_new(most, &c), 0);
        verdict_cache_put(c, &keys[0], &v);
        verdict_cache_put(c, &keys[0], &v);
        assert_int_equal(verdict_cache_count(c), 1);
        verdict_cache_put(c, &keys[1], &v);
        assert_int_equal(verdict_cache_count(c), 2);
        verdict_cache_put(c, &keys[2], &v);
        assert_false(verdict_cache_find(c, &keys[0], &found));
        assert_true(verdict_cache_find(c, &keys[1], &found));
        assert_int_equal(found.outcome, SIGNATURE_COUNTED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_such_algorithm), cmocka_unit_test(test_sizes_beyond),
        cmocka_unit_test(test_passphrases),       cmocka_unit_test(test_what_cannot_be_signed),
        cmocka_unit_test(test_classes),           cmocka_unit_test(test_smallest_cache),
    };

    return cmocka_run_group_tests(tests, office_setup, office_teardown);
}
