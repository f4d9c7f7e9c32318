#ifndef HUFU_DAEMON_ORDERS_H
#define HUFU_DAEMON_ORDERS_H

#include "broker/daemon/broker.h"

/*
 * An operator's order that ends sessions (revoke, session end) is answered when everything it ordered is
 * proven gone, or 10 s after order_go(): until then it collects what became of each.
 */
struct order_result {
    unsigned sessions;  /* ended and proven */
    uint32_t processes; /* ended */
    uint64_t took_us;   /* of the slowest, from the order */
    bool proven;
    bool root_held; /* not proven since somebody held root */
    uint32_t n_survivors;
    struct reap_process survivors[REAP_SURVIVORS_MAX];
};

struct operator_order;
typedef void order_done(void *userdata, const struct order_result *result);

/** Makes an order that waits for nothing yet. NULL without memory. */
struct operator_order *order_new(struct broker *b, order_done *done, void *userdata);
/** What it waits for is to begin only so many seconds from now: it is patient so much longer, and the time
 * that it took is counted from then. To be called before anything is expected. */
void order_postpone(struct operator_order *o, uint32_t seconds);
/** Lets it wait for this session's end too; to be called before the session is ordered to end. 0 or -ENOMEM.
 */
int order_expect(struct operator_order *o, uint64_t session);
/** No longer for this session, which was expected and then not ordered to end. */
void order_forget(struct operator_order *o, uint64_t session);
/** Lets it wait for one thing more (the commit), and says that this has happened. */
void order_hold(struct operator_order *o);
void order_unhold(struct operator_order *o);
/** Lets it wait until it is known who is in beside those in the books (strangers.h), and for their ends:
 * before, nothing is proven. */
void order_await_strangers(struct operator_order *o);
/** One of them, to be told before it is ordered to end; and that these were all. */
void orders_expect_stranger(struct broker *b, uint64_t session);
void orders_strangers_known(struct broker *b);
/** All has been ordered: `done` comes when nothing is left to wait for, perhaps at once. Frees it then.
 * Before this `done` never comes, however long it takes. */
void order_go(struct operator_order *o);
/** Instead of order_go(): nothing was ordered, `done` does not come. */
void order_drop(struct operator_order *o);

/** Tells all orders about an outcome. */
void orders_tell(struct broker *b, uint64_t session, const struct ending *e);
/** Answers all that are open with what they know, and frees them. The store has been flushed: nobody holds
 * one. */
void orders_free(struct broker *b);

#endif
