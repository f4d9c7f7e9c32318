#ifndef HUFU_TESTS_FUZZ_PEOPLE_H
#define HUFU_TESTS_FUZZ_PEOPLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Processes that are none: a number, a start time, and a descriptor that says when it is over, as a pidfd
 * does. They stand at the other end of connections, and the broker and the reaper see them. Stands in by
 * --wrap for what the kernel says of a peer, and for pidfd_open().
 */
#define PEOPLE_MAX 128

struct process {
    pid_t pid;
    uint64_t start_time;
    int life[2]; /* the second is closed when it exits */
    bool alive;
};

/** Ends all, and numbers begin anew. */
void people_reset(void);

/** One more; NULL: there are as many as there may be. */
struct process *people_begin(void);
void people_exit(struct process *p);
struct process *people_find(pid_t pid);

/** Who is at the other end of connections from now on; NULL: this program itself. */
void people_speak_as(const struct process *p);

#endif
