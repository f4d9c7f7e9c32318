#ifndef HUFU_TESTS_UNIT_BROKER_STORE_WHOLE_H
#define HUFU_TESTS_UNIT_BROKER_STORE_WHOLE_H

#include "broker/store/store.h"

/* All that a store has of a kind, by what a start reads it with. Each returns as what it calls. */

/** Those that are no grants, by type and version; then the grants in the order in which they came. */
int whole_documents(struct store *s, int (*visit)(void *u, const struct store_document *d), void *u);
/** By id. */
int whole_books(struct store *s, int (*visit)(void *u, const struct store_books *b), void *u);
/** By key. */
int whole_verdicts(struct store *s, int (*visit)(void *u, const struct store_verdict *v), void *u);

#endif
