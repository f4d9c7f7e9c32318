#ifndef HUFU_LDAP_LDAPD_H
#define HUFU_LDAP_LDAPD_H

#include "broker/ldap/config.h"

#include <systemd/sd-event.h>

/*
 * hufu-ldapd: does what hufud asks over the feed. It connects when the first START comes, keeps one search
 * going, and after each loss goes on from the last cookie, at the next of the servers in turn.
 */
struct ldapd;

/** `config` stays the caller's, and is used until ldapd_is_alone(). 0 or -errno. */
int ldapd_new(sd_event *event, const struct ldapd_config *config, const char *feed, struct ldapd **ret);
struct ldapd *ldapd_free(struct ldapd *l);
DEFINE_CLEANUP(struct ldapd, ldapd_free);

/** Whether nothing runs beside the loop: false while a connection is being opened, which blocks. Then the
 * process ends by _exit(). */
bool ldapd_is_alone(const struct ldapd *l);

#endif
