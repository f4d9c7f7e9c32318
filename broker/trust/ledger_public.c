#include "broker/trust/ledger_public.h"

#include "broker/trust/context.h"
#include "broker/trust/digest.h"
#include "broker/trust/openssl_cleanup.h"
#include "broker/trust/signature.h"

#include <errno.h>
#include <limits.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

struct ledger_public {
    EVP_PKEY *key;
    enum signature_algorithm alg;
    uint8_t *spki;
    size_t spki_size;
    char fingerprint[IDENT_FINGERPRINT_TEXT_SIZE];
};

/* Each kind of key signs by one algorithm. */
static const struct {
    const char *type;
    enum signature_algorithm alg;
} kinds[] = {
    {"ED25519", SIGNATURE_ED25519},
    {"SM2", SIGNATURE_SM2_SM3},
    {"EC", SIGNATURE_ECDSA_P256_SHA256},
    {"RSA", SIGNATURE_RSA_PSS_SHA256},
};

static bool find_algorithm(EVP_PKEY *key, enum signature_algorithm *ret)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (EVP_PKEY_is_a(key, kinds[i].type)) {
            *ret = kinds[i].alg;
            return true;
        }
    return false;
}

static int take_spki(struct ledger_public *p)
{
    struct ident_fingerprint f;
    int size = i2d_PUBKEY(p->key, &p->spki);

    if (size <= 0 || digest_sha256(p->spki, (size_t)size, f.octets) < 0)
        return -ENOMEM;
    p->spki_size = (size_t)size;
    ident_format_fingerprint(&f, p->fingerprint);
    return 0;
}

/* Takes `key` over. */
static int public_new(EVP_PKEY *key, struct ledger_public **ret, const char **fault)
{
    cleanup(ledger_public_free_p) struct ledger_public *p = NULL;
    cleanup(EVP_PKEY_free_p) EVP_PKEY *owned = key;

    *ret = NULL;
    if (!owned) {
        *fault = "it is no public key";
        return -EINVAL;
    }
    p = calloc(1, sizeof(*p));
    if (!p)
        return -ENOMEM;
    p->key = steal_pointer(&owned);
    if (!find_algorithm(p->key, &p->alg)) {
        *fault = "the key is of a kind that signs no ledger";
        return -EINVAL;
    }
    *fault = signature_key_fault(p->alg, p->key);
    if (*fault)
        return -EINVAL;
    if (take_spki(p) < 0)
        return -ENOMEM;
    *ret = steal_pointer(&p);
    return 0;
}

int ledger_public_from_der(const uint8_t *der, size_t size, struct ledger_public **ret, const char **fault)
{
    const uint8_t *at = der;
    EVP_PKEY *key = size > LONG_MAX ? NULL : d2i_PUBKEY_ex(NULL, &at, (long)size, crypto_context(), NULL);

    ERR_clear_error();
    if (key && at != der + size) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    return public_new(key, ret, fault);
}

int ledger_public_from_pem(const char *pem, size_t size, struct ledger_public **ret, const char **fault)
{
    cleanup(openssl_free_bio_p) BIO *bio = NULL;
    EVP_PKEY *key;

    if (size > INT_MAX)
        return public_new(NULL, ret, fault);
    *ret = NULL;
    bio = BIO_new_mem_buf(pem, (int)size);
    if (!bio)
        return -ENOMEM;
    key = PEM_read_bio_PUBKEY_ex(bio, NULL, NULL, NULL, crypto_context(), NULL);
    ERR_clear_error();
    return public_new(key, ret, fault);
}

struct ledger_public *ledger_public_free(struct ledger_public *p)
{
    if (!p)
        return NULL;
    EVP_PKEY_free(p->key);
    OPENSSL_free(p->spki);
    free(p);
    return NULL;
}

const char *ledger_public_fingerprint(const struct ledger_public *p)
{
    return p->fingerprint;
}

enum signature_algorithm ledger_public_kind(const struct ledger_public *p)
{
    return p->alg;
}

const char *ledger_public_algorithm(const struct ledger_public *p)
{
    return signature_algorithm_name(p->alg);
}

const uint8_t *ledger_public_spki(const struct ledger_public *p, size_t *size)
{
    *size = p->spki_size;
    return p->spki;
}

char *ledger_public_pem(const struct ledger_public *p)
{
    cleanup(openssl_free_bio_p) BIO *bio = BIO_new(BIO_s_mem());
    char *data;
    long size;

    if (!bio || PEM_write_bio_PUBKEY(bio, p->key) != 1)
        return NULL;
    size = BIO_get_mem_data(bio, &data);
    return size <= 0 ? NULL : strndup(data, (size_t)size);
}

int ledger_public_verify(const struct ledger_public *p, const char *alg, const void *octets, size_t size,
                         const uint8_t *signature, size_t signature_size)
{
    if (strcmp(alg, signature_algorithm_name(p->alg)) != 0)
        return 0;
    return signature_verify(p->alg, p->key, octets, size, signature, signature_size);
}
