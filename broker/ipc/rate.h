#ifndef HUFU_IPC_RATE_H
#define HUFU_IPC_RATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* How often a uid did something lately. It remembers the uids that were seen last; one that pushes others out
 * by being many is no ordinary user. */

#define RATE_UIDS 64

struct rate {
    struct {
        uid_t uid;
        uint64_t since; /* beginning of the window */
        uint64_t last;
        unsigned n;
    } seen[RATE_UIDS];
};

/** Counts one more at `now` (microseconds of any steady clock, never 0); false if it is more than `limit`
 * within a window of `window_us`. */
bool rate_allows(struct rate *r, uid_t uid, uint64_t now, uint64_t window_us, unsigned limit);

#endif
