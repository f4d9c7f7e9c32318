#ifndef HUFU_DAEMON_TAKEN_H
#define HUFU_DAEMON_TAKEN_H

#include "broker/store/store.h"
#include "policy/base/cleanup.h"
#include "policy/engine/index.h"

/*
 * What was taken away on this host: tombstones (revocations) and locks, in memory. They hit grants, staff,
 * vendors or the whole host, also such as are not known yet, until their time is over.
 */
struct taken;

int taken_new(struct taken **ret);
struct taken *taken_free(struct taken *t);
DEFINE_CLEANUP(struct taken, taken_free);

/** Adds or replaces (by kind, scope and name). A tombstone is never shortened: the later end stays.
 * *effective (may be NULL) is what holds now and belongs on disk. 0 or -ENOMEM. */
int taken_put(struct taken *t, const struct store_taken *x, struct store_taken *effective);

/** REASON_OK, REVOKED, VENDOR_REVOKED or VENDOR_LOCKED: the gravest that hits this grant at `now`. */
enum reason taken_of_grant(const struct taken *t, const struct grant *g, when_t now);

/** REASON_OK, STAFF_REVOKED or STAFF_LOCKED. */
enum reason taken_of_staff(const struct taken *t, const char *staff, when_t now);

/** REASON_OK or HOST_LOCKED. */
enum reason taken_of_host(const struct taken *t, when_t now);

size_t taken_count(const struct taken *t);

#endif
