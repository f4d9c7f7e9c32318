#ifndef HUFU_TESTS_CRASH_PROCESSES_H
#define HUFU_TESTS_CRASH_PROCESSES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The processes that log in: each is real, so that the kernel notes its pid when it connects and tells hufud
 * when it ends; what /proc would say of it (start time, login uid) is made up, and the reaper says the same.
 */
#define PROCESSES_MAX 128

struct process {
    pid_t pid; /* 0: a free place */
    int control;
    uint64_t start_time;
    uint32_t person; /* uid; UINT32_MAX: not tied yet */
    bool killed;
};

struct lane;
struct processes {
    struct process all[PROCESSES_MAX];
    uint64_t last_start;
};

/** A new process, or NULL: all places are taken. */
struct process *process_new(struct lane *l);
/** A connection of its to a stream socket, or -errno of its connect(), -ESRCH: it is gone. */
int process_connect(const struct process *p, const char *path);
/** Kills it if it lives, and frees the place. */
void process_end(struct lane *l, struct process *p);

/* Of the reaper; with the lane's lock held. */
struct process *process_find(struct lane *l, uint32_t pid);
/** True: it lived until now. */
bool process_kill(struct process *p);

#endif
