#ifndef HUFU_TRUST_LEDGER_PUBLIC_H
#define HUFU_TRUST_LEDGER_PUBLIC_H

#include "policy/base/cleanup.h"
#include "policy/base/ident.h"
#include "policy/document/approval.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The public half of a ledger key: what a ledger's checkpoints are verified with, also on a machine that has
 * nothing else of the host. Any key that the algorithms of broker/trust/signature.h take.
 */
struct ledger_public;

/** Out of PEM (`BEGIN PUBLIC KEY`), or DER (SubjectPublicKeyInfo) that is nothing else. 0; -EINVAL: no public
 * key of ours, and *fault (English, without memory of its own) says why; -ENOMEM. */
int ledger_public_from_pem(const char *pem, size_t size, struct ledger_public **ret, const char **fault);
int ledger_public_from_der(const uint8_t *der, size_t size, struct ledger_public **ret, const char **fault);
struct ledger_public *ledger_public_free(struct ledger_public *p);
DEFINE_CLEANUP(struct ledger_public, ledger_public_free);

/** "SHA256:" and the SHA-256 of its SubjectPublicKeyInfo, in base64. */
const char *ledger_public_fingerprint(const struct ledger_public *p);
/** The algorithm that it signs with, and its name: "ed25519", ... */
enum signature_algorithm ledger_public_kind(const struct ledger_public *p);
const char *ledger_public_algorithm(const struct ledger_public *p);
/** DER SubjectPublicKeyInfo. */
const uint8_t *ledger_public_spki(const struct ledger_public *p, size_t *size);
/** PEM of it; the caller's to free. NULL without memory. */
char *ledger_public_pem(const struct ledger_public *p);

/** Whether `signature` is one over `octets` by this key, under the algorithm of that name: 1; 0, also for an
 * algorithm that is not the key's; -ENOMEM, -EIO: the library could not tell. */
int ledger_public_verify(const struct ledger_public *p, const char *alg, const void *octets, size_t size,
                         const uint8_t *signature, size_t signature_size);

#endif
