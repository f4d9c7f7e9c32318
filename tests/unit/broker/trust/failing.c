#include "tests/unit/broker/trust/failing.h"

#include "policy/base/cleanup.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static bool armed, failed;
static unsigned left;
static const char *last = "";

void failing_arm(unsigned nth)
{
    armed = true;
    failed = false;
    left = nth;
}

bool failing_disarm(void)
{
    armed = false;
    return failed;
}

const char *failing_name(void)
{
    return last;
}

#define CALLS_MAX 20000

void failing_each(const void *state, failing_attempt *attempt, unsigned at_least)
{
    unsigned nth = 0;

    while (attempt(state, nth))
        assert_true(++nth < CALLS_MAX);
    /* The wrappers are there. */
    assert_in_range(nth, at_least, CALLS_MAX);
}

/* Where libcrypto does not say whether memory ran out or what was brought is no good, or not to be done. */
static const struct {
    const char *name;
    int error;
} in_doubt[] = {
    {"ASN1_TIME_to_tm", -EINVAL},
    {"EVP_DigestSign", -EINVAL},
    {"EVP_DigestSignInit_ex", -EINVAL},
    {"EVP_PKEY_CTX_new_from_pkey", -EINVAL},
    {"EVP_PKEY_CTX_set_params", -EINVAL},
    {"EVP_PKEY_CTX_set_rsa_mgf1_md", -EINVAL},
    {"EVP_PKEY_CTX_set_rsa_padding", -EINVAL},
    {"EVP_PKEY_CTX_set_rsa_pss_saltlen", -EINVAL},
    {"EVP_PKEY_get_group_name", -EINVAL},
    {"EVP_PKEY_get_raw_public_key", -EINVAL},
    {"EVP_PKEY_public_check", -EINVAL},
    {"X509_get0_pubkey", -EINVAL},
    {"d2i_PUBKEY_ex", -EINVAL},
    {"d2i_X509", -EINVAL},
    {"EVP_DigestVerifyInit_ex", -EIO},
    {"EVP_MD_CTX_copy_ex", -EIO},
    {"EVP_PKEY_Q_keygen", -EIO},
    {"PEM_write_bio_PKCS8PrivateKey", -EIO},
};

int failing_error(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(in_doubt); i++)
        if (strcmp(last, in_doubt[i].name) == 0)
            return in_doubt[i].error;
    return -ENOMEM;
}

void failing_assert_said(int r)
{
    if (r != failing_error())
        fail_msg("%s failed, and the answer was %d", last, r);
}

bool failing_judged(int r, const void *given)
{
    if (failing_disarm()) {
        failing_assert_said(r);
        assert_null(given);
        return true;
    }
    assert_int_equal(r, 0);
    assert_non_null(given);
    return false;
}

static bool fails(const char *name)
{
    if (!armed || failed || left-- > 0)
        return false;
    failed = true;
    last = name;
    errno = ENOMEM;
    return true;
}

#define FAILING(type, name, parameters, arguments, value)        \
    extern type __real_##name parameters;                        \
    extern type __wrap_##name parameters;                        \
    type __wrap_##name parameters                                \
    {                                                            \
        return fails(#name) ? (value) : __real_##name arguments; \
    }

/* The C library and the kernel. */
FAILING(void *, malloc, (size_t size), (size), NULL)
FAILING(void *, calloc, (size_t n, size_t size), (n, size), NULL)
FAILING(void *, realloc, (void *p, size_t size), (p, size), NULL)
FAILING(char *, strndup, (const char *s, size_t size), (s, size), NULL)
FAILING(ssize_t, pread, (int fd, void *b, size_t size, off_t at), (fd, b, size, at), -1)
FAILING(int, eventfd, (unsigned n, int flags), (n, flags), -1)
FAILING(int, sched_getaffinity, (pid_t pid, size_t size, cpu_set_t *set), (pid, size, set), -1)
FAILING(int, pthread_create,
        (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *), void *userdata),
        (thread, attributes, run, userdata), EAGAIN)

