// LIBRARIES: libcrypto
#include "broker/trust/ledger_public.h"
#include "broker/trust/signature.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

static const struct {
    enum signature_algorithm alg;
    const char *name, *type, *group;
    unsigned bits;
} kinds[] = {
    {SIGNATURE_ED25519, "ed25519", "ED25519", NULL, 0},
    {SIGNATURE_SM2_SM3, "sm2-sm3", "SM2", NULL, 0},
    {SIGNATURE_ECDSA_P256_SHA256, "ecdsa-p256-sha256", "EC", "P-256", 0},
    {SIGNATURE_RSA_PSS_SHA256, "rsa-pss-sha256", "RSA", NULL, 2048},
};

static EVP_PKEY *make(size_t i)
{
    EVP_PKEY *key = kinds[i].bits    ? EVP_PKEY_Q_keygen(NULL, NULL, kinds[i].type, (size_t)kinds[i].bits)
                    : kinds[i].group ? EVP_PKEY_Q_keygen(NULL, NULL, kinds[i].type, kinds[i].group)
                                     : EVP_PKEY_Q_keygen(NULL, NULL, kinds[i].type);

    assert_non_null(key);
    return key;
}

static char *pem_of(EVP_PKEY *key, bool private)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data, *pem;
    long size;

    assert_int_equal(private ? PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL)
                             : PEM_write_bio_PUBKEY(bio, key),
                     1);
    size = BIO_get_mem_data(bio, &data);
    pem = strndup(data, (size_t)size);
    BIO_free(bio);
    return pem;
}

static void test_every_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        cleanup(ledger_public_free_p) struct ledger_public *p = NULL, *again = NULL;
        EVP_PKEY *key = make(i);
        cleanup_free char *pem = pem_of(key, false), *back = NULL;
        cleanup_free uint8_t *signature = NULL;
        const uint8_t *spki;
        const char *fault;
        size_t size, spki_size;

        assert_int_equal(ledger_public_from_pem(pem, strlen(pem), &p, &fault), 0);
        assert_string_equal(ledger_public_algorithm(p), kinds[i].name);
        assert_memory_equal(ledger_public_fingerprint(p), "SHA256:", 7);
        back = ledger_public_pem(p);
        assert_string_equal(back, pem);
        spki = ledger_public_spki(p, &spki_size);
        assert_int_equal(ledger_public_from_der(spki, spki_size, &again, &fault), 0);
        assert_string_equal(ledger_public_fingerprint(again), ledger_public_fingerprint(p));
        assert_int_equal(signature_make(kinds[i].alg, key, "octets", 6, &signature, &size), 0);
        assert_int_equal(ledger_public_verify(again, kinds[i].name, "octets", 6, signature, size), 1);
        assert_int_equal(ledger_public_verify(again, kinds[i].name, "octetz", 6, signature, size), 0);
        assert_int_equal(ledger_public_verify(again, "none", "octets", 6, signature, size), 0);
        signature[size - 1] ^= 1;
        assert_int_equal(ledger_public_verify(again, kinds[i].name, "octets", 6, signature, size), 0);
        EVP_PKEY_free(key);
    }
}

static void test_what_is_no_public_key(void **state)
{
    EVP_PKEY *key = make(0), *weak = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024),
             *agreeing = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    cleanup_free char *private = pem_of(key, true), *small = pem_of(weak, false), *pem = pem_of(key, false),
                      *other = pem_of(agreeing, false);
    cleanup(ledger_public_free_p) struct ledger_public *p = NULL;
    struct ledger_public *none;
    uint8_t longer[200];
    const char *fault;
    const uint8_t *spki;
    size_t size;

    (void)state;
    assert_int_equal(ledger_public_from_pem(private, strlen(private), &none, &fault), -EINVAL);
    assert_string_equal(fault, "it is no public key");
    assert_int_equal(ledger_public_from_pem("", 0, &none, &fault), -EINVAL);
    assert_int_equal(ledger_public_from_pem(small, strlen(small), &none, &fault), -EINVAL);
    assert_string_equal(fault, "the key is too short");
    assert_int_equal(ledger_public_from_pem(other, strlen(other), &none, &fault), -EINVAL);
    assert_string_equal(fault, "the key is of a kind that signs no ledger");
    assert_int_equal(ledger_public_from_pem(pem, strlen(pem), &p, &fault), 0);
    spki = ledger_public_spki(p, &size);
    memcpy(longer, spki, size);
    longer[size] = 0;
    assert_int_equal(ledger_public_from_der(longer, size + 1, &none, &fault), -EINVAL);
    assert_int_equal(ledger_public_from_der(longer, size - 1, &none, &fault), -EINVAL);
    EVP_PKEY_free(key);
    EVP_PKEY_free(weak);
    EVP_PKEY_free(agreeing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_what_is_no_public_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
