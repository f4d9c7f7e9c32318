#include "broker/trust/digest.h"

#include "broker/trust/context.h"

#include <errno.h>
#include <openssl/evp.h>

int digest_sha256(const void *octets, size_t size, uint8_t out[static 32])
{
    OSSL_LIB_CTX *context = crypto_context();
    size_t out_size = 0;

    if (!context || EVP_Q_digest(context, "SHA256", NULL, octets, size, out, &out_size) != 1 ||
        out_size != 32)
        return -ENOMEM;
    return 0;
}
