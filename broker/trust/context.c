#include "broker/trust/context.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <pthread.h>

static OSSL_LIB_CTX *context;
static EVP_MD *sha256, *sm3;

static void make_context(void)
{
    OSSL_PROVIDER *provider;
    OSSL_LIB_CTX *own;

    /* For what has no context of its own, such as the table of object names. */
    if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
        return;
    own = OSSL_LIB_CTX_new();
    if (!own)
        return;
    provider = OSSL_PROVIDER_load(own, "default");
    sha256 = provider ? EVP_MD_fetch(own, "SHA256", NULL) : NULL;
    if (!sha256) {
        if (provider)
            (void)OSSL_PROVIDER_unload(provider);
        OSSL_LIB_CTX_free(own);
        return;
    }
    sm3 = EVP_MD_fetch(own, "SM3", NULL);
    ERR_clear_error();
    context = own;
}

OSSL_LIB_CTX *crypto_context(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, make_context); /* fails only without a `once` */
    return context;
}

const EVP_MD *crypto_sha256(void)
{
    return crypto_context() ? sha256 : NULL;
}

const EVP_MD *crypto_sm3(void)
{
    return crypto_context() ? sm3 : NULL;
}
