#ifndef HUFU_TRUST_TOKEN_KEY_H
#define HUFU_TRUST_TOKEN_KEY_H

#include "policy/base/cleanup.h"

#include <openssl/types.h>

/*
 * A private key that stays on a PKCS#11 token (a smart card, a hardware module), used through OpenSSL's
 * engine "pkcs11" (Debian: libengine-pkcs11-openssl). The engine brings a module of whoever made the token
 * into the process. That is for who signs, at their own desk: nothing that verifies uses this, the broker
 * does not even contain it, and verification keeps its own library context (context.h).
 *
 * The engine finds its module by p11-kit, or by PKCS11_MODULE_PATH in the environment. Keys are RSA or P-256:
 * the engine of Debian 12 knows neither Ed25519 nor SM2.
 */
struct token_key;

/** Opens the key that `uri` names (RFC 7512). `pin` may be NULL; nobody is ever asked at a terminal. 0;
 * -EKEYREJECTED: the token asks for a PIN that is missing, or was not this one; -EACCES: the token is locked
 * after wrong PINs; -ENOENT: no such key on any token; -ENOSYS: the engine or its module is not installed;
 * -EINVAL: the URI holds a PIN, which everybody on the machine could read; -ENOMEM. */
int token_key_open(const char *uri, const char *pin, struct token_key **ret);
struct token_key *token_key_close(struct token_key *k);
DEFINE_CLEANUP(struct token_key, token_key_close);

/** What whoever cannot use it is told, of -EACCES and -ENOSYS; NULL of the others, which it depends on who
 * asks for what they are told. English, without memory of its own. */
const char *token_key_fault(int error);

/** Borrowed. */
EVP_PKEY *token_key_pkey(const struct token_key *k);

#endif
