#ifndef HUFU_LDAP_DIALER_H
#define HUFU_LDAP_DIALER_H

#include "broker/ldap/connection.h"

#include <systemd/sd-event.h>

/*
 * Opens connections on a thread of its own, one at a time: resolving names blocks, and so does libldap's TLS
 * handshake. The loop goes on meanwhile. What the thread touches belongs to it until it is done.
 */
struct dialer;

/** `connection` is NULL if there is none; then `error` says why. Otherwise it is the callback's, and does
 * not wait any more (connection_set_nonblocking()). */
typedef void dialer_done(void *userdata, struct connection *connection, bool offers_sync, const char *error);

/** `config` is used until the last thread is done: at most until the end of the process. */
int dialer_new(sd_event *event, const struct ldapd_config *config, dialer_done *done, void *userdata,
               struct dialer **ret);
/** A connection that is being opened is closed as soon as it is there. */
struct dialer *dialer_free(struct dialer *d);
DEFINE_CLEANUP(struct dialer, dialer_free);

/** 0; -EBUSY (one is being opened); -errno. */
int dialer_open(struct dialer *d, const char *uri);
bool dialer_is_busy(const struct dialer *d);

#endif
