// LAYERS: test_support

#include "tests/unit/broker/trust/fourth.h"
#include "tests/unit/broker/trust/question.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <string.h>

/* A trust file is refused as a whole, with its line, for a certificate that can never be right. */

static void test_usual(void **state)
{
    const struct department *d = *state;
    cleanup(trust_set_free_p) struct trust_set *t = NULL;
    struct document_error error = {0};

    assert_int_equal(load_trust(d->trust, &t, &error), 0);
    assert_string_equal(trust_set_document(t)->site, PAPERS_SITE);
    assert_int_equal(trust_set_document(t)->n_approvers, DEPARTMENT_APPROVERS);
}

static void test_error_may_be_null(void **state)
{
    struct trust_set *t = (struct trust_set *)(uintptr_t)1;

    (void)state;
    assert_int_equal(trust_set_new("hufu-trust: 2\n", 14, &t, NULL), -EINVAL);
    assert_null(t);
    assert_null(trust_set_free(NULL));
}

static void test_every_algorithm(void **state)
{
    static const enum signature_algorithm algorithms[] = {SIGNATURE_ED25519, SIGNATURE_ECDSA_P256_SHA256,
                                                          SIGNATURE_RSA_PSS_SHA256, SIGNATURE_SM2_SM3};
    const struct department *d = *state;

    for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
        struct signatory s = department_signatory(d, "yang.er", "finance", "unit", algorithms[i]);
        cleanup_free char *text = fourth_trust(d, &s);
        cleanup(trust_set_free_p) struct trust_set *t = NULL;
        struct document_error error = {0};

        assert_int_equal(load_trust(text, &t, &error), 0);
        signatory_done(&s);
    }
}

static void test_usage(void **state)
{
    assert_fourth_plan_refused(*state, (struct certificate_plan){.usage = "critical,keyAgreement"},
                               "digitalSignature");
    assert_fourth_plan_refused(*state, (struct certificate_plan){.usage = "nonRepudiation"},
                               "digitalSignature");
    assert_fourth_plan_refused(*state, (struct certificate_plan){.usage = ""}, "digitalSignature");
    assert_fourth_plan_refused(*state, (struct certificate_plan){.usage = "digitalSignature,keyCertSign"},
                               "not keyCertSign");
}

static void test_authority_as_signer(void **state)
{
    assert_fourth_plan_refused(*state, (struct certificate_plan){.ca = true, .usage = "digitalSignature"},
                               "certificate authority");
    assert_fourth_plan_refused(*state,
                               (struct certificate_plan){.ca = true, .usage = "digitalSignature,keyCertSign"},
                               "certificate authority");
}

/* What a critical extension asks for has to be understood (RFC 5280, 4.2). */
static void test_unknown_critical_extension(void **state)
{
    assert_fourth_plan_refused(*state, (struct certificate_plan){.extra = "1.2.3.4.5=critical,DER:0500"},
                               "no anchor");
}

static void test_key_of_another_kind(void **state)
{
    const struct department *d = *state;
    struct signatory s = department_signatory(d, "yang.er", "finance", "unit", SIGNATURE_ED25519);

    for (int alg = SIGNATURE_ECDSA_P256_SHA256; alg <= SIGNATURE_SM2_SM3; alg++) {
        struct signatory claimed = s;
        cleanup_free char *text = NULL;

        claimed.alg = (enum signature_algorithm)alg;
        text = fourth_trust(d, &claimed);
        assert_trust_refused(text, LINE_FOURTH, "not of the algorithm's kind");
    }
    signatory_done(&s);
}

/* SM2 and P-256 are both keys on a curve; neither may pass for the other. */
static void test_sm2_is_not_p256(void **state)
{
    const struct department *d = *state;
    struct signatory sm2 = department_signatory(d, "yang.er", "finance", "unit", SIGNATURE_SM2_SM3);
    struct signatory p256 =
        department_signatory(d, "yang.er", "finance", "unit", SIGNATURE_ECDSA_P256_SHA256);
    cleanup_free char *a = NULL;
    cleanup_free char *b = NULL;

    sm2.alg = SIGNATURE_ECDSA_P256_SHA256;
    p256.alg = SIGNATURE_SM2_SM3;
    a = fourth_trust(d, &sm2);
    b = fourth_trust(d, &p256);
    assert_trust_refused(a, LINE_FOURTH, "not of the algorithm's kind");
    assert_trust_refused(b, LINE_FOURTH, "not of the algorithm's kind");
    signatory_done(&sm2);
    signatory_done(&p256);
}

static void assert_key_refused(const struct department *d, enum signature_algorithm alg, EVP_PKEY *key,
                               const char *reason)
{
    const struct authority *a = &d->anchors[DEPARTMENT_ED25519];
    struct certificate_plan plan = {
        .name = "yang.er", .key = key, .issuer = a->certificate, .issuer_key = a->key};

    assert_fourth_refused(d, alg, key, issue_certificate(&plan), reason);
}

