#ifndef HUFU_REAPER_ENDING_H
#define HUFU_REAPER_ENDING_H

#include "broker/reaper/cgroups.h"
#include "broker/reaper/leases.h"
#include "broker/reaper/sight.h"
#include "policy/wire/reap.h"

#include <systemd/sd-event.h>

/*
 * An ending kills what belongs to its target and looks again, until two censuses in a row found
 * nobody (that is the proof) or ENDING_PATIENCE_US have passed (a process in uninterruptible sleep).
 * It never waits: looks come from the loop (sight.h), so that many endings go on side by side.
 */
#define ENDING_PATIENCE_US ((uint64_t)10 * 1000 * 1000)
/*
 * A session that is told why it ends hears it from whoever relays its terminal (sshd): the leader and its
 * children are ended last, when nobody else is left or this long has passed. Everything else is ended as fast
 * as without a word, and a terminal that takes none delays nothing.
 */
#define ENDING_FAREWELL_US ((uint64_t)20 * 1000)

struct ending;

/** Reply holds result, took_us, ended, terminals, survivors; its cookie and session are the request's. */
typedef void ending_done(void *userdata, const struct reap_reply *reply);

struct ending_order {
    const struct reap_target *target;
    uint32_t cookie;
    const char *text; /* for the terminals of the target, right before the end; empty: nothing is said */
};

/** Of an ending of all that is the person's, whoever can be found without a look is killed at once (early.h).
 * The first look is at the next turn of the loop, together with others that were ordered in this one; or when
 * those have gone. It frees itself after done(), which comes from the loop. 0 or -errno (done is not called).
 */
int ending_start(struct sight *sight, const struct cgroups *cgroups, const struct ending_order *order,
                 ending_done *done, void *userdata);

/** Fills a reply with those of the target that are there now. */
void ending_scan(int proc, const struct leases *leases, const struct reap_target *target,
                 struct reap_reply *reply);

#endif
