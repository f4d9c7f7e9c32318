#ifndef HUFU_TRUST_PRIVATE_KEY_H
#define HUFU_TRUST_PRIVATE_KEY_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>

/** Private key out of PEM (PKCS#8, plain or encrypted, or a traditional form). Never asks at a
 * terminal. `passphrase` may be NULL. *ret is the caller's (EVP_PKEY_free). 0; -EKEYREJECTED: encrypted
 * and the passphrase is missing or wrong; -EINVAL: no private key; -ENOMEM. */
int private_key_parse(const char *pem, size_t size, const char *passphrase, EVP_PKEY **ret);

#endif
