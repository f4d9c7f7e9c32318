#ifndef HUFU_DAEMON_TRUST_KEEPER_H
#define HUFU_DAEMON_TRUST_KEEPER_H

#include "broker/daemon/trust_change.h"

/*
 * The trust in force (3-rules, "Trust epochs live in the store"): the highest epoch that the store keeps. The
 * file in /etc is read into a store that keeps none, and by root's reset; otherwise it decides nothing. This
 * module alone sets broker.trust and its site.
 */
struct store_txn;

struct trust_keeper {
    struct grant_papers *papers; /* the document in force, and the approvals that admitted it; NULL: none */
    uint8_t sha256[32];          /* of its octets */
    enum trust_origin origin;
    when_t since;
    bool kept;          /* the store keeps an epoch, perhaps one that cannot be read any more */
    char why_none[256]; /* for the record, if nothing is in force */
};

/** Puts in force what the store keeps, or, if it keeps nothing, what the file says, which
 * trust_keeper_settle() then stores. Before any grant is loaded. What is wrong with either is told in
 * broker.trust_trouble. 0 or -ENOMEM. */
int trust_keeper_load(struct broker *b);
/** Stores a first epoch that came from the file, and waits for it: what is not on disk is not in force. */
void trust_keeper_settle(struct broker *b);
void trust_keeper_free(struct broker *b);

/** Once more, for a host on which neither store nor file had a valid one: takes the file now, if the store
 * keeps no epoch. */
void trust_keeper_reload(struct broker *b);

/** Puts a change in force, in memory, and has all grants judged anew (judging.h); `t` (may be NULL) gets what
 * belongs on disk. Sessions are the caller's, in the same step of the loop: life_recheck_under(). */
void trust_keeper_change(struct broker *b, struct trust_change *c, when_t now, struct store_txn *t);

#endif
