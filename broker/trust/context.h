#ifndef HUFU_TRUST_CONTEXT_H
#define HUFU_TRUST_CONTEXT_H

#include <openssl/types.h>

/** The library context that all of broker/trust works in: its own, with the default provider alone and
 * without any configuration file, so that neither OPENSSL_CONF nor what another library of the process
 * loaded changes a verification (4-documents: "no environment may change verification"). Made once a
 * process, safe from every thread. NULL if it could not be made. */
OSSL_LIB_CTX *crypto_context(void);

/** Its digests, looked up once: to look one up takes longer than to digest a record. NULL if it was not to be
 * had: of SHA-256 because there was no memory, of SM3 also because this libcrypto has none. */
const EVP_MD *crypto_sha256(void);
const EVP_MD *crypto_sm3(void);

#endif
