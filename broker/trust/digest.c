#include "broker/trust/digest.h"

#include "broker/trust/context.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <unistd.h>

static bool digest(const EVP_MD *md, const void *octets, size_t size, uint8_t out[static 32])
{
    unsigned out_size = 0;

    return md && EVP_Digest(octets, size, out, &out_size, md, NULL) == 1 && out_size == 32;
}

int digest_sha256(const void *octets, size_t size, uint8_t out[static 32])
{
    return digest(crypto_sha256(), octets, size, out) ? 0 : -ENOMEM;
}

int digest_sm3(const void *octets, size_t size, uint8_t out[static 32])
{
    const EVP_MD *md = crypto_sm3();
    EVP_MD *late = NULL;
    int r = -EOPNOTSUPP;

    if (!crypto_context())
        return -ENOMEM;
    if (!md)
        md = late = EVP_MD_fetch(crypto_context(), "SM3", NULL);
    if (md)
        r = digest(md, octets, size, out) ? 0 : -ENOMEM;
    EVP_MD_free(late);
    ERR_clear_error();
    return r;
}

int digest_file(int fd, uint8_t out[static 32], uint64_t *size)
{
    const EVP_MD *md = crypto_sha256();
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
    return r;
}
