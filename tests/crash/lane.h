#ifndef HUFU_TESTS_CRASH_LANE_H
#define HUFU_TESTS_CRASH_LANE_H

#include "broker/common/failpoint.h"
#include "tests/crash/facts.h"
#include "tests/crash/processes.h"
#include "tests/unit/support/department.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A lane: one host with its own folder, its own hufud, and everything around it that outlives a crash of
 * hufud: reaper, claim provider, journald, the people who log in, and whoever starts hufud again. Several
 * lanes run side by side, each a process of its own. A lane's round is one store, from its making to its last
 * kill.
 */

/* What the lanes count, in memory that they share. */
struct totals {
    atomic_uint kills, at[FAILPOINT_COUNT], random, unreached, starts;
    atomic_uint logins, opens, refusals, orders, lagging, records, journal, uses, claims;
    atomic_uint covered, counted, segments;
};

/* What a client is to do as the first thing in a life, since a plan is about it and it is rare. */
enum wish {
    WISH_NONE,
    WISH_CHECKPOINT,
    WISH_REVOCATION,
    WISH_REFUSALS,
    WISH_BACKUP,
    WISH_ENDS /* all along */
};

struct lane {
    struct totals *totals;
    const char *hufud; /* the program */
    unsigned number, round;
    uint64_t seed;
    char folder[64];
    bool small; /* the next folder is a small disk of its own */
    struct department *department;

    pthread_mutex_t lock; /* everything below */
    pthread_cond_t changed;
    bool paused, over;
    atomic_bool stopping;  /* hufud was told to stop: it refuses for that */
    unsigned busy;         /* clients in the middle of something */
    unsigned life;         /* starts of hufud in this round */
    int pidfd;             /* of hufud */
    const char *plan_name; /* of this life, for a report */
    unsigned plan_hit;
    enum wish wish; /* what this life is about */
    struct facts facts;
    struct processes processes;
};

/* Where hufud has no choice of a place. The lane has its own /run and /var/lib. */
#define LANE_JOURNAL "/run/systemd/journal"
#define LANE_ANCHOR  "/var/lib/hufu-anchor"
#define LANE_KEY     "/var/lib/hufu"
/** Takes the lane out of the machine's mounts. Once, before any thread. */
void lane_leave_machine(void);
/** A new folder for a new store, of which nothing is known. */
void lane_make_folder(struct lane *l, const char *below);

/** Says what was violated and how to see it again, keeps the folder, and ends the lane. */
__attribute__((format(printf, 2, 3), noreturn)) void lane_violation(struct lane *l, const char *format, ...);

/** A file of the lane's folder; valid for the next seven calls of this thread. */
const char *lane_path(const struct lane *l, const char *name);

void lane_remove_folder(const struct lane *l);

/** The trust of its site, but for epoch and time. Uses may be unlimited. */
struct trust_plan lane_trust_plan(const struct lane *l);

/** Numbers that the seed decides: a state for each who draws. Below `n`. */
uint64_t lane_draw(uint64_t *state, uint64_t n);

/** Between these two a client does one thing; begin waits while the lane is paused. False: it is over. */
/** Whether this was wished for: once. */
bool lane_take_wish(struct lane *l, enum wish wish);
bool lane_begin(struct lane *l);
void lane_end(struct lane *l);
/** No client begins anything more. True: all have ended what they began, within so long. */
bool lane_quiet(struct lane *l, unsigned milliseconds);
void lane_pause(struct lane *l);
void lane_go_on(struct lane *l);

/** Runs `n` kills and says whether nothing was violated. */
void lane_run(struct lane *l, unsigned n);

#endif
