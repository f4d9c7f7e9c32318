#ifndef HUFU_DAEMON_ROOM_LOOK_H
#define HUFU_DAEMON_ROOM_LOOK_H

#include "broker/store/reserve.h"
#include "policy/base/cleanup.h"

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/*
 * Looks at the disk, and has the reserve grow, on a thread of its own: the loop never waits for a disk, and a
 * look at one that is failing may take long. What was seen is told in the loop.
 */
struct room_look;

struct room_found {
    uint64_t beside; /* free octets */
    uint64_t held;   /* octets of the reserve */
    int error;       /* of looking, or of making it grow; 0: none */
    bool no_room;    /* a commit found none since the last that was told */
};

/** Starts the thread. `reserve` is borrowed. */
int room_look_new(sd_event *event, struct reserve *reserve,
                  void (*found)(void *userdata, const struct room_found *f), void *userdata,
                  struct room_look **ret);
/** Waits for a look that is under way. */
struct room_look *room_look_free(struct room_look *l);
DEFINE_CLEANUP(struct room_look, room_look_free);

/** Has it look, after making the reserve grow by so many octets (0: not). One that is under way is answered
 * first; several that wait are one. */
void room_look_ask(struct room_look *l, uint64_t growth);

/** The same at once, in the calling thread: at start, before there is anybody to wait for. */
void room_look_now(struct reserve *reserve, uint64_t growth, struct room_found *ret);

/** make_room of struct store_options; `userdata` is the look. Any thread. Lets go of a piece of the reserve,
 * and has that told. */
bool room_look_make_room(void *userdata, unsigned attempt);

#endif
