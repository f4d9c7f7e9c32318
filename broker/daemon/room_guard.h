#ifndef HUFU_DAEMON_ROOM_GUARD_H
#define HUFU_DAEMON_ROOM_GUARD_H

#include "broker/sessions/session.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether there is room to record what is still to come (3-rules, "The disk"). It looks at no disk and ends
 * nothing: it is fed with samples, and says what is to be done.
 *
 * What counts is what can be had: free room beside the reserve, and what the reserve still holds. With the
 * reserve whole and a margin beside it there is room for new sessions. With less, or when a commit found
 * none, those who are in go on, and what they do is recorded from the reserve. When three quarters of it are
 * used they are ended one by one; when what is left may just be enough to record their ends, all at once.
 *
 * Each state is left only well above where it began, so that nothing flaps.
 */
enum room_standing {
    ROOM_NOT_LOOKED = 0, /* no sample yet: nobody new either */
    ROOM_AMPLE,
    ROOM_FULL,  /* nobody new */
    ROOM_SPENT, /* and those who are in are ended, one after the other */
    ROOM_LAST,  /* all of them, now */
};

struct room_sample {
    uint64_t beside;   /* free octets beside the reserve */
    uint64_t held;     /* octets of the reserve */
    bool failed;       /* since the last sample a commit found no room beside the reserve */
    bool unsettled;    /* records wait in memory for room */
    bool cannot_grow;  /* the reserve cannot be set aside here, for another reason than room */
    unsigned sessions; /* that are to be ended when it comes to that */
};

struct room_guard {
    uint64_t wanted; /* octets of the whole reserve */
    enum room_standing standing;
    bool used; /* a commit found no room since it was ample */
};

/** Takes a look. True: it stands otherwise than before. */
bool room_guard_sample(struct room_guard *g, const struct room_sample *s);

/** How many octets the reserve should grow by now, 0: none. Never what others need to go on. */
uint64_t room_guard_growth(const struct room_guard *g, const struct room_sample *s);

/** How many octets of a reserve of `wanted` are let go of at the n-th attempt (from 0) to commit one
 * transaction. 0: it is not tried any more. */
uint64_t room_guard_piece(uint64_t wanted, unsigned attempt);

/** How much is kept free beside the reserve before anybody new comes in. */
uint64_t room_guard_margin(uint64_t wanted);

/** Who is ended first when there is no room: jobs of cron and at, at which nobody sits; then by class, those
 * in an emergency last, who may be repairing this; of one class who came last, and so has begun least. Less
 * than 0: `a` before `b`. */
int room_guard_order(const struct session *a, const struct session *b);

#endif
