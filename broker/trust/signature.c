#include "broker/trust/signature.h"

#include "broker/trust/context.h"
#include "broker/trust/openssl_cleanup.h"
#include "policy/base/cleanup.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <string.h>

/* Whether a modulus is sound takes 30 ms of 4096 bits and 2 s of 16384, and a trust file may have 132 of
 * them, looked at before anybody's signature is. */
#define RSA_MOST_BITS 4096

struct algorithm {
    const char *key_type; /* as EVP_PKEY_is_a() knows it; EVP_PKEY_get_id() is -1 for SM2 */
    const char *group;    /* curve, or NULL */
    const char *digest;   /* NULL: the algorithm has its own */
    bool (*set_parameters)(EVP_PKEY_CTX *ctx); /* or NULL */
    int least_bits, most_bits;                 /* 0: its kind or its curve says how long a key is */
};

#define END_PARAM           \
    {                       \
        NULL, 0, NULL, 0, 0 \
    }

static const OSSL_PARAM sm2_params[] = {
    {OSSL_PKEY_PARAM_DIST_ID, OSSL_PARAM_OCTET_STRING, (char *)SM2_DISTINGUISHING_ID,
     sizeof(SM2_DISTINGUISHING_ID) - 1, 0},
    END_PARAM,
};

/* By the functions and not as parameters: a key on a token (token_key.h) understands these alone. */
static bool set_pss(EVP_PKEY_CTX *ctx)
{
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, 32) == 1;
}

static bool set_sm2_id(EVP_PKEY_CTX *ctx)
{
    return EVP_PKEY_CTX_set_params(ctx, sm2_params) == 1;
}

static const struct algorithm algorithms[] = {
    [SIGNATURE_ED25519] = {.key_type = "ED25519"},
    [SIGNATURE_ECDSA_P256_SHA256] = {.key_type = "EC", .group = "prime256v1", .digest = "SHA256"},
    [SIGNATURE_RSA_PSS_SHA256] = {"RSA", NULL, "SHA256", set_pss, 2048, RSA_MOST_BITS},
    [SIGNATURE_SM2_SM3] = {.key_type = "SM2", .digest = "SM3", .set_parameters = set_sm2_id},
};

static const struct algorithm *find(enum signature_algorithm alg)
{
    if ((size_t)alg >= ARRAY_SIZE(algorithms) || !algorithms[alg].key_type)
        return NULL;
    return &algorithms[alg];
}

/*
 * Ed25519 points of small order, in every encoding, without the sign bit. Under the neutral element
 * the signature (R = [S]B, S) is valid for every message; libcrypto verifies under all of them.
 */
static const uint8_t small_order[][32] = {
    {0},
    {1},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
     0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
     0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};

static bool has_small_order(EVP_PKEY *key)
{
    uint8_t point[32];
    size_t size = sizeof(point);

    if (EVP_PKEY_get_raw_public_key(key, point, &size) != 1 || size != sizeof(point))
        return true;
    point[31] &= 0x7f;
    for (size_t i = 0; i < ARRAY_SIZE(small_order); i++)
        if (memcmp(point, small_order[i], sizeof(point)) == 0)
            return true;
    return false;
}

static bool is_on_group(EVP_PKEY *key, const char *group)
{
    char name[64];

    return EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) == 1 && strcmp(name, group) == 0;
}

/* Point on its curve, modulus and exponent of RSA sane (an exponent of 1 signs for everybody). */
static bool is_sound(EVP_PKEY *key)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(crypto_context(), key, NULL);
    bool sound = ctx && EVP_PKEY_public_check(ctx) == 1;

    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    return sound;
}

const char *signature_key_fault(enum signature_algorithm alg, EVP_PKEY *key)
{
    const struct algorithm *a = find(alg);

    if (!a)
        return "the algorithm is not known";
    if (!EVP_PKEY_is_a(key, a->key_type))
        return "the key is not of the algorithm's kind";
    if (a->group && !is_on_group(key, a->group))
        return "the key lies on another curve than the algorithm's";
    if (EVP_PKEY_get_bits(key) < a->least_bits)
        return "the key is too short";
    if (a->most_bits && EVP_PKEY_get_bits(key) > a->most_bits)
        return "the key is too long";
    if (!is_sound(key) || (alg == SIGNATURE_ED25519 && has_small_order(key)))
        return "the key is of a form that protects nothing";
    return NULL;
}

