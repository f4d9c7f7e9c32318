#ifndef HUFU_REAPER_PEERS_H
#define HUFU_REAPER_PEERS_H

#include "policy/base/cleanup.h"
#include "policy/wire/reap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/* Who is connected to the reaper's socket: hufud, and the one after it while it restarts. */
struct peers;

/** One frame of a peer, who is named by a number that no other peer gets. False: it is no order, and its
 * connection is closed. */
typedef bool peers_frame(void *userdata, uint64_t serial, const uint8_t *frame, size_t size);

struct peers_options {
    sd_event *event;
    int listener; /* not taken over */
    uint32_t uid; /* alone may connect */
    peers_frame *frame;
    void *userdata;
};

/** 0 or -errno. */
int peers_new(const struct peers_options *options, struct peers **ret);
struct peers *peers_free(struct peers *p);
DEFINE_CLEANUP(struct peers, peers_free);

/** Sends a reply to the peer of that number, if it is still there; 0: to all. Who does not take theirs is
 * closed. */
void peers_tell(struct peers *p, uint64_t serial, const struct reap_reply *reply);

#endif
