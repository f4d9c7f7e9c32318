#ifndef HUFU_TRUST_WORKERS_H
#define HUFU_TRUST_WORKERS_H

#include "policy/base/cleanup.h"

#include <stddef.h>

/*
 * Threads for what costs and touches nothing but its input. The owner (the broker's loop) submits jobs and is
 * told, on its own thread, when each has been done; in which order is not said. A job belongs to the pool
 * from workers_submit() until its `done` is called, once for every job whatever happens.
 *
 * All functions belong to the owner.
 */
struct workers;

/** On a worker. Whatever it finds out it writes into the job. */
typedef void workers_run(void *job);
/** On the owner's thread, from workers_dispatch(), workers_wait() or workers_free(). result: 0; -ECANCELED:
 * the pool is being freed, and the job was not begun. May submit anew. */
typedef void workers_done(void *job, int result);

/** `n_threads` 0: as many as there are processors for us, WORKERS_MAX at most. `most`: jobs at a time that
 * are not done yet. 0 or -errno. */
#define WORKERS_MAX 8
int workers_new(size_t n_threads, size_t most, struct workers **ret);
/** Waits for the jobs that have begun, and cancels the others. */
struct workers *workers_free(struct workers *w);
DEFINE_CLEANUP(struct workers, workers_free);

/** 0; -EAGAIN (there are `most` already: come again after one is done); -ESHUTDOWN (the pool is being freed);
 * -ENOMEM. On failure the job stays the caller's. */
int workers_submit(struct workers *w, workers_run *run, workers_done *done, void *job);

/** Readable when something is done. */
int workers_fd(const struct workers *w);
void workers_dispatch(struct workers *w);

/** Waits until at least one is done, and dispatches: how many jobs are left; 0 at once if there are none. */
size_t workers_wait(struct workers *w);

#endif
