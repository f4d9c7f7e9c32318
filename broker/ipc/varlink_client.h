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

/* A call with `more`: replies come until one does not continue, or somebody hangs up. */
struct varlink_stream {
    int fd;
    struct buf in;
};

#define VARLINK_STREAM_INIT ((struct varlink_stream){.fd = -1, .in = BUF_INIT})

/** Connects and asks; as varlink_call(), *ret is VARLINK_STREAM_INIT on failure. */
int varlink_stream_open(const char *path, const char *method, json_t *parameters, unsigned timeout_ms,
                        struct varlink_stream *ret);
/** Waits for the next reply, `timeout_ms` (0: for ever). As varlink_call(). */
int varlink_stream_next(struct varlink_stream *s, unsigned timeout_ms, struct varlink_reply *ret);
void varlink_stream_done(struct varlink_stream *s);

#endif
