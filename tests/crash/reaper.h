#ifndef HUFU_TESTS_CRASH_REAPER_H
#define HUFU_TESTS_CRASH_REAPER_H

#include "tests/crash/lane.h"

/*
 * hufu-reaper, as far as hufud can see: it outlives hufud's crashes, keeps leases, ends processes for good
 * before it says so, and says of a process what is made up for it. An end that nobody has asked for, of a
 * session that somebody was allowed, is a violation.
 */
struct reaper;
struct reaper *reaper_start(struct lane *l);
struct reaper *reaper_stop(struct reaper *r);
/** Whether it holds a lease for a session of this process. */
bool reaper_holds(struct reaper *r, const struct process *p);

#endif
