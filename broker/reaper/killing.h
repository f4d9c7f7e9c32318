#ifndef HUFU_REAPER_KILLING_H
#define HUFU_REAPER_KILLING_H

#include "broker/reaper/cgroups.h"
#include "broker/reaper/look.h"
#include "policy/wire/reap.h"

/*
 * How an ending kills whom a look marked: by cgroup where that hits nobody else, else one by one, by pidfd,
 * each asked again for start time and login uid; and of what outruns that, whole in a leaf. What it kills is
 * not gone: looks tell.
 */
struct killing {
    const struct cgroups *cgroups;
    const struct reap_target *target;
    unsigned passes;      /* that killed everybody */
    struct census spared; /* by killing_but_relays(), the last time */
    bool shared;          /* a cgroup of the target holds a process that is not the person's any more */
};

/** Those that a look marked, one by one. */
void killing_each(const struct killing *k, const struct look *l);

/** Those that a look marked, all of them; those of the user manager first. Whoever was missed is seen by the
 * next look, and after some passes gathered into a leaf. */
void killing_all(struct killing *k, const struct look *l);

/** Those that a look marked, but not who relays a terminal over the network: sshd's two processes for the
 * connection, and what records. */
void killing_but_relays(struct killing *k, const struct look *l);

/** Who was spared then, without looking for them again. How many there were. */
size_t killing_relays(struct killing *k);

/** Everybody has gone: removes the leaf, if there was one. */
void killing_over(const struct killing *k);
void killing_done(struct killing *k);

#endif
