#ifndef HUFU_REAPER_WALK_H
#define HUFU_REAPER_WALK_H

#include "policy/base/cleanup.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The processes that /proc shows, one by one, ascending by pid, so that whoever forks and ends for ever is
 * met. A child has a higher pid than its parent, and who died is not asked about again: what comes behind
 * them is looked for once they are known to be dead, and then the child is there. The kernel by itself looks
 * for the next one while it gives this one, when the child may not be born. Pids begin anew when the highest
 * was given: a child may come to stand before its parent then, and the walk says so.
 */
struct walk {
    int entries;  /* /proc */
    int loadavg;  /* whose last field is the pid that was given last */
    off_t here;   /* where the one stands that was given last */
    uint32_t pid; /* of that one; 0: none was given yet */
    uint32_t newest;
    unsigned given;
    bool began_anew; /* pids did, since walk_begin(): whoever was not met may be there */
};

/** Below the open folder `proc`. 0 or -errno. */
int walk_begin(int proc, struct walk *ret);
/** The next one. `gone`: the one before was found dead. 1; 0: there are no more; -errno. */
int walk_next(struct walk *w, bool gone, uint32_t *ret);
void walk_done(struct walk *w);
#define cleanup_walk cleanup(walk_done)

#endif
