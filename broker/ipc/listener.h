#ifndef HUFU_IPC_LISTENER_H
#define HUFU_IPC_LISTENER_H

#include "policy/base/cleanup.h"

#include <sys/types.h>
#include <systemd/sd-event.h>

/*
 * A listening unix socket that no client can bring down. When descriptors run out, accept() would fail for
 * ever and the loop would spin: the listener holds one descriptor in reserve, spends it on hanging up on
 * whoever waits first, and looks again a moment later.
 */
struct listener;

/* A new connection, close-on-exec and non-blocking, the receiver's to close. It may free the listener. */
typedef void listener_accept(void *userdata, int fd);

struct listener_options {
    sd_event *event;
    const char *path;    /* made if systemd passed no socket */
    const char *fd_name; /* of a socket that the service manager kept or passed */
    int type;            /* SOCK_STREAM, SOCK_SEQPACKET */
    mode_t mode;
    listener_accept *accept;
    void *userdata;
};

/** 0 or -errno (-EADDRINUSE: somebody listens there). */
int listener_new(const struct listener_options *options, struct listener **ret);

/** Removes the socket's file if it was made here and is kept by nobody. NULL is fine. */
struct listener *listener_free(struct listener *l);
DEFINE_CLEANUP(struct listener, listener_free);

/** How often descriptors ran out. */
unsigned listener_exhausted(const struct listener *l);

#endif
