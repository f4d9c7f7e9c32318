#ifndef HUFU_SESSIONS_AUTH_INFO_H
#define HUFU_SESSIONS_AUTH_INFO_H

#include "policy/engine/facts.h"

#include <stddef.h>
#include <stdint.h>

/*
 * What a login says about itself, as text from outside, judged strictly. Nothing here asks anybody.
 */

/** SSH_AUTH_INFO_0 (sshd_config(5), ExposeAuthInfo): one line a method that succeeded, "publickey TYPE
 * BASE64", "password", "keyboard-interactive/pam" ... Finds the last publickey line and decodes its blob;
 * *blob is the caller's to free, NULL if no key was used (KEY_NONE). 0, -EBADMSG (a publickey line without a
 * key), -ENOMEM. */
int auth_info_key(const char *auth_info, uint8_t **blob, size_t *size);

/** Where a login comes from (3-rules, "Source"). `serial` are the configured serial lines ("ttyS0"). */
struct source_claim {
    enum service_kind kind;
    const char *service; /* as PAM names it */
    const char *tty;
    const char *remote_host;
    const char *ssh_connection;
    const char *const *serial;
    size_t n_serial;
};
enum source_kind source_of(const struct source_claim *c, struct address *ret);

#endif
