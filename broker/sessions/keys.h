#ifndef HUFU_SESSIONS_KEYS_H
#define HUFU_SESSIONS_KEYS_H

#include "policy/base/cleanup.h"
#include "policy/base/ident.h"

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/*
 * The last key that was accepted for an sshd monitor (2-architecture, "The way of a login", 1): before the
 * account phase the monitor asks by AuthorizedKeysCommand about each key that the client offers, and again
 * about the one that signs, which is so the last. (OpenSSH 9.2, where the monitor is sshd, as well as 10,
 * where it is sshd-session; whatever happens in their child before authentication, they are what asks, also
 * the account phase.) Remembered by the monitor's pid and pidfd, until it exits, ten minutes at most.
 */
struct keys;

#define KEYS_LIFETIME_US ((uint64_t)600 * 1000000)
#define KEYS_MAX         4096 /* remembered at most: then the oldest goes, and its login is refused */

int keys_new(sd_event *event, struct keys **ret);
struct keys *keys_free(struct keys *k);
DEFINE_CLEANUP(struct keys, keys_free);

struct key_accepted {
    struct ident_fingerprint fingerprint;
    bool forward; /* sshd was told that it may forward with it */
};

/** Remembers that `staff` may use this key with the monitor; replaces what was known of it. pidfd is taken
 * over, also on failure. 0 or -errno. */
int keys_remember(struct keys *k, uint32_t monitor, int pidfd, const char *staff,
                  const struct key_accepted *key);

/** Of this monitor no key is known any more: the last one that it asked about was refused. */
void keys_forget(struct keys *k, uint32_t monitor);

/** The last key accepted for process `pid` as `staff`. */
bool keys_find(const struct keys *k, uint32_t pid, const char *staff, struct key_accepted *ret);

#endif
