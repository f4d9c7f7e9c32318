#ifndef HUFU_DAEMON_ROOM_H
#define HUFU_DAEMON_ROOM_H

#include "broker/daemon/room_guard.h"
#include "broker/store/store.h"

struct broker;

/*
 * Room on the disk for what is still to be recorded: looks at it every few seconds and whenever a commit
 * found none, sets the reserve aside, keeps new sessions out while there is no room, and ends those that
 * live, in order, when the reserve is nearly used up. room_guard.h says when.
 *
 * Ending needs no disk. What could not be written of it is kept by the store (store_txn_keep).
 */
struct room;

/** Opens the reserve beside the store, and has it used by a store that is opened with `options`. Nothing that
 * goes wrong with the reserve is an error of this: then nobody new is let in, and status says why. 0,
 * -ENOMEM. */
int room_new(struct broker *b, struct store_options *options, struct room **ret);
/** Sets aside what is missing and begins to look, before anybody can ask for anything. 0 or -errno. */
int room_start(struct room *r);
/** Looks and ends no more. */
void room_stop(struct room *r);
/** After the store was closed. */
struct room *room_free(struct room *r);
DEFINE_CLEANUP(struct room, room_free);

/** Another size may be configured. NULL is fine. */
void room_reload(struct room *r);

/** Whether there is room to record what somebody new does. */
bool room_admits(const struct room *r);
/** Whether this session is to end for lack of it. NULL is fine. */
bool room_ends(const struct room *r, const struct session *s);

struct room_view {
    enum room_standing standing;
    uint64_t beside, held, wanted; /* octets: free beside the reserve, of the reserve, of the whole reserve */
    int trouble;                   /* why the reserve cannot be set aside, -errno; 0: it can */
    unsigned kept;                 /* transactions that wait in memory */
};
void room_view(const struct room *r, struct room_view *ret);
/** "ample", "full", "spent", "last". */
const char *room_standing_name(enum room_standing standing);

#endif
