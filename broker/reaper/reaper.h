#ifndef HUFU_REAPER_REAPER_H
#define HUFU_REAPER_REAPER_H

#include "broker/reaper/config.h"
#include "policy/base/cleanup.h"

#include <systemd/sd-event.h>

/*
 * The reaper: listens on a SEQPACKET socket to one user alone, answers each datagram with one, keeps
 * leases, ends sessions. Nothing that it is told widens whom it may touch: a target outside its own
 * gated range is refused, and who belongs to a target is read from the kernel.
 */
struct reaper;

struct reaper_options {
    sd_event *event;
    struct reaper_config config;
    int listener;      /* SOCK_SEQPACKET, listening; taken over */
    unsigned peer_uid; /* the one user who may connect (hufu) */
    int lease_folder;  /* taken over */
    int proc;          /* /proc; the caller's */
    void (*log)(int priority, const char *text);
};

int reaper_new(const struct reaper_options *options, struct reaper **ret);
/** Another configuration, from now on. Leases are kept; each is cut to what its class may have now, and one
 * that this makes over ends its session. A session of a uid that is gated no longer is still ended when its
 * lease runs out. */
void reaper_configure(struct reaper *r, const struct reaper_config *config);
struct reaper *reaper_free(struct reaper *r);
DEFINE_CLEANUP(struct reaper, reaper_free);

#endif
