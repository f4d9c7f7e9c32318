#ifndef HUFU_DAEMON_TAKING_H
#define HUFU_DAEMON_TAKING_H

#include "broker/daemon/orders.h"

/*
 * Taking access away while sessions live (revoke, lock, a signed revocation). The caller puts what is taken
 * away into memory first, so that from then on nothing is admitted under it; then this has reservations
 * cancelled and sessions ended, and writes it. The answer comes when it is on disk and everything is proven
 * gone, or after 10 s with the survivors (3-rules, "How it changes").
 */

/* `result`: 0 when it is on disk; else negative errno: it holds in memory and the sessions are ended, but it
 * may not outlive a restart. -ETIMEDOUT: not on disk yet. Called once. */
typedef void taking_done(void *userdata, int result, const struct order_result *ending);

/* An operator's order: what is to be ended, and when. */
struct taking_how {
    const struct store_taken *what; /* the sessions that this hits, which b->taken holds already */
    const struct ident_id *grant; /* or those of this grant, which is closed already: its books are written */
    uint32_t grace;               /* seconds that live sessions have left, being warned at once; 0: none */
    const char *reference;        /* quoted in that warning */
};

#define TAKING_GRACE_MAX 900

/** Ends what is ordered and submits `t` (taken over; NULL: there is no store). 0, and `done` will be called,
 * perhaps before this returns; -ENOMEM: everything is ordered and handed over, but nobody waits for it, and
 * `done` is not called.
 *
 * Whatever is new is refused at once, also under grace, and a session that loses its ground for another
 * reason, too, does not have it. Grace is not on disk: a start of hufud ends it. */
int taking_begin(struct broker *b, const struct taking_how *how, struct store_txn *t, taking_done *done,
                 void *userdata);

/** The first half of it, for who has an order of their own (or none: NULL), which then waits also for what
 * was being ended already. The caller raises the generation. */
void taking_end_as(struct broker *b, const struct taking_how *how, struct operator_order *order);
/** The same for all that b->taken hits now; who was given grace by an operator has it, unless somebody
 * signed. */
void taking_end(struct broker *b, struct operator_order *order);

#endif
