#ifndef HUFU_DAEMON_REVIEW_KEEPER_H
#define HUFU_DAEMON_REVIEW_KEEPER_H

#include "broker/audit/sign_off.h"
#include "broker/store/store.h"

#include <stdbool.h>

/* Up to when the records have been reviewed, and whether the next review is overdue. In the store it is the
 * meta "reviewed-until"; the sign-offs themselves are records. */

struct review_keeper {
    when_t reviewed_until; /* end of the periods that were signed off, as far as they join; 0: none was */
    when_t first_record;   /* 0: not known yet */
};

struct broker;
struct status_finding;

/** Reads it from the store. What was never reviewed is counted from the first record, which is asked for. 0
 * or -errno. */
int review_keeper_load(struct broker *b);

/** Adds to a transaction what a sign-off changes. */
void review_keeper_write(const struct broker *b, const struct sign_off *x, struct store_txn *t);
/** That transaction is on disk. */
void review_keeper_signed(struct broker *b, const struct sign_off *x);

/** Fills *ret and returns true if a review is overdue: a warning, and a problem after twice the period. */
bool review_keeper_finding(const struct broker *b, when_t now, struct status_finding *ret);

#endif
