#ifndef HUFU_TRUST_CERTIFICATE_H
#define HUFU_TRUST_CERTIFICATE_H

#include "policy/base/cleanup.h"
#include "policy/base/when.h"
#include "policy/document/approval.h"
#include "policy/document/trust.h"

#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A certificate of a trust file, X.509 (RFC 5280). Two kinds are known: an anchor, which may sign
 * certificates, and a signer, which may sign documents and no certificates. A chain is a signer and
 * one anchor; a department that has certificate authorities in between lists the one that signs
 * people's certificates as an anchor. Nothing is ever fetched or taken from an approval.
 */
struct certificate {
    X509 *x509;
    EVP_PKEY *key;        /* x509's */
    EVP_MD_CTX *prepared; /* of a signer: signature_prepare()'s. NULL: the library could not, and has to say
                             so each time */
    uint8_t sha256[32];
    struct when_interval valid; /* its own dates only */
};

/** Parses and judges what time does not change: form, key, usage. 0; -EINVAL with *fault (English,
 * without memory of its own); -ENOMEM. */
int certificate_new_anchor(const struct trust_certificate *der, struct certificate **ret, const char **fault);
int certificate_new_signer(const struct trust_certificate *der, enum signature_algorithm alg,
                           struct certificate **ret, const char **fault);
struct certificate *certificate_free(struct certificate *c);
DEFINE_CLEANUP(struct certificate, certificate_free);

/** Whether `anchor` issued `signer` and may (names, extensions, path length, strength, signature; dates
 * are not looked at). 1, 0, or -ENOMEM. */
int certificate_is_issued_by(const struct certificate *signer, const struct certificate *anchor);

#endif
