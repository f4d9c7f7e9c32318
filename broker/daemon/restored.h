#ifndef HUFU_DAEMON_RESTORED_H
#define HUFU_DAEMON_RESTORED_H

#include "broker/store/store.h"
#include "policy/base/when.h"

#include <jansson.h>
#include <stdbool.h>

struct broker;

/*
 * A store that does not go on from where this host had come: it was put back from a copy, or another one
 * stands in its place. What was used, opened and revoked in between is not in it. Until root has confirmed
 * it, nobody gated is let in; sessions that live go on, as on a host that is not confirmed to be itself.
 *
 * Uses that were taken in between cannot be counted again, so confirming takes all counts for lost: a grant
 * with a count is used up, unless root says that nothing was used. A grant that comes later has lost its
 * count too, if it may have been used before. Claims that are not settled count as used; numbers of sessions
 * go on far beyond those that may have been given, since a lease of the reaper's may still bear one.
 */
struct restored {
    struct store_past past;
    char trouble[600]; /* empty: nothing */
};

/** Reads what the store was found to be, which is put on record, and what an earlier restoring left. At load.
 */
void restored_load(struct broker *b);

bool restored_is(const struct broker *b);

/** Restored (the varlink type), or null. */
json_t *restored_json(const struct broker *b);

/* What confirming does. */
struct restored_confirm {
    struct store_past past;
    bool keep_uses;
    unsigned closed; /* grants with a count, which are used up by it */
    uint64_t next_session;
    when_t uses_from;
};

/** Fills `c`, takes the counts away, and adds to the transaction what makes the store the one that goes on,
 * with the record of it. */
void restored_confirm(struct broker *b, bool keep_uses, uint32_t actor, const char *why,
                      struct restored_confirm *c, struct store_txn *t);
/** That is on disk. */
void restored_confirmed(struct broker *b, const struct restored_confirm *c);

#endif