/* After the init functions and not through them: OpenSSL 3.0 takes SM2's id only then. */
static bool set_parameters(EVP_PKEY_CTX *ctx, const struct algorithm *a)
{
    return !a->set_parameters || a->set_parameters(ctx);
}

/* A wrong signature, or one that is no signature at all, is told apart from a library that ran out of memory
 * on the way: the latter must not be remembered as the signature's fault. */
static int verify_once(EVP_MD_CTX *ctx, const void *octets, size_t size, const uint8_t *signature,
                       size_t signature_size)
{
    if (EVP_DigestVerify(ctx, signature, signature_size, octets, size) == 1)
        return 1;
    return ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE ||
                   ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE
               ? -ENOMEM
               : 0;
}

int signature_prepare(enum signature_algorithm alg, EVP_PKEY *key, EVP_MD_CTX **ret)
{
    cleanup(EVP_MD_CTX_free_p) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    OSSL_LIB_CTX *context = crypto_context();
    const struct algorithm *a = find(alg);
    EVP_PKEY_CTX *key_ctx = NULL;
    bool made;

    *ret = NULL;
    if (!ctx || !context)
        return -ENOMEM;
    if (!a)
        return -EIO;
    ERR_clear_error();
    made = EVP_DigestVerifyInit_ex(ctx, &key_ctx, a->digest, context, NULL, key, NULL) == 1 &&
           set_parameters(key_ctx, a);
    ERR_clear_error();
    if (!made)
        return -EIO;
    *ret = steal_pointer(&ctx);
    return 0;
}

int signature_verify_prepared(const EVP_MD_CTX *prepared, const void *octets, size_t size,
                              const uint8_t *signature, size_t signature_size)
{
    cleanup(EVP_MD_CTX_free_p) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int r = -EIO;

    if (!ctx)
        return -ENOMEM;
    ERR_clear_error();
    if (EVP_MD_CTX_copy_ex(ctx, prepared) == 1)
        r = verify_once(ctx, octets, size, signature, signature_size);
    ERR_clear_error();
    return r;
}

int signature_verify(enum signature_algorithm alg, EVP_PKEY *key, const void *octets, size_t size,
                     const uint8_t *signature, size_t signature_size)
{
    cleanup(EVP_MD_CTX_free_p) EVP_MD_CTX *ctx = NULL;
    int r;

    if (!find(alg))
        return 0;
    /* The key was found fit when it was loaded, so that this depends on nothing that came from outside. */
    r = signature_prepare(alg, key, &ctx);
    if (r < 0)
        return r;
    r = verify_once(ctx, octets, size, signature, signature_size);
    ERR_clear_error();
    return r;
}

int signature_make(enum signature_algorithm alg, EVP_PKEY *key, const void *octets, size_t size,
                   uint8_t **ret, size_t *ret_size)
{
    cleanup(EVP_MD_CTX_free_p) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    cleanup_free uint8_t *signature = NULL;
    OSSL_LIB_CTX *context = crypto_context();
    const struct algorithm *a = find(alg);
    EVP_PKEY_CTX *key_ctx = NULL;
    size_t signature_size = 0;
    bool made;

    *ret = NULL;
    *ret_size = 0;
    if (!ctx || !context)
        return -ENOMEM;
    if (!a)
        return -EINVAL;
    made = EVP_DigestSignInit_ex(ctx, &key_ctx, a->digest, context, NULL, key, NULL) == 1 &&
           set_parameters(key_ctx, a) && EVP_DigestSign(ctx, NULL, &signature_size, octets, size) == 1;
    if (made) {
        signature = malloc(signature_size);
        if (!signature)
            return -ENOMEM;
        made = EVP_DigestSign(ctx, signature, &signature_size, octets, size) == 1;
    }
    ERR_clear_error();
    if (!made)
        return -EINVAL;
    *ret_size = signature_size;
    *ret = steal_pointer(&signature);
    return 0;
}
