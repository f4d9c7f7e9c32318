#ifndef HUFU_PAM_MODULE_CLIENT_H
#define HUFU_PAM_MODULE_CLIENT_H

#include "policy/wire/frame.h"
#include "policy/wire/gate.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

/*
 * One call, one deadline: connect, send, receive, all within CLIENT_DEADLINE_MS on CLOCK_MONOTONIC
 * (peers were seen to hang for 9 to 300 s). libc only; no allocation, no signal (MSG_NOSIGNAL), no
 * descriptor left open (CLOEXEC while it is), no static state.
 */
#define CLIENT_DEADLINE_MS 2000
#define CLIENT_GATE_PATH   "/run/hufu/gate"

/* What a person is told when no answer was to be had: the only sentence this side has for it. The broker,
 * which would render others, is away. */
#define CLIENT_AWAY_TEXT                                                                           \
    "Hufu: access for outside staff cannot be checked on this host right now,\nso it is refused. " \
    "Please call the unit responsible for this host."

struct client {
    struct sockaddr_un address;
    int64_t deadline; /* milliseconds of CLOCK_MONOTONIC */
    int fd;
};

/** Sends a ready frame to the stream socket at the absolute `path` and reads one reply. 0, or: -ENOENT,
 * -ECONNREFUSED, -EACCES (broker away), -ETIMEDOUT, -EBADMSG (nonsense answered, more than one frame, or
 * closed before the whole of one), -EPROTONOSUPPORT (a reply of another version), -EINVAL, -ENAMETOOLONG
 * (path), -EPERM (see below), other -errno. On any error *ret is a DENY with REASON_BROKER_ERROR, so that
 * a caller that forgets to look still refuses.
 *
 * The server must be uid 0 or the owner of the socket's folder, who alone could have put the socket there:
 * SO_PEERCRED's uid is compared with stat of the folder, else -EPERM and nothing is sent. */
int client_call(const char *path, const uint8_t *frame, size_t size, struct gate_reply *ret);

/** The same in pieces: the broker wakes up while a frame is made. Nothing is sent before client_ask(), whose
 * deadline is that of the connection. After an error of client_connect() there is nothing to close. */
int client_connect(const char *path, struct client *ret);
int client_ask(const struct client *c, const uint8_t *frame, size_t size, struct gate_reply *ret);
void client_close(struct client *c);

#endif
