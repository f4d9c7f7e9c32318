#ifndef HUFU_DIFFERENTIAL_TRUST_PKI_H
#define HUFU_DIFFERENTIAL_TRUST_PKI_H

#include <stddef.h>
#include <stdint.h>

/*
 * Keys and certificates by name, as many as a run needs, made once. Made and signed with by libcrypto alone
 * (tests/unit/support/issuing.h), never by broker/trust, which is what is asked about them.
 */

/** A new key: the name of an algorithm of approvals, or `rsa-1024`, `p-384`. */
void pki_key(const char *name, const char *kind);

struct pki_plan {
    const char *name;    /* by which others are issued */
    const char *subject; /* CN */
    const char *key;
    const char *issuer; /* a certificate; "-": itself */
    const char *from;   /* seconds */
    const char *until;  /* seconds, not included */
    const char *kind;   /* `authority` or `person` */
    const char *usage;  /* keyUsage; "-": none */
};
/** Prints its DER in base64, and the SHA-256 of that. */
void pki_certificate(const struct pki_plan *plan);

/** A signature by a key with the algorithm that it is for, in base64; the caller's to free. */
char *pki_sign(const char *key, const void *octets, size_t size);

void pki_done(void);

#endif
