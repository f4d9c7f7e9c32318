#ifndef HUFU_LDAP_SECURE_H
#define HUFU_LDAP_SECURE_H

#include "broker/ldap/config.h"

#include <ldap.h>

/* What makes a connection believed by us, and us by the server. Secrets are files that only their owner may
 * touch. */

#define SECURE_ERROR_SIZE 256

/** Gives a handle a TLS context of its own: the CA of the configuration and no other, the certificate asked
 * for by name (subjectAltName), CRL, TLS 1.2 and 1.3. The files are read anew each time, so that a new CRL
 * counts from the next connection on. 0, or -errno with `error`. */
int secure_tls(LDAP *ldap, const struct ldapd_config *config, char error[static SECURE_ERROR_SIZE]);

/** The password for a simple bind, without the LF at its end. *ret is the caller's, to be cleared and freed.
 * 0; -EPERM (others may touch the file), -EINVAL (it is empty), other -errno, with `error`. */
int secure_password(const struct ldapd_config *config, char **ret, size_t *size,
                    char error[static SECURE_ERROR_SIZE]);

#endif
