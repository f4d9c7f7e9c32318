// LAYERS: test_support
// LIBRARIES: libcrypto
// LINK: -Wl,--wrap=ASN1_OCTET_STRING_new -Wl,--wrap=ASN1_OCTET_STRING_set -Wl,--wrap=ASN1_TIME_to_tm
// LINK: -Wl,--wrap=BIO_new -Wl,--wrap=BIO_new_mem_buf -Wl,--wrap=EVP_DigestFinal_ex
// LINK: -Wl,--wrap=EVP_DigestInit_ex2 -Wl,--wrap=EVP_DigestSign -Wl,--wrap=EVP_DigestSignInit_ex
// LINK: -Wl,--wrap=EVP_DigestUpdate -Wl,--wrap=EVP_DigestVerify -Wl,--wrap=EVP_DigestVerifyInit_ex
// LINK: -Wl,--wrap=EVP_MD_CTX_copy_ex -Wl,--wrap=EVP_MD_CTX_new -Wl,--wrap=EVP_MD_fetch -Wl,--wrap=EVP_PKEY_CTX_new_from_pkey
// LINK: -Wl,--wrap=EVP_PKEY_CTX_set_params -Wl,--wrap=EVP_PKEY_CTX_set_rsa_mgf1_md
// LINK: -Wl,--wrap=EVP_PKEY_CTX_set_rsa_padding -Wl,--wrap=EVP_PKEY_CTX_set_rsa_pss_saltlen
// LINK: -Wl,--wrap=EVP_PKEY_Q_keygen -Wl,--wrap=EVP_PKEY_get_group_name
// LINK: -Wl,--wrap=EVP_PKEY_get_raw_public_key -Wl,--wrap=EVP_PKEY_public_check -Wl,--wrap=EVP_Digest
// LINK: -Wl,--wrap=OPENSSL_init_crypto -Wl,--wrap=OPENSSL_sk_new_null -Wl,--wrap=OPENSSL_sk_push
// LINK: -Wl,--wrap=OSSL_LIB_CTX_new -Wl,--wrap=OSSL_PROVIDER_load -Wl,--wrap=PEM_write_bio_PKCS8PrivateKey
// LINK: -Wl,--wrap=PEM_write_bio_PUBKEY -Wl,--wrap=X509_STORE_CTX_init -Wl,--wrap=X509_STORE_CTX_new_ex
// LINK: -Wl,--wrap=X509_get0_pubkey -Wl,--wrap=X509_new_ex -Wl,--wrap=calloc -Wl,--wrap=d2i_PUBKEY_ex
// LINK: -Wl,--wrap=d2i_X509 -Wl,--wrap=eventfd -Wl,--wrap=i2d_PUBKEY -Wl,--wrap=malloc -Wl,--wrap=pread
// LINK: -Wl,--wrap=pthread_create -Wl,--wrap=realloc -Wl,--wrap=sched_getaffinity
// LINK: -Wl,--wrap=strndup

#include "broker/trust/certificate.h"
#include "broker/trust/digest.h"
#include "broker/trust/ledger_key.h"
#include "broker/trust/signature.h"
#include "broker/trust/token_key.h"
#include "broker/trust/workers.h"
#include "tests/unit/broker/trust/failing.h"
#include "tests/unit/broker/trust/question.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* As test_failures.c: each call that can fail fails once. Here the library itself, keys, digests and threads.
 */

/* --- before all others: the library itself --- */

/* What cannot begin computes nothing: no digest, no key, no signature. */
static bool computes_nothing(EVP_PKEY *key, const char *pem)
{
    const struct trust_certificate der = {.der = (uint8_t *)"", .size = 0};
    uint8_t digest[32], *signature;
    char *made = (char *)(uintptr_t)pem;
    struct certificate *c;
    struct ledger_key *k;
    struct token_key *token;
    const char *fault;
    EVP_MD_CTX *prepared;
    uint64_t size;
    size_t n;

    return digest_sm3("", 0, digest) == -ENOMEM && digest_file(STDIN_FILENO, digest, &size) == -ENOMEM &&
           ledger_key_make(&made) == -ENOMEM && !made && ledger_key_parse(pem, strlen(pem), &k) == -ENOMEM &&
           !k && certificate_new_anchor(&der, &c, &fault) == -ENOMEM && !c &&
           signature_prepare(SIGNATURE_ED25519, key, &prepared) == -ENOMEM && !prepared &&
           signature_verify(SIGNATURE_ED25519, key, "", 0, digest, sizeof(digest)) == -ENOMEM &&
           signature_make(SIGNATURE_ED25519, key, "", 0, &signature, &n) == -ENOMEM && !signature &&
           token_key_open("pkcs11:object=x", NULL, &token) == -ENOMEM && !token;
}

