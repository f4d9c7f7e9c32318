#ifndef HUFU_TRUST_SIGNATURE_H
#define HUFU_TRUST_SIGNATURE_H

#include "policy/document/approval.h"

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The algorithms of an `alg:` line, one table row each: kind and least size of the key, digest,
 * parameters. RSA-PSS is salted with 32 octets under MGF1 with SHA-256; SM2 has the id
 * 1234567812345678 (GB/T 35276), set for every operation, since libcrypto takes an id that was never
 * set for the empty one.
 */

#define SM2_DISTINGUISHING_ID "1234567812345678"

/** Why a public key is not fit for `alg`: another kind, another curve, too small, or of a form under
 * which anyone can sign. NULL if it is fit; else a sentence's end in English ("is shorter than ..."). */
const char *signature_key_fault(enum signature_algorithm alg, EVP_PKEY *key);

/** What a verification begins with, made once for a key that is fit for `alg`: to look up the algorithm and
 * set it up takes a third as long as to verify an RSA signature. Many threads may verify with one at a time;
 * the caller frees it with EVP_MD_CTX_free(). 0, -ENOMEM, -EIO: the library could not. */
int signature_prepare(enum signature_algorithm alg, EVP_PKEY *key, EVP_MD_CTX **ret);

/** signature_verify() with what was prepared for its algorithm and key. */
int signature_verify_prepared(const EVP_MD_CTX *prepared, const void *octets, size_t size,
                              const uint8_t *signature, size_t signature_size);

/** Whether `signature` is one over `octets` by the holder of `key`, one that is fit for `alg`: 1, only for a
 * clear yes of the library; 0; -ENOMEM, -EIO: the library could not tell, which another time it may. */
int signature_verify(enum signature_algorithm alg, EVP_PKEY *key, const void *octets, size_t size,
                     const uint8_t *signature, size_t signature_size);

/** Signs. *ret is the caller's to free. 0, -EINVAL if the library cannot sign with this key, -ENOMEM. */
int signature_make(enum signature_algorithm alg, EVP_PKEY *key, const void *octets, size_t size,
                   uint8_t **ret, size_t *ret_size);

#endif
