#ifndef HUFU_REAPER_EARLY_H
#define HUFU_REAPER_EARLY_H

#include "broker/reaper/cgroups.h"
#include "broker/reaper/sight.h"

/*
 * Of a person of whom nobody stays, whom the cgroups of their slice name: found without going through /proc,
 * so that they can be killed before anybody has looked. Each is asked the kernel like anybody. Whoever is
 * somewhere else, or was missed, is seen by a look: this proves nothing.
 */

/* Of so many, since all endings wait for this. */
#define EARLY_MAX 1024

/** The user manager itself, which is the last to have gone; of nobody the look is empty, and on an error. 0
 * or -errno. */
int early_manager(const struct sight *s, const struct cgroups *g, const struct reap_target *target,
                  struct look *ret);

/** Appends everybody else in the slice: for an ending of all that is the person's. 0 or -errno. */
int early_slice(const struct sight *s, const struct cgroups *g, const struct reap_target *target,
                struct look *l);

#endif