static void without_library(unsigned nth)
{
    EVP_PKEY *key = issue_key(SIGNATURE_ED25519);
    char *pem = issue_key_pem(key, NULL);
    uint8_t digest[32];
    bool reached;

    failing_arm(nth);
    if (digest_sha256("", 0, digest) == 0) {
        if (!failing_disarm())
            exit(1);
        /* SM3 was not to be had, and is looked up again. */
        exit(digest_sm3("", 0, digest) == 0 ? 0 : 2);
    }
    reached = failing_disarm();
    /* It is begun once, by four calls. */
    exit(reached && nth <= 3 && !computes_nothing(key, pem) ? 3 : 0);
}

static void test_library(void **state)
{
    int status = 0;

    (void)state;
    for (unsigned nth = 0; nth < 10; nth++) {
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0)
            without_library(nth);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == 1) {
            uint8_t digest[32];

            assert_in_range(nth, 4, 10);
            /* Begun once and for all here, too. */
            assert_int_equal(digest_sha256("", 0, digest), 0);
            return;
        }
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    fail();
}

/* --- the ledger's key, digests --- */

static bool make_key(const void *state, unsigned nth)
{
    cleanup_free char *pem = NULL;
    int r;

    (void)state;
    failing_arm(nth);
    r = ledger_key_make(&pem);
    return failing_judged(r, pem);
}

static bool use_key(const void *state, unsigned nth)
{
    const struct department *d = state;
    cleanup_free char *pem = issue_key_pem(d->approvers[nth % 2].key, NULL), *public = NULL;
    cleanup(ledger_key_free_p) struct ledger_key *k = NULL;
    cleanup_free uint8_t *signature = NULL;
    cleanup(ledger_public_free_p) struct ledger_public *p = NULL;
    const char *fault;
    size_t size;
    int r;

    failing_arm(nth / 2);
    r = ledger_key_parse(pem, strlen(pem), &k);
    if (r == 0 && (public = ledger_public_pem(ledger_key_public(k))) == NULL)
        r = -ENOMEM;
    if (r == 0)
        r = ledger_public_from_pem(public, strlen(public), &p, &fault);
    if (r == 0)
        r = ledger_key_sign(k, "octets", 6, &signature, &size);
    if (r == 0) {
        r = ledger_public_verify(p, ledger_public_algorithm(p), "octets", 6, signature, size);
        assert_int_not_equal(r, 0); /* true, or not known: never false */
        r = r == 1 ? 0 : r;
    }
    if (failing_disarm()) {
        /* Of a parameter, signing says that it is not to be done with this key, and verifying does not. */
        if (r != -EIO)
            failing_assert_said(r);
        return true;
    }
    assert_int_equal(r, 0);
    return false;
}

static bool digest(const void *state, unsigned nth)
{
    uint8_t octets[32];
    uint64_t size;
    FILE *f = tmpfile();
    int r;

    (void)state;
    assert_non_null(f);
    assert_true(fputs("abc", f) >= 0 && fflush(f) == 0);
    failing_arm(nth);
    r = digest_file(fileno(f), octets, &size);
    if (r == 0)
        r = digest_sm3("abc", 3, octets);
    (void)fclose(f);
    return failing_judged(r, r == 0 ? octets : NULL);
}

static void test_keys_and_digests(void **state)
{
    failing_each(*state, make_key, 4);
    failing_each(*state, use_key, 20);
    failing_each(*state, digest, 7);
}

/* --- threads --- */

static void run(void *job)
{
    (void)job;
}

static void done(void *job, int result)
{
    *(int *)job += result == 0;
}

/* Fewer threads than wanted do as well; a job that was not taken is not done. */
static bool work(const void *state, unsigned nth)
{
    struct workers *w;
    int n_done = 0, r;
    bool had;

    (void)state;
    failing_arm(nth);
    if (workers_new(nth % 2 == 0 ? 2 : 0, 4, &w) < 0) {
        assert_null(w);
        return failing_disarm();
    }
    r = workers_submit(w, run, done, &n_done);
    had = failing_disarm();
    if (r == 0)
        assert_int_equal(workers_wait(w), 0);
    assert_int_equal(n_done, r == 0);
    assert_int_equal(workers_wait(w), 0);
    workers_free(w);
    return had;
}

static void test_workers(void **state)
{
    failing_each(*state, work, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_library),
        cmocka_unit_test(test_keys_and_digests),
        cmocka_unit_test(test_workers),
    };

    return cmocka_run_group_tests(tests, setup_department, teardown_department);
}
