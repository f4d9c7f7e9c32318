#ifndef HUFU_PAM_MODULE_ITEMS_H
#define HUFU_PAM_MODULE_ITEMS_H

#include "policy/wire/gate.h"

#include <security/pam_modules.h>

/** Service and user as the application set them; NULL where unset. They live in the handle, which a
 * conversation may change: use them before one, or copy. */
const char *items_service(pam_handle_t *pamh);
const char *items_user(pam_handle_t *pamh);

/**
 * Copies what the application and sshd say about this login into `m`: user, service, tty, remote host and
 * user, and for sshd the connection and the authentication information. The copies are pinned: nothing that
 * happens in the conversation afterwards changes what was asked about.
 *
 * sshd (9.2) puts SSH_CONNECTION into the PAM environment when it starts PAM, and SSH_AUTH_INFO_0 before the
 * account and the session phase; in the account phase of a plain public-key login the latter is still empty.
 * Its keyboard-interactive child clears the process environment and keeps the PAM one. The process
 * environment is never looked at: an sshd that somebody restarted from a shell over ssh still has that
 * person's SSH_CONNECTION in there. What PAM does not know stays empty, and the broker refuses it.
 *
 * 0, or -EMSGSIZE (an item too long for the frame), -ENODATA (no user or service).
 */
int items_fill(pam_handle_t *pamh, struct gate_pam *m);

#endif
