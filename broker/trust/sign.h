#ifndef HUFU_TRUST_SIGN_H
#define HUFU_TRUST_SIGN_H

#include "broker/trust/trust_set.h"

/** Makes an approval of `subject` (a grant or a trust file) by `person` in `role` with the private key
 * in PEM octets (`passphrase` may be NULL), using the certificate that the trust file lists for person,
 * role and key. Then judges what it made as a host would: an approval that would not count (requester's
 * own, certificate not valid now, another site ...) is not handed out.
 * *ret: document text, the caller's to free. 0; -EINVAL with error; -EKEYREJECTED if the key is
 * encrypted and the passphrase is missing or wrong; -ENOMEM. */
int trust_sign(const struct trust_set *t, enum document_type type, struct octets subject, const char *person,
               const char *role, const char *key_pem, size_t key_size, const char *passphrase, when_t now,
               char **ret, struct document_error *error);

#endif
