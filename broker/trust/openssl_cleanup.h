#ifndef HUFU_TRUST_OPENSSL_CLEANUP_H
#define HUFU_TRUST_OPENSSL_CLEANUP_H

#include "policy/base/cleanup.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

/* Guards for what libcrypto hands out. */

static inline void openssl_free_bio(BIO *b)
{
    (void)BIO_free(b);
}

DEFINE_CLEANUP(ASN1_OCTET_STRING, ASN1_OCTET_STRING_free);
DEFINE_CLEANUP(BIO, openssl_free_bio);
DEFINE_CLEANUP(EVP_MD_CTX, EVP_MD_CTX_free);
DEFINE_CLEANUP(EVP_PKEY, EVP_PKEY_free);
DEFINE_CLEANUP(X509, X509_free);
DEFINE_CLEANUP(X509_STORE_CTX, X509_STORE_CTX_free);

#endif
