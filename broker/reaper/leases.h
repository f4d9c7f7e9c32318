#ifndef HUFU_REAPER_LEASES_H
#define HUFU_REAPER_LEASES_H

#include "policy/base/cleanup.h"
#include "policy/wire/reap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/*
 * A lease is how long a session may go on without a word from hufud: when it runs out the reaper ends
 * the session by itself. hufud extends and shortens; never beyond the class's maximum in the reaper's
 * own configuration, counted from the first lease. On CLOCK_BOOTTIME, so that neither a step of the
 * wall clock nor a suspended machine lengthens it. One file a lease in a folder that only root reads
 * and that goes with the boot: a restarted reaper takes them up again.
 */

/* Audit sessions of one person that are told apart; more are not spared (ended with the strays). */
#define LEASES_PER_PERSON_MAX 256

struct leases;

struct leases_options {
    sd_event *event;
    int folder;                  /* /run/hufu-reaper, 0700; the caller's */
    uint64_t maximum_seconds[4]; /* by enum grant_class, from 1 */
    void (*lapsed)(void *userdata, const struct reap_target *target);
    void *userdata;
};

/** Takes up the leases in the folder. A file that is not whole is a lease that has run out for nobody:
 * it is reported in *skipped and left there. 0 or -errno. */
int leases_new(const struct leases_options *options, struct leases **ret, unsigned *skipped);
struct leases *leases_free(struct leases *l);
DEFINE_CLEANUP(struct leases, leases_free);

/** Grants, extends or shortens. *granted_seconds may be shorter than asked. 0 or -errno: then the lease
 * is as it was before. */
int leases_put(struct leases *l, const struct reap_target *target, uint8_t class, uint64_t seconds,
               uint64_t *granted_seconds);
/** What a class may have from now on. Leases that have more of it are cut, on disk too. 0 or the first
 * -errno: that lease is as it was, the others are cut. */
int leases_set_maximum(struct leases *l, const uint64_t seconds[static 4]);
/** Forgets a lease of this person; one that is not there is no error. */
void leases_drop(struct leases *l, uint64_t session, uint32_t uid);

/** The lease behind that of this session, which need not be there any more, in an order of its own; 0: the
 * first. NULL: there is none. Valid until a lease is put or dropped. */
const struct reap_target *leases_next(const struct leases *l, uint64_t session);

bool leases_has(const struct leases *l, uint64_t session);
size_t leases_count(const struct leases *l);

/** Audit sessions of a person's leases that have not run out, but for the session `except`; at most
 * LEASES_PER_PERSON_MAX; returns how many. */
size_t leases_audit_sessions(const struct leases *l, uint32_t uid, uint64_t except, uint32_t *audit_sessions);

#endif
