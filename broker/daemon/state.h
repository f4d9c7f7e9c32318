#ifndef HUFU_DAEMON_STATE_H
#define HUFU_DAEMON_STATE_H

#include "broker/daemon/broker.h"
#include "policy/engine/facts.h"

/* Why this host decides nothing at the moment, if so: the first that holds of trust, store, identity, clock,
 * directory, reaper. And what may be said about one person apart from any grant. */

/** REASON_OK, or why gated requests of this kind are refused on this host. Also takes a look at the clock. */
enum reason state_of_host(struct broker *b, enum service_kind kind, when_t now);

/** The same for a session that lives: only what takes its ground away ends it, not what merely keeps new ones
 * out (the reaper or the disk being away, a clock in doubt). How old the status is, the facts tell. */
enum reason state_for_live(const struct broker *b, when_t now);

/** The first instant at which the status that this host has is too old for it to decide (`status_until` of
 * facts); WHEN_NEVER if its configuration asks for none. */
when_t state_status_until(const struct broker *b);

/** REASON_OK, or why this person is refused whatever their grants say. */
enum reason state_of_person(const struct broker *b, const char *staff, uint32_t uid, when_t now);

/** REASON_OK, or why the grants of this person cannot be looked at: then they are refused, and not as
 * somebody who has none. Has those that are still on their way from the store here, for everything that
 * follows. */
enum reason state_of_grants(const struct broker *b, const char *staff);

/** Brings a grant up to date with the tombstones that hold at `now` (`taken_away`), and with the status
 * (`by_status`). */
void state_refresh_grant(struct broker *b, struct grant_entry *e, when_t now);
/** The same for all of this person's grants. */
void state_refresh_grants(struct broker *b, const char *staff, when_t now);

#endif
