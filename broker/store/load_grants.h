#ifndef HUFU_STORE_LOAD_GRANTS_H
#define HUFU_STORE_LOAD_GRANTS_H

#include "broker/store/store.h"

/*
 * Grants by themselves: by the owner, at any time. What was submitted and is not committed is not seen. They
 * wait for a commit that is under way.
 */

/** All versions of a grant that lie behind the row `after`, in the order in which they came. */
int store_load_grant(struct store *s, const struct ident_id *id, int64_t after,
                     int (*visit)(void *u, const struct store_document *d), void *u);
/** The next `n` rows of grants behind `after`, in the order in which they came. */
int store_load_grants(struct store *s, int64_t after, unsigned n,
                      int (*visit)(void *u, const struct store_document *d), void *u);
/** The row of the document that came last; 0: there is none. */
int store_last_document(struct store *s, int64_t *ret);
/** The grants that have a version for this person. */
int store_load_ids_of(struct store *s, const char *staff, int (*visit)(void *u, const struct ident_id *id),
                      void *u);
/** The grants from `first` to `last`, both of them too. */
int store_load_ids_between(struct store *s, const struct ident_id *first, const struct ident_id *last,
                           int (*visit)(void *u, const struct ident_id *id), void *u);
/** 1; 0: nothing was counted of it; -errno. */
int store_load_books_of(struct store *s, const struct ident_id *id, struct store_books *ret);
/** The next `n` by id behind `after` (NULL: from the first on). */
int store_load_some_books(struct store *s, const struct ident_id *after, unsigned n,
                          int (*visit)(void *u, const struct store_books *b), void *u);
/** 1; 0: there is none; -errno. */
int store_find_verdict(struct store *s, const uint8_t key[static STORE_VERDICT_KEY],
                       struct store_verdict *ret);
/** The next `n` by key behind `after` (NULL: from the first on). */
int store_load_some_verdicts(struct store *s, const uint8_t *after, unsigned n,
                             int (*visit)(void *u, const struct store_verdict *v), void *u);
/** What was read of it is damaged: its health from now on. */
void store_set_damaged(struct store *s);

#endif
