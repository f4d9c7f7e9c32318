#include "broker/trust/digest.h"

#include "broker/trust/context.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <unistd.h>

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

int digest_file(int fd, uint8_t out[static 32], uint64_t *size)
{
    OSSL_LIB_CTX *library = crypto_context();
    /* Without its own context libcrypto would take the one that the environment configures. */
    EVP_MD *md = library ? EVP_MD_fetch(library, "SHA256", NULL) : NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t octets[65536];
    ssize_t n = 0;
    int r = md && context && EVP_DigestInit_ex2(context, md, NULL) == 1 ? 0 : -ENOMEM;

    *size = 0;
    while (r == 0 && (n = pread(fd, octets, sizeof(octets), (off_t)*size)) > 0) {
        *size += (uint64_t)n;
        if (EVP_DigestUpdate(context, octets, (size_t)n) != 1)
            r = -ENOMEM;
    }
    if (r == 0 && n < 0)
        r = -errno;
    if (r == 0 && EVP_DigestFinal_ex(context, out, NULL) != 1)
        r = -ENOMEM;
    EVP_MD_CTX_free(context);
    EVP_MD_free(md);
    return r;
}
