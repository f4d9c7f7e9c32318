#include "broker/trust/ledger_key.h"

#include "broker/trust/context.h"
#include "broker/trust/openssl_cleanup.h"
#include "broker/trust/private_key.h"
#include "broker/trust/signature.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

struct ledger_key {
    EVP_PKEY *key;
    struct ledger_public *public;
};

struct ledger_key *ledger_key_free(struct ledger_key *k)
{
    if (!k)
        return NULL;
    EVP_PKEY_free(k->key);
    ledger_public_free(k->public);
    free(k);
    return NULL;
}

static int find_public(struct ledger_key *k)
{
    const char *fault;
    uint8_t *spki = NULL;
    int size = i2d_PUBKEY(k->key, &spki), r;

    ERR_clear_error();
    if (size <= 0)
        return -ENOMEM;
    r = ledger_public_from_der(spki, (size_t)size, &k->public, &fault);
    OPENSSL_free(spki);
    return r;
}

int ledger_key_parse(const char *pem, size_t size, struct ledger_key **ret)
{
    cleanup(ledger_key_free_p) struct ledger_key *k = calloc(1, sizeof(*k));
    int r;

    *ret = NULL;
    if (!k)
        return -ENOMEM;
    r = private_key_parse(pem, size, NULL, &k->key);
    if (r == 0)
        r = find_public(k);
    if (r < 0)
        return r;
    *ret = steal_pointer(&k);
    return 0;
}

int ledger_key_make(char **pem)
{
    cleanup(openssl_free_bio_p) BIO *bio = BIO_new(BIO_s_secmem());
    cleanup(EVP_PKEY_free_p) EVP_PKEY *key = NULL;
    char *octets;
    long size;

    *pem = NULL;
    if (!bio || !crypto_context())
        return -ENOMEM;
    key = EVP_PKEY_Q_keygen(crypto_context(), NULL, "ED25519");
    if (!key || PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1) {
        ERR_clear_error();
        return -EIO;
    }
    size = BIO_get_mem_data(bio, &octets);
    *pem = size > 0 ? strndup(octets, (size_t)size) : NULL;
    return *pem ? 0 : -ENOMEM;
}

const struct ledger_public *ledger_key_public(const struct ledger_key *k)
{
    return k->public;
}

int ledger_key_sign(const struct ledger_key *k, const void *octets, size_t size, uint8_t **ret,
                    size_t *ret_size)
{
    return signature_make(ledger_public_kind(k->public), k->key, octets, size, ret, ret_size);
}
