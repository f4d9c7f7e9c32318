#ifndef HUFU_STORE_PAST_H
#define HUFU_STORE_PAST_H

#include "broker/store/anchor.h"
#include "broker/store/commit.h"

#include <stdbool.h>

/*
 * Whether a store goes on from where this host had come (store.h, enum store_past_kind): its ledger is
 * compared with the anchor. What was found once stays in the store, in meta, until it is accepted: by then
 * the ledger has grown, and could have grown beyond the anchor.
 */
struct past {
    char *path; /* of the anchor; NULL: nothing is compared or written */
    anchor_digest *sha256;
    struct anchor *anchor; /* NULL: there is none, or it cannot be read */
    struct anchor_mark had;
    char ledger[ANCHOR_LEDGER_SIZE];
    bool anchored; /* the store has had an anchor */
    bool first;    /* it never had one, and gets one */
    bool follows;  /* the anchor is written with each commit */
    uint64_t written;
    int error; /* of the last write */
    struct store_past found;
};

/** Compares. Writes nothing. With what check_ledger() found in `c`. 0 or -errno. */
int past_judge(struct past *p, const struct committer *c, const struct store_options *o);
/** Puts down what was found: the first anchor of a store, or the mark of a restored one. Once the store can
 * be written; a failure is kept in p->error. */
void past_note(struct past *p, const struct committer *c);
/** After a commit. */
void past_follow(struct past *p, const struct store_head *head);
/** What makes it good, in the transaction of whoever says so. */
void past_accept_write(const struct past *p, struct store_txn *t);
/** It was accepted, and that is on disk: the anchor is made anew, and follows. */
void past_accept(struct past *p, const struct store_head *head);
void past_done(struct past *p);

/** Marks a copy that is no store in use: whoever puts it in place is asked. Its head in *head. 0 or -errno.
 */
int past_mark_copy(sqlite3 *db, struct store_head *head);

#endif
