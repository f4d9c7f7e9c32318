#ifndef HUFU_DAEMON_LOADING_ROWS_H
#define HUFU_DAEMON_LOADING_ROWS_H

#include "broker/daemon/offer.h"
#include "broker/store/store.h"
#include "policy/base/buf.h"
#include "policy/engine/quorum.h"

/* Some rows of documents, copied out of the store: whoever visits them there must not call it. */

#define LOADING_ROWS_MAX 32

struct loading_row {
    int64_t row;
    struct ident_id id;
    size_t document, size; /* where in the octets */
    size_t approvals[QUORUM_VOTES_MAX], sizes[QUORUM_VOTES_MAX];
    size_t n_approvals;
};

struct loading_rows {
    struct buf octets;
    struct loading_row *items;
    size_t n, capacity, next; /* next: for whoever takes them one by one */
};

void loading_rows_done(struct loading_rows *rows);
/** Lets go of what is in it. */
void loading_rows_clear(struct loading_rows *rows);
/** Visitor of store_load_grant() and store_load_grants(). 0 or -ENOMEM. */
int loading_rows_add(void *rows, const struct store_document *d);
/** A row as it is offered; what it points to lasts until another is added. */
struct offer loading_rows_offer(const struct loading_rows *rows, size_t i,
                                struct octets approvals[static QUORUM_VOTES_MAX]);

#endif
