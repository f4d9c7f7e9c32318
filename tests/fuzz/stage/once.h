#ifndef HUFU_TESTS_FUZZ_ONCE_H
#define HUFU_TESTS_FUZZ_ONCE_H

/*
 * Nearly all of what a sequence costs are starts of the broker, and most of a start is spent on what comes
 * out the same each time: trust files and the ledger's key, from the same octets, and the look at the schema
 * of a store that was copied from one template. Stands in by --wrap: each is done by the broker's own code,
 * once in a process.
 */

/** From now on every store is a copy of one that was looked at. */
void once_stores_are_copies(void);

#endif
