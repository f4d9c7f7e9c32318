#ifndef HUFU_TESTS_DAEMON_SUMS_H
#define HUFU_TESTS_DAEMON_SUMS_H

#include "tests/unit/broker/daemon/world.h"

/* What the ledger of a world adds up to. */
struct sum {
    unsigned rows;
    uint64_t stands_for;  /* of each the count, or one */
    unsigned counted;     /* rows that stand for several */
    struct record *last;  /* of the counted; NULL: none. */
    struct record *found; /* the last with the reference asked for; NULL: none */
};

/** Over all records of an event and result; `reference` may be NULL. What is being counted is not among them.
 */
struct sum sums_of(struct world *w, const char *event, const char *result, const char *reference);
void sums_done(struct sum *s);

/** What the store holds as being counted: rows, and what they add up to. */
struct sum sums_on_disk(struct world *w);

#endif