/* libcrypto: its context, digests. */
FAILING(int, OPENSSL_init_crypto, (uint64_t options, const OPENSSL_INIT_SETTINGS *s), (options, s), 0)
FAILING(OSSL_LIB_CTX *, OSSL_LIB_CTX_new, (void), (), NULL)
FAILING(OSSL_PROVIDER *, OSSL_PROVIDER_load, (OSSL_LIB_CTX * c, const char *name), (c, name), NULL)
FAILING(int, EVP_Digest,
        (const void *data, size_t size, unsigned char *out, unsigned *out_size, const EVP_MD *md, ENGINE *e),
        (data, size, out, out_size, md, e), 0)
FAILING(EVP_MD *, EVP_MD_fetch, (OSSL_LIB_CTX * c, const char *name, const char *query), (c, name, query),
        NULL)
FAILING(int, EVP_MD_CTX_copy_ex, (EVP_MD_CTX * out, const EVP_MD_CTX *in), (out, in), 0)
FAILING(EVP_MD_CTX *, EVP_MD_CTX_new, (void), (), NULL)
FAILING(int, EVP_DigestInit_ex2, (EVP_MD_CTX * c, const EVP_MD *md, const OSSL_PARAM *p), (c, md, p), 0)
FAILING(int, EVP_DigestUpdate, (EVP_MD_CTX * c, const void *data, size_t size), (c, data, size), 0)
FAILING(int, EVP_DigestFinal_ex, (EVP_MD_CTX * c, unsigned char *md, unsigned *size), (c, md, size), 0)

/* Certificates. */
FAILING(X509 *, X509_new_ex, (OSSL_LIB_CTX * c, const char *query), (c, query), NULL)
FAILING(X509_STORE_CTX *, X509_STORE_CTX_new_ex, (OSSL_LIB_CTX * c, const char *query), (c, query), NULL)
FAILING(int, X509_STORE_CTX_init, (X509_STORE_CTX * c, X509_STORE *s, X509 *x, STACK_OF(X509) * chain),
        (c, s, x, chain), 0)
FAILING(OPENSSL_STACK *, OPENSSL_sk_new_null, (void), (), NULL)
FAILING(int, OPENSSL_sk_push, (OPENSSL_STACK * s, const void *p), (s, p), 0)
FAILING(ASN1_OCTET_STRING *, ASN1_OCTET_STRING_new, (void), (), NULL)
FAILING(int, ASN1_OCTET_STRING_set, (ASN1_OCTET_STRING * s, const unsigned char *data, int size),
        (s, data, size), 0)
FAILING(int, ASN1_TIME_to_tm, (const ASN1_TIME *t, struct tm *tm), (t, tm), 0)
FAILING(EVP_PKEY *, X509_get0_pubkey, (const X509 *x), (x), NULL)

/* Keys. */
FAILING(EVP_PKEY_CTX *, EVP_PKEY_CTX_new_from_pkey, (OSSL_LIB_CTX * c, EVP_PKEY *key, const char *query),
        (c, key, query), NULL)
FAILING(int, EVP_PKEY_public_check, (EVP_PKEY_CTX * c), (c), 0)
FAILING(int, EVP_PKEY_get_raw_public_key, (const EVP_PKEY *key, unsigned char *raw, size_t *size),
        (key, raw, size), 0)
FAILING(int, EVP_PKEY_get_group_name, (const EVP_PKEY *key, char *name, size_t size, size_t *length),
        (key, name, size, length), 0)
FAILING(int, EVP_PKEY_CTX_set_rsa_padding, (EVP_PKEY_CTX * c, int padding), (c, padding), 0)
FAILING(int, EVP_PKEY_CTX_set_rsa_mgf1_md, (EVP_PKEY_CTX * c, const EVP_MD *md), (c, md), 0)
FAILING(int, EVP_PKEY_CTX_set_rsa_pss_saltlen, (EVP_PKEY_CTX * c, int size), (c, size), 0)
FAILING(int, EVP_PKEY_CTX_set_params, (EVP_PKEY_CTX * c, const OSSL_PARAM *p), (c, p), 0)
FAILING(int, i2d_PUBKEY, (const EVP_PKEY *key, unsigned char **out), (key, out), -1)
FAILING(EVP_PKEY *, d2i_PUBKEY_ex,
        (EVP_PKEY * *key, const unsigned char **in, long size, OSSL_LIB_CTX *c, const char *query),
        (key, in, size, c, query), NULL)
