#ifndef HUFU_TESTS_UNIT_BROKER_AUDIT_TAMPERING_H
#define HUFU_TESTS_UNIT_BROKER_AUDIT_TAMPERING_H

#include "tests/unit/broker/audit/sample_ledger.h"
#include "tests/unit/unit.h"

/*
 * Ledgers that somebody altered, a great many of them: each has to be found, at the record where it begins to
 * differ. What the chain alone cannot find is tried as well, and then found by what is known elsewhere. How
 * many were tried and found is printed at the end.
 */
#define ROWS 35

extern unsigned tried, found;
extern struct sample_ledger sound, altered; /* as written; as somebody made it of that */

/** `altered` is `sound` again. */
void begin_altered(void);

/** Counts; fails if it was not found. */
void judged(const struct chain_report *t, const char *what, size_t row);
/** Found, and at that record. */
void judged_at(const struct chain_report *t, const char *what, size_t row, uint64_t sequence);

/** `altered`, with what journald was told of the ledger as it was written. */
struct chain_report judge_beside_journal(void);
/** With one checkpoint of the ledger as it was written, that somebody has kept. */
struct chain_report judge_beside_checkpoint(size_t row);

/** Runs the tests on ledgers of both hashes and prints the counts. What main() returns. */
int tampering_run(const struct CMUnitTest *tests, size_t n);

#endif
