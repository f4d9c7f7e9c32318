#ifndef HUFU_PAM_MODULE_RESULT_H
#define HUFU_PAM_MODULE_RESULT_H

#include "pam_module/scope.h"
#include "policy/wire/gate.h"

#include <security/pam_modules.h>

/*
 * From an answer to what libpam is told. Refusals are PAM_PERM_DENIED in the account and in the session
 * phase: sudo opens a session in spite of PAM_SESSION_ERR, and sshd keeps the connection after it.
 */

/** Total: PAM_SUCCESS for exactly VERDICT_ALLOW, else PAM_PERM_DENIED. */
int result_of_reply(const struct gate_reply *reply);

/** What a scope that is not gated means: PAM_IGNORE for exactly SCOPE_FREE, PAM_USER_UNKNOWN for
 * SCOPE_NO_USER, else PAM_PERM_DENIED. Not to be asked for SCOPE_GATED, which it refuses. */
int result_of_scope(enum scope_result result);

/** Shows `text` to the person, as an error when refused, unless it is empty or `flags` has PAM_SILENT. */
void result_tell(pam_handle_t *pamh, int flags, int code, const char *text);

/** Leaves the session's longest life for pam_systemd, which stands behind this module in the stack:
 * data item systemd.runtime_max_sec. 0 seconds leaves none. A PAM code. */
int result_set_runtime_max(pam_handle_t *pamh, uint32_t seconds);

#endif
