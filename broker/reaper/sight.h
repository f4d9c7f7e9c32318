#ifndef HUFU_REAPER_SIGHT_H
#define HUFU_REAPER_SIGHT_H

#include "broker/reaper/look.h"
#include "policy/base/cleanup.h"

#include <systemd/sd-event.h>

/*
 * Looks for all endings that want one at the same time are taken from one census, which begins after they
 * were wished for: so a thousand endings do not go through /proc a thousand times. None is kept for a later
 * wish. The uids of who has a login uid are not read.
 */
struct sight;

/** `r` is 0 or -errno; the look is empty then. Called from the loop, once; it may wish again. */
typedef void sight_seen(void *userdata, int r, const struct look *look);

/** All zero before the first wish; stays where it is while one is open. */
struct sight_wish {
    struct sight_wish *next, **at; /* at: NULL while nothing is wished for */
    const struct reap_target *target;
    sight_seen *seen;
    void *userdata;
};

/** `leases` are borrowed. 0 or -errno. */
int sight_new(sd_event *event, int proc, const struct leases *leases, struct sight **ret);
struct sight *sight_free(struct sight *s);
DEFINE_CLEANUP(struct sight, sight_free);

sd_event *sight_event(const struct sight *s);

/** A look at the target at the next turn of the loop, behind all that is there to be read. 0 or -errno. */
int sight_wish(struct sight *s, struct sight_wish *w);
/** What these alone, who were read one by one and are taken over, are to the target, by the same rules. Of
 * everybody else it says nothing. 0 or -errno. */
int sight_judge(const struct sight *s, struct census *some, const struct reap_target *target,
                struct look *ret);
/** It is not wished for any more. */
void sight_forget(struct sight_wish *w);

#endif
