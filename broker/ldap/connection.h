#ifndef HUFU_LDAP_CONNECTION_H
#define HUFU_LDAP_CONNECTION_H

#include "broker/ldap/config.h"

#include <ldap.h>

/*
 * A connection to one server: socket, TLS, bind. Opening it blocks, for a bounded time: resolving the name
 * (RES_OPTIONS of connection_prepare(): 2 s a name server, two tries), network-timeout for each address,
 * network-timeout for TLS and bind together. The daemon opens it on a thread of its own (dialer.h); the
 * one-shot modes just call it.
 *
 * libldap gets neither file, variable nor say in the matter: the socket is made here, and read and written
 * by functions of ours under libldap's TLS, so that neither a partial record nor a silent server can hold a
 * caller beyond the deadline. It can never connect anywhere by itself.
 */
struct connection;

#define CONNECTION_ERROR_SIZE 256

/** To be called first in the process, before any other thread: takes away what would let the environment
 * change libldap, its TLS library or the resolver, and has SIGPIPE ignored. 0 or -errno. */
int connection_prepare(void);

/** Connects to `uri` (one of the configuration's) and binds. *ret is the caller's. On error `error` says
 * what happened, for people, without any secret. 0; -ETIMEDOUT; -EPROTO (TLS, or not LDAP); -EACCES (the
 * server refused who we are); -EPERM (a secret that others can read, plain text to another machine); other
 * -errno. */
int connection_open(const struct ldapd_config *config, const char *uri,
                    char error[static CONNECTION_ERROR_SIZE], struct connection **ret);

struct connection *connection_free(struct connection *c); /* unbinds, closes */
DEFINE_CLEANUP(struct connection, connection_free);

/** The handle, for libldap's operations. Each is answered by connection_result() or connection_poll(). */
LDAP *connection_ldap(const struct connection *c);
const char *connection_uri(const struct connection *c);
int connection_fd(const struct connection *c);

/** Waits for the whole answer to `msgid`, network-timeout at most. *ret is the caller's (ldap_msgfree).
 * LDAP_SUCCESS when the answer came, whatever it says; else libldap's code, LDAP_TIMEOUT for one. */
int connection_result(struct connection *c, int msgid, LDAPMessage **ret);

/** As connection_result(), and gives the result code of the answer, with its diagnostic message in `error`
 * (empty if it has none). */
int connection_outcome(struct connection *c, int msgid, char error[static CONNECTION_ERROR_SIZE]);

/** From now on nothing waits: connection_poll() takes what is there. */
void connection_set_nonblocking(struct connection *c);

/** The next message that is completely there, of any operation: 1 and *ret (the caller's), 0: none just
 * now, or -errno: the connection is over. */
int connection_poll(struct connection *c, LDAPMessage **ret);

/** Control characters of a server's text would be somebody else's lines in a log, or steer a terminal: each
 * is replaced. */
void connection_make_printable(char *text);

/** The code and, if there is one, the diagnostic message of the last operation that failed here. */
void connection_trouble(const struct connection *c, int code, char error[static CONNECTION_ERROR_SIZE]);

#endif
