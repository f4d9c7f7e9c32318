#ifndef HUFU_STORE_TXN_H
#define HUFU_STORE_TXN_H

#include "broker/store/store.h"
#include "policy/base/buf.h"

/*
 * A transaction between its making and its answer. It owns copies of all it was given, so that the store
 * thread shares nothing with the thread that made it.
 */
enum op_kind {
    OP_RECORD = 1,
    OP_DOCUMENT,
    OP_DROP_DOCUMENTS, /* type, id and version of op.document */
    OP_FORGET_GRANT,   /* id of op.published */
    OP_FEED,
    OP_UNFEED, /* uuid of op.feed */
    OP_PUBLISHED,
    OP_BOOKS,
    OP_SESSION,
    OP_TAKEN,
    OP_UNTAKEN,
    OP_META,
    OP_VERDICT,
    OP_KEEP_VERDICTS,
    OP_CLAIM,
    OP_SEGMENT,
    OP_TRIM,       /* last of op.segment */
    OP_DROP_CLAIM, /* nonce of op.claim */
    OP_REPETITION,
    OP_DROP_REPETITION, /* key of op.repetition */
};

struct op_document {
    uint8_t type;
    struct ident_id id;
    uint32_t version;
    struct buf octets;
    struct buf approvals; /* txn_approvals_encode() */
};

struct op_feed {
    struct store_feed row; /* what it points to is in the fields below */
    char *name, *text;
    struct buf octets;
};

struct op_repetition {
    char *key;
    struct buf sample, addresses;
    uint64_t count;
    int64_t first_us, last_us;
};

struct op_keep_verdicts {
    uint8_t basis[STORE_VERDICT_KEY];
    uint8_t first[STORE_VERDICT_KEY], last[STORE_VERDICT_KEY]; /* of the keys that it concerns */
};

struct op_segment {
    uint64_t first, last;
    uint8_t hash[RECORD_HASH_SIZE];
    char *sealed;
};

struct op_meta {
    char *name, *value;
};

struct op {
    struct op *next;
    enum op_kind kind;
    union {
        struct record *record;
        struct op_document document;
        struct store_books books;
        struct store_session session;
        struct store_taken taken; /* OP_UNTAKEN: kind, scope and name */
        struct op_meta meta;
        struct op_segment segment;
        struct op_feed feed;
        struct store_published published;
        struct store_verdict verdict;
        struct op_keep_verdicts keep_verdicts;
        struct store_claim claim;
        struct op_repetition repetition;
    };
};

struct store_txn {
    struct store_txn *next; /* in the store's queue, then among its answers */
    struct op *first, **end;
    int error; /* of the first store_txn_*() that failed */

    bool can_wait, keep;

    store_done *done;
    void *userdata;
    int result;
    uint64_t sequence;
};

/** Approvals as one column: u32 count, then u32 length and octets of each. */
void txn_approvals_encode(struct buf *b, const struct store_blob *approvals, size_t n);
/** *ret is the caller's to free and points into `data`. 0, -EBADMSG, -ENOMEM. */
int txn_approvals_decode(const uint8_t *data, size_t size, struct store_blob **ret, size_t *n);

#endif
