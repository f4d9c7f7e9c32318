#ifndef HUFU_DAEMON_CLAIM_BOOK_H
#define HUFU_DAEMON_CLAIM_BOOK_H

#include "broker/daemon/claiming.h"

/* The claims that are not settled, in memory as on disk; shared by claiming (what logins do with them) and
 * claim_settling (what is done about those that no login has). */

struct claiming {
    struct broker *broker;
    struct claims *questions; /* NULL: stopped */
    claims_send *send;        /* NULL: nobody does */
    void *userdata;
    struct claiming_times times;
    struct claim *claims;
    unsigned settling; /* questions under way of those that no login has */
};

struct claim {
    struct claiming *claiming;
    struct claim *next;
    struct store_claim row;
    bool loose;         /* no login and no session has it: it is being settled */
    bool busy;          /* ... and its question or its commit is under way */
    bool unwritten;     /* OWED, and that is not on disk yet */
    bool found;         /* it was looked for and is held: to be given back */
    uint64_t missed_us; /* since when no look found it, by the boot clock; 0: since none */
    uint64_t wait_us;   /* until the next try */
    sd_event_source *timer;

    /* of the login that takes it */
    claiming_done *done;
    void *userdata;
    uint64_t until_us;
};

/** A new one of the grant, ASKED, with a nonce of its own. NULL without memory or randomness. */
struct claim *claim_book_add(struct claiming *c, const struct ident_id *grant);
/** Takes it out and frees it. */
void claim_book_remove(struct claim *x);

/** Asks the provider about it, as claims_ask(). */
int claim_book_ask(struct claim *x, enum feed_operation operation, uint64_t patience_us, claims_done *done);

/** A record about it; `more` is put behind the nonce. Appended to `t`. */
void claim_book_record(const struct claim *x, const char *event, enum reason reason, const char *more,
                       struct store_txn *t);

#endif
