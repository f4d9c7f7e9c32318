#ifndef HUFU_TESTS_DAEMON_FLOOD_H
#define HUFU_TESTS_DAEMON_FLOOD_H

#include "broker/daemon/repetition.h"
#include "tests/unit/broker/daemon/sums.h"

/* Refusals in great number, handed to repetition_write() without a gate. */

/** A refused login, with a reference of its own; valid for 64 more. */
struct record flood_refusal(const char *staff, const char *address);

/** So many of one kind, from two addresses; the reference told last, until the next call. */
const char *flood(struct world *w, unsigned n);

/** What the ledger has of them. */
struct sum flood_recorded(struct world *w);
/** How many records they are. */
unsigned flood_rows(struct world *w);

/** Turns the loop until that which is being counted on disk adds up to n. */
void flood_until_on_disk(struct world *w, uint64_t n);

#endif
