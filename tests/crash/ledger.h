#ifndef HUFU_TESTS_CRASH_LEDGER_H
#define HUFU_TESTS_CRASH_LEDGER_H

#include <sqlite3.h>
#include <stdint.h>

struct lane;

/* The ledger as it lies on disk, read and hashed with nothing of hufud's own code. */
struct chain {
    uint64_t
        sequence; /* of the last record that was seen; all up to here are as they were, or the next is not */
    uint8_t hash[32];
};

/** Goes on from where it was left: no gap, each record's hash is that of what it says and of the record
 * before, and none is a second one of another. Notes what each is known by. Anything else is a violation. */
void ledger_follow(struct lane *l, sqlite3 *db, struct chain *c);

#endif
