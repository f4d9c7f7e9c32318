#ifndef HUFU_DAEMON_WAITING_H
#define HUFU_DAEMON_WAITING_H

#include "policy/base/cleanup.h"

#include <stdint.h>
#include <systemd/sd-event.h>

/*
 * Somebody logs out and in again at once (scp, and scp again): what is left of the first session is being
 * ended in these milliseconds, and the new one is not to be caught by that, nor refused for it. So it waits
 * until the ending is proven, a little less than the module's own patience at most.
 */
struct waiting;

#define WAITING_MAX_US ((uint64_t)1200000)

typedef void waiting_resume(void *userdata);

int waiting_new(sd_event *event, struct waiting **ret);
/** Resumes all that wait. */
struct waiting *waiting_free(struct waiting *w);
DEFINE_CLEANUP(struct waiting, waiting_free);

/** Calls `resume` in a later turn of the loop: after waiting_wake() for this uid, or when its time is over. 0
 * or -errno (then it is not called). */
int waiting_add(struct waiting *w, uint32_t uid, waiting_resume *resume, void *userdata);
/** NULL is fine: nobody waits. */
void waiting_wake(struct waiting *w, uint32_t uid);

#endif
