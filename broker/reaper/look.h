#ifndef HUFU_REAPER_LOOK_H
#define HUFU_REAPER_LOOK_H

#include "broker/reaper/census.h"
#include "broker/reaper/leases.h"

/* One census of a person, of which only the target's processes count. */
struct look {
    struct census census;
    bool *marked; /* marked[i]: processes[i] is the target's */
};

/** The look at a census of the target's person, which is taken over. 0 or -errno: then nothing is known. */
int look_at(int proc, struct census *person, const struct leases *leases, const struct reap_target *target,
            struct look *ret);

/** Takes the census for it. 0 or -errno: then nothing is known, least of all that nobody is there. */
int look_take(int proc, const struct leases *leases, const struct reap_target *target, struct look *ret);
void look_done(struct look *l);
#define cleanup_look cleanup(look_done)

/** Appends the target's processes to a reply and counts them all. */
void look_list(const struct look *l, struct reap_reply *reply);

/** A process as replies show it. */
void look_describe(const struct census_process *p, struct reap_process *ret);

#endif
