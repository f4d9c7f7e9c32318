#ifndef HUFU_PAM_MODULE_CLIENT_H
#define HUFU_PAM_MODULE_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "policy/wire/frame.h"
#include "policy/wire/gate.h"

/*
 * One call, one deadline: connect, send, receive, all within CLIENT_DEADLINE_MS on CLOCK_MONOTONIC
 * (peers were seen to hang for 9 to 300 s). libc only; no allocation, no signal (MSG_NOSIGNAL), no
 * descriptor left open (CLOEXEC while it is), no static state.
 */
#define CLIENT_DEADLINE_MS 2000
#define CLIENT_GATE_PATH "/run/hufu/gate"

/** Sends a ready frame to the socket at `path` and reads one reply. 0, or: -ENOENT, -ECONNREFUSED,
 * -EACCES (broker away), -ETIMEDOUT, -EBADMSG (nonsense answered), other -errno. On any error *ret is
 * a DENY with REASON_BROKER_ERROR, so that a caller that forgets to look still refuses. The server
 * must be uid 0 or the owner of the socket's folder: SO_PEERCRED uid is compared with fstat of it. */
int client_call(const char *path, const uint8_t *frame, size_t size, struct gate_reply *ret);

/** Fills in the calling process: pid, parent, start times, real uid, audit login uid and session.
 * Missing audit files mean unset. */
void client_describe_caller(struct gate_caller *ret);

#endif
