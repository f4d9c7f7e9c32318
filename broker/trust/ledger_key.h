#ifndef HUFU_TRUST_LEDGER_KEY_H
#define HUFU_TRUST_LEDGER_KEY_H

#include "broker/trust/ledger_public.h"

/*
 * The private key that signs the checkpoints of a ledger. The kind of a key says the algorithm, of those that
 * approvals have (signature.h). A key on a token never comes here: the program hufu-ledger-sign uses it
 * (ledger_sign.c), so that no token's module is loaded by who decides.
 */
struct ledger_key;

/** Out of PEM without a passphrase. 0; -EKEYREJECTED: it has one; -EINVAL: no private key, or one of a kind
 * or size that no algorithm is for; -ENOMEM. */
int ledger_key_parse(const char *pem, size_t size, struct ledger_key **ret);
/** A new Ed25519 key as PEM (PKCS#8) for a file, the caller's to free. 0, -ENOMEM, -EIO. */
int ledger_key_make(char **pem);
struct ledger_key *ledger_key_free(struct ledger_key *k);
DEFINE_CLEANUP(struct ledger_key, ledger_key_free);

/** Its public half, borrowed. */
const struct ledger_public *ledger_key_public(const struct ledger_key *k);

/** Signs; *ret is the caller's to free. 0; -EINVAL: the library cannot sign with it; -ENOMEM. */
int ledger_key_sign(const struct ledger_key *k, const void *octets, size_t size, uint8_t **ret,
                    size_t *ret_size);

#endif
