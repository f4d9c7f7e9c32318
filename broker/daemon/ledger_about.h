#ifndef HUFU_DAEMON_LEDGER_ABOUT_H
#define HUFU_DAEMON_LEDGER_ABOUT_H

#include "broker/audit/segment.h"
#include "broker/store/store.h"
#include "policy/base/ident.h"

/* What is known of the ledger beside its records: its id, and the parts that were sealed and have left the
 * store. */
struct ledger_about {
    char id[IDENT_ID_TEXT_SIZE];
    struct sealed_segment *segments; /* the oldest first; the texts are owned */
    size_t n_segments;
};

/** At start. 0 or -errno. */
int ledger_about_load(struct ledger_about *a, struct store *s);
/** One more was sealed, and is on disk. 0 or -ENOMEM. */
int ledger_about_sealed(struct ledger_about *a, const struct sealed_segment *x);
void ledger_about_done(struct ledger_about *a);

#endif
