#ifndef HUFU_STORE_COMMIT_H
#define HUFU_STORE_COMMIT_H

#include "broker/store/store.h"
#include "broker/store/txn.h"

#include <sqlite3.h>
#include <stddef.h>

/* The statements of the way in, prepared once. */
enum commit_statement {
    COMMIT_BEGIN,
    COMMIT_COMMIT,
    COMMIT_ROLLBACK,
    COMMIT_SAVEPOINT,
    COMMIT_RELEASE,
    COMMIT_ROLLBACK_TO,
    COMMIT_WRITTEN,
    COMMIT_FED,
    COMMIT_OPENED,
    COMMIT_RECORD,
    COMMIT_DOCUMENT,
    COMMIT_DROP_DOCUMENTS,
    COMMIT_FORGET_DOCUMENTS,
    COMMIT_FORGET_BOOKS,
    COMMIT_FORGET_PUBLISHED,
    COMMIT_FEED,
    COMMIT_UNFEED,
    COMMIT_PUBLISHED,
    COMMIT_BOOKS,
    COMMIT_SESSION,
    COMMIT_SESSION_IS_OVER,
    COMMIT_SESSION_OVER,
    COMMIT_TAKEN,
    COMMIT_UNTAKEN,
    COMMIT_SEGMENT,
    COMMIT_TRIM,
    COMMIT_META,
    COMMIT_VERDICT,
    COMMIT_KEEP_VERDICTS,
    COMMIT_CLAIM,
    COMMIT_DROP_CLAIM,
    COMMIT_REPETITION,
    COMMIT_DROP_REPETITION,
    COMMIT_STATEMENTS,
};

struct committer {
    sqlite3 *db; /* borrowed */
    sqlite3_stmt *statements[COMMIT_STATEMENTS];
    int (*sha256)(const void *octets, size_t size, uint8_t out[static 32]);
    int (*sm3)(const void *octets, size_t size, uint8_t out[static 32]); /* or NULL */
    _Atomic(enum record_format) format;                                  /* of new records */
    uint64_t fed;
    bool fed_noted; /* the store says `fed` */
    bool trimmed;   /* records were removed, or it was tried, since this was last taken back */
    bool (*make_room)(void *userdata, unsigned attempt); /* may be NULL */
    void *userdata;
    struct store_head head; /* as committed; while a group is under way: as it will be */
};

int committer_init(struct committer *c, sqlite3 *db, const struct store_options *options);
void committer_done(struct committer *c);

/** Transactions that are committed as one. `fed` is put on record beside them. */
struct commit_group {
    struct store_txn **txns;
    size_t n;
    uint64_t fed;
    /* NULL, or puts what has arrived meanwhile behind the others, as far as txns has room. */
    void (*join)(struct commit_group *g);
    void *userdata; /* for join */
};

/** Sets result and sequence of each, also of those that joined. What stands behind one that is to be kept and
 * found no room fails with it. Returns 0, or why the disk did not take them. */
int committer_group(struct committer *c, struct commit_group *g);

/** Whether room was made after `result`, for the n-th attempt: then it may be tried again. */
bool committer_has_made_room(const struct committer *c, int result, unsigned attempt);

/** Writes whether a broker has the store open. 0 or -errno. */
int committer_set_opened(struct committer *c, int opened);
/** Writes how far journald was fed. 0 or -errno. */
int committer_set_fed(struct committer *c, uint64_t fed);

/** Applies one operation inside the transaction that is open. 0 or -errno. */
int apply_op(struct committer *c, const struct op *o, uint64_t *sequence);

/** hash = H(previous || record_encode(r)), H that of the record's format. 0 or -errno. */
int ledger_hash(const struct committer *c, const struct record *r,
                const uint8_t previous[static RECORD_HASH_SIZE], uint8_t hash[static RECORD_HASH_SIZE]);

#endif
