#ifndef HUFU_IPC_VARLINK_CLIENT_H
#define HUFU_IPC_VARLINK_CLIENT_H

#include "broker/ipc/varlink.h"

#include <stdint.h>

/* The calling side: blocking, with one deadline over all of it. */

/** Connects to `path`, calls `method` with `parameters` (borrowed; NULL: none) and reads the reply into *ret
 * (varlink_reply_done; also for an error reply, whose name is in ret->error). `timeout_ms` bounds the whole.
 * 0; -ENOENT, -ECONNREFUSED (nobody there); -EACCES; -ETIMEDOUT; -ECONNRESET (hung up without an answer);
 * -EBADMSG, -EMSGSIZE (no varlink); other -errno. */
int varlink_call(const char *path, const char *method, json_t *parameters, unsigned timeout_ms,
                 struct varlink_reply *ret);

#endif
