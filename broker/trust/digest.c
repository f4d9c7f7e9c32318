#include "broker/trust/digest.h"

#include "broker/trust/context.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdbool.h>

int digest_sha256(const void *octets, size_t size, uint8_t out[static 32])
{
    OSSL_LIB_CTX *context = crypto_context();
    size_t out_size = 0;

    if (!context || EVP_Q_digest(context, "SHA256", NULL, octets, size, out, &out_size) != 1 ||
        out_size != 32)
        return -ENOMEM;
    return 0;
}

static bool has_sm3(OSSL_LIB_CTX *context)
{
    EVP_MD *md = EVP_MD_fetch(context, "SM3", NULL);

    EVP_MD_free(md);
    ERR_clear_error();
    return md != NULL;
}

int digest_sm3(const void *octets, size_t size, uint8_t out[static 32])
{
    OSSL_LIB_CTX *context = crypto_context();
    size_t out_size = 0;

    if (!context)
        return -ENOMEM;
    if (EVP_Q_digest(context, "SM3", NULL, octets, size, out, &out_size) == 1 && out_size == 32)
        return 0;
    ERR_clear_error();
    return has_sm3(context) ? -ENOMEM : -EOPNOTSUPP;
}
