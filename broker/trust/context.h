#ifndef HUFU_TRUST_CONTEXT_H
#define HUFU_TRUST_CONTEXT_H

#include <openssl/types.h>

/** The library context that all of broker/trust works in: its own, with the default provider alone and
 * without any configuration file, so that neither OPENSSL_CONF nor what another library of the process
 * loaded changes a verification (4-documents: "no environment may change verification"). Made once a
 * process, safe from every thread. NULL if it could not be made. */
OSSL_LIB_CTX *crypto_context(void);

/** Its digests, looked up once: to look one up takes longer than to digest a record. NULL without the
 * context; of SM3 also where this libcrypto has none, or had no memory for it then. */
const EVP_MD *crypto_sha256(void);
const EVP_MD *crypto_sm3(void);

#endif
