#ifndef HUFU_DAEMON_RUNS_H
#define HUFU_DAEMON_RUNS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Runs of sudo that were asked about by its plugin and allowed, so that sudo's PAM session, which follows in
 * the same process, can be told from one of a sudo that has no plugin. Kept in memory for a short time: sudo
 * waits for nobody in between. The oldest give way to new ones.
 */
#define RUNS_MAX     256
#define RUNS_KEPT_US ((uint64_t)60 * 1000000)

struct run {
    uint32_t pid;
    uint64_t start_time; /* of pid; an entry without one is none */
    uint32_t person_uid;
    char target[257];
    uint64_t since; /* CLOCK_BOOTTIME, microseconds */
};

struct runs {
    struct run entries[RUNS_MAX];
    unsigned next;
};

/** That this run may happen. Of a process whose start time is not known (0) it is of no use. */
void runs_remember(struct runs *r, const struct run *run);

/** Whether this very process was allowed to run something as `target` for that person a short time ago. */
bool runs_know(const struct runs *r, uint32_t pid, uint64_t start_time, uint32_t person_uid,
               const char *target, uint64_t now);

#endif
