#ifndef HUFU_TESTS_FUZZ_WITNESS_H
#define HUFU_TESTS_FUZZ_WITNESS_H

#include "policy/base/verdict.h"
#include "tests/fuzz/stage/host.h"
#include "tests/fuzz/stage/model.h"

/* What is demanded of a broker beside its model. Whatever is not so ends the program, saying what. */

/** An answer of the gate: the model's, and ALLOW for no reason but that it is ok. */
void witness_reason(enum reason due, enum reason got, enum verdict verdict);

/** Statements 1 and 6, from what was handed in and taken away and nothing else: just now somebody came in. */
void witness_admitted(const struct model *m, const struct model_caller *c);

/** What became of a paper, before the model hears of it. */
void witness_handed_in(const struct model *m, unsigned paper, unsigned approvals, bool accepted);

/** Sessions, counts, closed grants and the clock's standing are the model's. */
void witness_compare(struct model *m, struct host *h);

/** Before the model hears of it: no number is given twice. */
void witness_restarted(struct model *m, struct host *h);

/** Statement 5: each refusal and each session is on record, and the ledger has no gap. */
void witness_ledger(const struct model *m, struct host *h);

#endif
