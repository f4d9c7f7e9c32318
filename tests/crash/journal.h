#ifndef HUFU_TESTS_CRASH_JOURNAL_H
#define HUFU_TESTS_CRASH_JOURNAL_H

#include "tests/crash/lane.h"

/*
 * journald, at its own path in a mount namespace of the lane's. It outlives hufud's crashes and is sent every
 * record in order; after a crash some come again, and none is left out.
 */
struct journal;
struct journal *journal_start(struct lane *l);
struct journal *journal_stop(struct journal *j);
/** Waits until it has all records up to this one: they were sent, or it is a violation. */
void journal_check(struct journal *j, uint64_t sequence);

#endif