static void test_weak_keys(void **state)
{
    assert_key_refused(*state, SIGNATURE_RSA_PSS_SHA256, issue_rsa_key(1024), "too short");
    assert_key_refused(*state, SIGNATURE_RSA_PSS_SHA256, issue_rsa_key(2040), "too short");
    assert_key_refused(*state, SIGNATURE_ECDSA_P256_SHA256, issue_ec_key("P-384"), "another curve");
    assert_key_refused(*state, SIGNATURE_ECDSA_P256_SHA256, issue_ec_key("secp224r1"), "another curve");
}

/* The public half of a key of 4096 bits and some more, which is all that is looked at. */
static EVP_PKEY *long_rsa_key(unsigned more)
{
    uint8_t modulus[513];
    uint32_t exponent = 65537;
    OSSL_PARAM params[] = {OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, modulus, sizeof(modulus)),
                           OSSL_PARAM_uint32(OSSL_PKEY_PARAM_RSA_E, &exponent), OSSL_PARAM_END};
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;

    memset(modulus, 0xff, sizeof(modulus));
    modulus[sizeof(modulus) - 1] =
        (uint8_t)((1U << more) - 1); /* its highest octet, on machines of this order */
    must(ctx && EVP_PKEY_fromdata_init(ctx) == 1 &&
         EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) == 1);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* Looking at one takes seconds, and a trust file has many, before anybody's signature was looked at. */
static void test_long_key(void **state)
{
    assert_key_refused(*state, SIGNATURE_RSA_PSS_SHA256, long_rsa_key(1), "too long");
    /* Not for its length, but since 3 divides it. */
    assert_key_refused(*state, SIGNATURE_RSA_PSS_SHA256, long_rsa_key(0), "protects nothing");
}

/* Every encoding of every point of small order but for its sign: under the neutral element R = [S]B and S
 * sign everything, and no private key is needed. */
static void test_key_of_small_order(void **state)
{
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000", /* order 4 */
        "0100000000000000000000000000000000000000000000000000000000000000", /* the neutral element */
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", /* order 8 */
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", /* order 8 */
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* order 2 */
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* 0, written as p */
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* 1, written as p + 1 */
    };
    uint8_t octets[32];

    for (size_t i = 0; i < ARRAY_SIZE(points); i++)
        for (int sign = 0; sign < 2; sign++) {
            assert_int_equal(ident_parse_hex(points[i], 64, octets, sizeof(octets)), 0);
            octets[31] |= (uint8_t)(sign << 7);
            assert_key_refused(*state, SIGNATURE_ED25519,
                               EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, octets, 32),
                               "protects nothing");
        }
}

/* `DER` in place of the certificate of approver zhou.ming, whose line is the last. */
static char *with_der(const struct department *d, const char *base64)
{
    cleanup_free char *old = issue_certificate_base64(d->approvers[DEPARTMENT_UNIT].certificate);
    const char *at = strstr(d->trust, old);

    must(at != NULL);
    return issue_text("%.*s%s%s", (int)(at - d->trust), d->trust, base64, at + strlen(old));
}

static void test_not_a_certificate(void **state)
{
    const struct department *d = *state;
    cleanup_free char *text = with_der(d, "MAA=");

    assert_trust_refused(text, LINE_APPROVER + 2, "zhou.ming: not a certificate");
}

static void test_octets_after_a_certificate(void **state)
{
    const struct department *d = *state;
    cleanup_free char *base64 = NULL;
    cleanup_free char *text = NULL;
    uint8_t *der = NULL;
    int size = i2d_X509(d->approvers[DEPARTMENT_UNIT].certificate, &der);
    cleanup_free uint8_t *longer = calloc(1, (size_t)size + 1);

    must(size > 0 && longer);
    memcpy(longer, der, (size_t)size);
    base64 = ident_base64_encode(longer, (size_t)size + 1);
    text = with_der(d, base64);
    assert_trust_refused(text, LINE_APPROVER + 2, "octets after the certificate");
    OPENSSL_free(der);
}

/* Base64 has one spelling: bits that a decoder would drop must be zero. */
static void test_base64_that_is_not_canonical(void **state)
{
    const struct department *d = *state;
    struct document_error error = {0};
    struct trust_set *t = NULL;
    cleanup_free char *text = with_der(d, "MAB=");

    assert_int_equal(load_trust(text, &t, &error), -EINVAL);
    assert_null(strstr(error.reason, "not a certificate")); /* refused before anyone decodes a certificate */
    assert_int_equal(error.line, LINE_APPROVER + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usual),
        cmocka_unit_test(test_error_may_be_null),
        cmocka_unit_test(test_every_algorithm),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_authority_as_signer),
        cmocka_unit_test(test_unknown_critical_extension),
        cmocka_unit_test(test_key_of_another_kind),
        cmocka_unit_test(test_sm2_is_not_p256),
        cmocka_unit_test(test_weak_keys),
        cmocka_unit_test(test_long_key),
        cmocka_unit_test(test_key_of_small_order),
        cmocka_unit_test(test_not_a_certificate),
        cmocka_unit_test(test_octets_after_a_certificate),
        cmocka_unit_test(test_base64_that_is_not_canonical),
    };

    return cmocka_run_group_tests(tests, setup_department, teardown_department);
}
