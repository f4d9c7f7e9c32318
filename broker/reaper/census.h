#ifndef HUFU_REAPER_CENSUS_H
#define HUFU_REAPER_CENSUS_H

#include "broker/reaper/census_process.h"
#include "policy/base/cleanup.h"
#include "policy/wire/reap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A census is one pass over /proc: those processes that could belong to a gated person, as the kernel
 * describes them. Nothing that a process says of itself decides (comm is only shown). Zombies are
 * dead already and are left out, but not a process whose first thread has ended before the others.
 */

struct census {
    struct census_process *processes;
    size_t count;
    size_t capacity;
    bool cut; /* it took too long, or pids began anew meanwhile: who is not in it may be there */
};

/* Somebody may fork faster than /proc can be read. */
#define CENSUS_PATIENCE_US ((uint64_t)2 * 1000 * 1000)

void census_done(struct census *c);
#define cleanup_census cleanup(census_done)

/** All processes of these persons: whose login uid is one of `persons`, or unset while one of their uids is.
 * 0 or -errno: a census that failed proves nothing. */
int census_take(int proc, struct census_persons persons, struct census *ret);

/** Appends one process, if it is there and one of theirs. 0 or -errno. */
int census_add(int proc, uint32_t pid, struct census_persons persons, struct census *c);

/** Appends a copy. 0 or -ENOMEM. */
int census_add_copy(struct census *c, const struct census_process *p);

/* Audit sessions of one person that are on lease: STRAYS and LEFTOVERS leave them alone. */
struct census_spared {
    const uint32_t *audit_sessions;
    size_t count;
};

/** Whether this process is of the target (3-rules, "When Hufu itself fails"): by login uid and audit
 * session as the kernel holds them. */
bool census_matches(const struct census *c, const struct census_process *p, const struct reap_target *target,
                    struct census_spared spared);

/** Whether a process in this cgroup was started by cron or at: by the system's own units, since a person may
 * name those of their user manager as they like. */
bool census_is_job(const char *cgroup);

/** 0 if /proc shows what a proof needs (pid 1 whole, loadavg, no hidepid), else -EPERM with a reason. */
int census_check_sight(int proc, char reason[static 200]);

#endif
