#ifndef HUFU_DAEMON_TIMEKEEPER_H
#define HUFU_DAEMON_TIMEKEEPER_H

#include "broker/daemon/broker.h"
#include "broker/daemon/clock_guard.h"

/*
 * Keeps the clock guard: feeds it (when somebody steps the clock, every minute, and at each decision), puts
 * on record what it says, and keeps on disk what the next broker has to know: the highest time with every
 * commit and every five minutes, and the line whenever it has moved, so that a step while hufud is stopped is
 * noticed too, unless the host is started anew meanwhile.
 */
struct timekeeper;

int timekeeper_new(struct broker *b, struct timekeeper **ret);
struct timekeeper *timekeeper_free(struct timekeeper *k);
DEFINE_CLEANUP(struct timekeeper, timekeeper_free);

/** Takes over what the store knows. Before the first look. */
void timekeeper_load(struct timekeeper *k);
/** Takes the first look, and watches from now on. 0 or -errno. */
int timekeeper_start(struct timekeeper *k);
/** [time] tolerance was changed. */
void timekeeper_set_tolerance(struct timekeeper *k, uint32_t seconds);

/** Takes a look, and says whether the wall clock may decide about dates. A change raises the generation. */
bool timekeeper_is_sure(struct timekeeper *k);

/** The wall clock, or what it has to be at least if that is later: for what is judged of its own accord, as
 * papers are at start. A clock that is behind must neither end what lives, since certificates seem not to
 * have begun, nor lengthen it. */
int64_t timekeeper_at_least(const struct timekeeper *k, int64_t wall_us, uint64_t boot_us);
when_t timekeeper_now(const struct timekeeper *k);

/** Adds to a transaction what the next broker has to know. */
void timekeeper_write(struct timekeeper *k, struct store_txn *t);
/** A transaction failed: what it was to write is written again. */
void timekeeper_not_written(struct timekeeper *k);

/** A status of higher order than any before was verified: what it says about the time
 * (clock_guard_trusted()). To be called once for each such status, before or after it was stored. */
void timekeeper_trust_status(struct timekeeper *k, when_t issued, when_t expires);

/* A person vouches for the clock: done in memory at once, with `before` to go back to if it cannot be put on
 * record. */
struct timekeeper_confirmation {
    struct clock_guard before;
    when_t was, now; /* highest time before; the wall clock, which is the highest from now on */
};
void timekeeper_confirm(struct timekeeper *k, struct timekeeper_confirmation *ret);
void timekeeper_take_back(struct timekeeper *k, const struct timekeeper_confirmation *c);

/* What status and `clock confirm` show. */
struct timekeeper_view {
    enum clock_standing standing;
    bool synchronised;
    when_t now, highest;
    when_t expected, found; /* in doubt: when it began, and what the wall clock said then */
};
void timekeeper_view(struct timekeeper *k, struct timekeeper_view *ret);

#endif
