#ifndef HUFU_TRUST_SIGN_H
#define HUFU_TRUST_SIGN_H

#include "broker/trust/trust_set.h"

/* Who signs what, with which key. */
struct trust_signing {
    enum document_type type; /* any but DOCUMENT_APPROVAL */
    struct octets subject;   /* the document's octets */
    const char *person;      /* or the name of a status key */
    const char *role;        /* of the trust file, or `revoker`, `status` */
    struct octets key;       /* private key in PEM */
    const char *token;       /* where the key is on a PKCS#11 token instead (RFC 7512), or NULL */
    const char *passphrase;  /* or the PIN of the token, or NULL */
    when_t now;
};

/** Makes an approval, using the certificate that the trust file lists for person, role and key. Then
 * judges what it made as a host would: an approval that would not count (requester's own, certificate not
 * valid now, another site ...) is not handed out.
 * *ret: document text, the caller's to free. 0; -EINVAL with error; -EKEYREJECTED if the key is
 * encrypted, or on a token, and the passphrase or PIN is missing or wrong; -ENOMEM. */
int trust_sign(const struct trust_set *t, const struct trust_signing *s, char **ret,
               struct document_error *error);

#endif
