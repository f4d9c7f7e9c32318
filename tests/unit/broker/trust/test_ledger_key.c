// LIBRARIES: libcrypto
#include "broker/trust/ledger_key.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

/* Which private keys sign a ledger, and by which name they are known. */

static char *pem_of(EVP_PKEY *key, const char *passphrase)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data, *pem;
    long size;

    assert_non_null(key);
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, key, passphrase ? EVP_aes_256_cbc() : NULL,
                                                   passphrase, passphrase ? (int)strlen(passphrase) : 0, NULL,
                                                   NULL),
                     1);
    size = BIO_get_mem_data(bio, &data);
    pem = strndup(data, (size_t)size);
    BIO_free(bio);
    EVP_PKEY_free(key);
    return pem;
}

static char *made(const char *type)
{
    return pem_of(EVP_PKEY_Q_keygen(NULL, NULL, type), NULL);
}

static char *curve(const char *name)
{
    return pem_of(EVP_PKEY_Q_keygen(NULL, NULL, "EC", name), NULL);
}

static char *rsa(size_t bits)
{
    return pem_of(EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits), NULL);
}

/* Made a second time, with nothing but libcrypto. */
static void fingerprint_of(const char *pem, char text[static 60])
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    uint8_t *spki = NULL, digest[32];
    int size = i2d_PUBKEY(key, &spki);
    char base64[48];

    assert_true(size > 0);
    assert_int_equal(EVP_Digest(spki, (size_t)size, digest, NULL, EVP_sha256(), NULL), 1);
    assert_int_equal(EVP_EncodeBlock((uint8_t *)base64, digest, sizeof(digest)), 44);
    (void)snprintf(text, 60, "SHA256:%.43s", base64); /* without the = */
    OPENSSL_free(spki);
    EVP_PKEY_free(key);
    BIO_free(bio);
}

static void assert_signs(const char *pem, const char *alg)
{
    cleanup(ledger_key_free_p) struct ledger_key *k = NULL;
    cleanup_free uint8_t *signature = NULL;
    const struct ledger_public *p;
    char fingerprint[60];
    size_t size;

    assert_int_equal(ledger_key_parse(pem, strlen(pem), &k), 0);
    p = ledger_key_public(k);
    assert_string_equal(ledger_public_algorithm(p), alg);
    fingerprint_of(pem, fingerprint);
    assert_string_equal(ledger_public_fingerprint(p), fingerprint);
    assert_int_equal(ledger_key_sign(k, "octets", 6, &signature, &size), 0);
    assert_int_equal(ledger_public_verify(p, alg, "octets", 6, signature, size), 1);
    assert_int_equal(ledger_public_verify(p, alg, "octet", 5, signature, size), 0);
}

static void test_kinds_that_sign(void **state)
{
    cleanup_free char *ed25519 = made("ED25519"), *sm2 = made("SM2"), *p256 = curve("P-256"),
                      *big = rsa(2048);

    (void)state;
    assert_signs(ed25519, "ed25519");
    assert_signs(sm2, "sm2-sm3");
    assert_signs(p256, "ecdsa-p256-sha256");
    assert_signs(big, "rsa-pss-sha256");
}

static void assert_refused(const char *pem, int error)
{
    struct ledger_key *k = (struct ledger_key *)(uintptr_t)1;

    assert_int_equal(ledger_key_parse(pem, strlen(pem), &k), error);
    assert_null(k);
}

static void test_kinds_that_do_not(void **state)
{
    cleanup_free char *ed448 = made("ED448"), *x25519 = made("X25519"), *p384 = curve("P-384"),
                      *weak = rsa(1024);

    (void)state;
    assert_refused(ed448, -EINVAL);
    assert_refused(x25519, -EINVAL);
    assert_refused(p384, -EINVAL);
    assert_refused(weak, -EINVAL);
}

/* Nobody is there to be asked for a passphrase. */
static void test_what_is_no_private_key(void **state)
{
    cleanup_free char *closed = pem_of(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), "secret"), *pem = NULL,
                      *public = NULL;
    cleanup(ledger_key_free_p) struct ledger_key *k = NULL;

    (void)state;
    assert_refused(closed, -EKEYREJECTED);
    assert_int_equal(ledger_key_make(&pem), 0);
    assert_int_equal(ledger_key_parse(pem, strlen(pem), &k), 0);
    public = ledger_public_pem(ledger_key_public(k));
    assert_refused(public, -EINVAL);
    assert_refused("", -EINVAL);
    assert_refused("-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\n", -EINVAL);
    pem[strlen(pem) / 2] = '*';
    assert_refused(pem, -EINVAL);
}

static void test_made(void **state)
{
    cleanup_free char *one = NULL, *other = NULL;

    (void)state;
    assert_int_equal(ledger_key_make(&one), 0);
    assert_int_equal(ledger_key_make(&other), 0);
    assert_string_not_equal(one, other);
    assert_memory_equal(one, "-----BEGIN PRIVATE KEY-----\n", 28); /* no passphrase */
    assert_signs(one, "ed25519");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds_that_sign),
        cmocka_unit_test(test_kinds_that_do_not),
        cmocka_unit_test(test_what_is_no_private_key),
        cmocka_unit_test(test_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
