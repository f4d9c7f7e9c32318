/* A security key for ssh's SecurityKeyProvider, in software: it is always touched, and its key handle is the
 * private key. For tests alone. */
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* As sk-api.h of OpenSSH has them. */
struct enrolled {
    uint8_t flags;
    uint8_t *public_key;
    size_t public_key_len;
    uint8_t *key_handle;
    size_t key_handle_len;
    uint8_t *signature;
    size_t signature_len;
    uint8_t *certificate;
    size_t certificate_len;
    uint8_t *authdata;
    size_t authdata_len;
};
struct signature {
    uint8_t flags;
    uint32_t counter;
    uint8_t *r;
    size_t r_len;
    uint8_t *s;
    size_t s_len;
};
enum { VERSION = 0x000a0000, ED25519 = 1, TOUCHED = 1, UNSUPPORTED = -2 };

uint32_t sk_api_version(void)
{
    return VERSION;
}

int sk_enroll(uint32_t algorithm, const uint8_t *challenge, size_t challenge_len, const char *application,
              uint8_t flags, const char *pin, void **options, struct enrolled **ret)
{
    EVP_PKEY *key;
    struct enrolled *e;

    (void)challenge, (void)challenge_len, (void)application, (void)pin, (void)options;
    if (algorithm != ED25519)
        return UNSUPPORTED;
    key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    e = calloc(1, sizeof(*e));
    e->flags = flags;
    e->public_key = malloc(e->public_key_len = 32);
    e->key_handle = malloc(e->key_handle_len = 32);
    EVP_PKEY_get_raw_public_key(key, e->public_key, &e->public_key_len);
    EVP_PKEY_get_raw_private_key(key, e->key_handle, &e->key_handle_len);
    EVP_PKEY_free(key);
    *ret = e;
    return 0;
}

int sk_sign(uint32_t algorithm, const uint8_t *data, size_t data_len, const char *application,
            const uint8_t *key_handle, size_t key_handle_len, uint8_t flags, const char *pin, void **options,
            struct signature **ret)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key_handle, key_handle_len);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    struct signature *s = calloc(1, sizeof(*s));
    uint8_t text[32 + 1 + 4 + 32] = {0};
    int done;

    (void)algorithm, (void)flags, (void)pin, (void)options;
    SHA256((const uint8_t *)application, strlen(application), text);
    text[32] = s->flags = TOUCHED;
    text[36] = (uint8_t)(s->counter = 7);
    SHA256(data, data_len, text + 37);
    s->r = malloc(s->r_len = 64);
    done = EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
           EVP_DigestSign(context, s->r, &s->r_len, text, sizeof(text)) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    *ret = s;
    return done ? 0 : -1;
}

int sk_load_resident_keys(const char *pin, void **options, void ***ret, size_t *n)
{
    (void)pin, (void)options, (void)ret, (void)n;
    return UNSUPPORTED;
}
