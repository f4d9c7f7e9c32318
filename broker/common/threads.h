#ifndef HUFU_COMMON_THREADS_H
#define HUFU_COMMON_THREADS_H

#include <pthread.h>

/** Begins a thread that gets no signals: they are for the one with the loop. `attributes` may be NULL. 0 or
 * -errno; the caller's own signals are blocked no longer than this takes. */
int thread_start(pthread_t *ret, const pthread_attr_t *attributes, void *(*run)(void *argument),
                 void *argument);

#endif
