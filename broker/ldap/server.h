#ifndef HUFU_LDAP_SERVER_H
#define HUFU_LDAP_SERVER_H

#include "broker/ldap/connection.h"

/** Whether the server's rootDSE offers RFC 4533 (the Sync Request Control). One that does not show its
 * rootDSE offers nothing. LDAP_SUCCESS, or the code for which the connection is over, with `error`. */
int server_offers_sync(struct connection *c, bool *offers, char error[static CONNECTION_ERROR_SIZE]);

#endif
