#ifndef HUFU_REAPER_CENSUS_H
#define HUFU_REAPER_CENSUS_H

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

#define CENSUS_UNSET UINT32_MAX /* login uid or audit session that was never set */

struct census_process {
    uint32_t pid;
    uint64_t start_time; /* clock ticks since boot: with pid, names a process for good */
    uint32_t parent;
    uint32_t
        session;  /* setsid(2): a process begins one of its own or stays in its parent's, and joins none */
    uint32_t tty; /* device number of the controlling terminal, 0: none */
    uint32_t login_uid;
    uint32_t audit_session;
    uint32_t uids[4]; /* real, effective, saved, filesystem */
    char name[17];
    bool stopped; /* by a signal or a tracer */
    char *cgroup; /* path in the unified hierarchy, owned; NULL: not readable or outside of our namespace */
};

struct census {
    struct census_process *processes;
    size_t count;
    size_t capacity;
};

void census_done(struct census *c);
#define cleanup_census cleanup(census_done)

/** Reads one process below the open folder `proc`. 0, -ESRCH (gone, or a zombie), other -errno. */
int census_read(int proc, uint32_t pid, struct census_process *ret);
void census_process_done(struct census_process *p);

/** Its login uid alone, which is one small file. 0, -ESRCH, other -errno. */
int census_read_login_uid(int proc, uint32_t pid, uint32_t *ret);

/** All processes of a person: whose login uid is `uid`, or unset while one of their uids is `uid`.
 * 0 or -errno: a census that failed proves nothing. */
int census_take(int proc, uint32_t uid, struct census *ret);

/* Audit sessions of one person that are on lease: STRAYS and LEFTOVERS leave them alone. */
struct census_spared {
    const uint32_t *audit_sessions;
    size_t count;
};

/** The arguments of a process, each with a NUL behind it, as it was started with (what it shows may be cut,
 * and a process that is its person's may show anything). At most `size` octets. How many, or -errno. */
ssize_t census_cmdline(int proc, uint32_t pid, char *text, size_t size);

/** Whether a process is this person's: by login uid, which only root can set; by uid where none was ever set.
 */
bool census_is_of_person(const struct census_process *p, uint32_t uid);

/** Whether this process is of the target (3-rules, "When Hufu itself fails"): by login uid and audit
 * session as the kernel holds them. */
bool census_matches(const struct census *c, const struct census_process *p, const struct reap_target *target,
                    struct census_spared spared);

/** Whether a process in this cgroup was started by cron or at: by the system's own units, since a person may
 * name those of their user manager as they like. */
bool census_is_job(const char *cgroup);

/** 0 if /proc shows what a proof needs (pid 1 whole, no hidepid), else -EPERM with a reason. */
int census_check_sight(int proc, char reason[static 200]);

#endif