FAILING(BIO *, BIO_new, (const BIO_METHOD *method), (method), NULL)
FAILING(BIO *, BIO_new_mem_buf, (const void *data, int size), (data, size), NULL)
FAILING(int, PEM_write_bio_PUBKEY, (BIO * b, const EVP_PKEY *key), (b, key), 0)
FAILING(int, PEM_write_bio_PKCS8PrivateKey,
        (BIO * b, const EVP_PKEY *key, const EVP_CIPHER *c, const char *passphrase, int size,
         pem_password_cb *ask, void *userdata),
        (b, key, c, passphrase, size, ask, userdata), 0)

/* Signatures. */
FAILING(int, EVP_DigestVerifyInit_ex,
        (EVP_MD_CTX * c, EVP_PKEY_CTX **key_context, const char *md, OSSL_LIB_CTX *context, const char *query,
         EVP_PKEY *key, const OSSL_PARAM *p),
        (c, key_context, md, context, query, key, p), 0)
FAILING(int, EVP_DigestSignInit_ex,
        (EVP_MD_CTX * c, EVP_PKEY_CTX **key_context, const char *md, OSSL_LIB_CTX *context, const char *query,
         EVP_PKEY *key, const OSSL_PARAM *p),
        (c, key_context, md, context, query, key, p), 0)
FAILING(int, EVP_DigestSign,
        (EVP_MD_CTX * c, unsigned char *signature, size_t *size, const unsigned char *data, size_t data_size),
        (c, signature, size, data, data_size), 0)

/* Those that fail in a way of their own. */

extern int __real_EVP_DigestVerify(EVP_MD_CTX *, const unsigned char *, size_t, const unsigned char *,
                                   size_t);
extern int __wrap_EVP_DigestVerify(EVP_MD_CTX *, const unsigned char *, size_t, const unsigned char *,
                                   size_t);
int __wrap_EVP_DigestVerify(EVP_MD_CTX *c, const unsigned char *signature, size_t size,
                            const unsigned char *data, size_t data_size)
{
    static bool first_of_two;

    if (!fails("EVP_DigestVerify"))
        return __real_EVP_DigestVerify(c, signature, size, data, data_size);
    /* Who called the one that found no memory complains as well, or what came of it did before. */
    first_of_two = !first_of_two;
    ERR_raise(ERR_LIB_EVP, first_of_two ? ERR_R_MALLOC_FAILURE : ERR_R_EVP_LIB);
    ERR_raise(ERR_LIB_EVP, first_of_two ? ERR_R_EVP_LIB : ERR_R_MALLOC_FAILURE);
    return -1;
}

extern X509 *__real_d2i_X509(X509 **, const unsigned char **, long);
extern X509 *__wrap_d2i_X509(X509 **, const unsigned char **, long);
X509 *__wrap_d2i_X509(X509 **x, const unsigned char **in, long size)
{
    if (!fails("d2i_X509"))
        return __real_d2i_X509(x, in, size);
    X509_free(*x);
    *x = NULL;
    return NULL;
}

extern EVP_PKEY *__real_EVP_PKEY_Q_keygen(OSSL_LIB_CTX *, const char *, const char *, ...);
extern EVP_PKEY *__wrap_EVP_PKEY_Q_keygen(OSSL_LIB_CTX *, const char *, const char *, ...);
EVP_PKEY *__wrap_EVP_PKEY_Q_keygen(OSSL_LIB_CTX *c, const char *query, const char *type, ...)
{
    bool has_more = strcmp(type, "RSA") == 0 || strcmp(type, "EC") == 0; /* bits, or the name of a curve */
    void *more = NULL;
    va_list arguments;

    if (fails("EVP_PKEY_Q_keygen"))
        return NULL;
    va_start(arguments, type);
    if (has_more)
        more = va_arg(arguments, void *);
    va_end(arguments);
    return __real_EVP_PKEY_Q_keygen(c, query, type, more);
}
