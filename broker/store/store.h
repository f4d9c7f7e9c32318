#ifndef HUFU_STORE_STORE_H
#define HUFU_STORE_STORE_H

#include "broker/audit/filter.h"
#include "broker/audit/record.h"
#include "broker/audit/segment.h"
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"
#include "policy/base/verdict.h"
#include "policy/base/when.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The store: one thread owns SQLite (WAL, synchronous=FULL). Others hand it transactions; it takes all that
 * wait, commits them as one (group commit; one that fails fails alone), and answers through an eventfd in the
 * loop of its owner, the thread that opened it. The owner's loop never waits for the disk.
 *
 * The store is made once, by `hufud --create-store`; a missing or damaged one is never made anew. While it is
 * open, no other process can read or write the file: everything goes through the broker.
 *
 * Load, submit, read, dispatch, flush and close belong to the owner; the functions that say so may be called
 * by any thread until store_close(). No callback may call store_flush() or store_close().
 */
struct store;
struct store_txn;

/* A small fact by name. */
struct store_meta {
    const char *name, *value;
};

struct store_options {
    const char *path; /* /var/lib/hufu/hufu.db */
    /* Of store_create() alone: facts that the store has from its first moment on. */
    const struct store_meta *metas;
    size_t n_metas;
    /* SHA-256 and SM3, handed in so that libcrypto keeps its one door. sm3 may be NULL or fail with
     * -EOPNOTSUPP, which matters only to a ledger that has or is to have records of that format. */
    int (*sha256)(const void *octets, size_t size, uint8_t out[static 32]);
    int (*sm3)(const void *octets, size_t size, uint8_t out[static 32]);
    enum record_format format; /* of new records; 0: RECORD_FORMAT_2_SHA256 */
    bool measure;              /* store_ledger_size() is wanted: costs a look at each page of the ledger */
    /* May be NULL. Called when the disk has no room for a transaction or for copying the log back, by the
     * thread that commits, for the n-th time (from 0) of each: makes some. False: there is none to be had. */
    bool (*make_room)(void *userdata, unsigned attempt);
    void *userdata;
    const char *anchor_path; /* /var/lib/hufu-anchor/anchor; NULL: its past is not looked at */
};

/** Makes a new store, mode 0600, whole or not at all; -EEXIST if anything is there (also a log without a
 * store). */
int store_create(const struct store_options *options, char error[static 200]);

/** Opens, checks (the file is a store, its write-ahead log was not lost, schema version, migrations, PRAGMA
 * quick_check, the hashes of the ledger's last records) and starts the thread. 0; -ENOENT (missing), -EBADMSG
 * (damaged), -EPROTO (newer schema), -EBUSY (another process has it open), -EPERM (not a regular file),
 * -errno; `error` says which and where. A full or failing disk is no error here but of store_health(): what
 * the store knows can be loaded, and nothing is committed until the disk takes it. */
int store_open(const struct store_options *options, struct store **ret, char error[static 200]);

/** Commits what waits, dispatches all answers, stops the thread, closes. Threads inside store_read_wait() and
 * store_wait_beyond() get -ECANCELED; they must not call the store again. */
struct store *store_close(struct store *s);
DEFINE_CLEANUP(struct store, store_close);

/* ---- the ledger as a whole; any thread ---- */

/** The last committed record: sequence (0: there is none yet) and hash. */
struct store_head {
    uint64_t sequence;
    uint8_t hash[RECORD_HASH_SIZE];
};
struct store_head store_head(struct store *s);
/** Sequence of the oldest record that is still there. */
uint64_t store_ledger_first(struct store *s);
/** Octets that the ledger takes in the database: as measured when it was opened, and what the database has
 * grown or shrunk by since. Kept up to date while commits go on, not with each of them. */
uint64_t store_ledger_size(struct store *s);
/** The format of new records from now on. 0; -EOPNOTSUPP: there is no such hash here, and nothing changes. */
int store_set_format(struct store *s, enum record_format format);

/* ---- where it comes from ---- */

/* A store that does not go on from where this host had come: what was used and revoked in between is not in
 * it. */
enum store_past_kind {
    STORE_PAST_KNOWN = 0,  /* it goes on from there */
    STORE_PAST_COPY,       /* a copy that store_backup() made */
    STORE_PAST_BEHIND,     /* an earlier state of the ledger that was here */
    STORE_PAST_FORKED,     /* a ledger with another history than the one that was here */
    STORE_PAST_FOREIGN,    /* another ledger than the one that was here */
    STORE_PAST_UNANCHORED, /* how far it had come is not known: the anchor is gone, or cannot be read */
};

struct store_past {
    enum store_past_kind kind;
    uint64_t had;   /* sequence that the host had come to, as far as known; 0: unknown */
    int64_t had_us; /* wall clock then; 0: unknown */
    uint64_t has;   /* sequence of the store when it was found */
    int64_t has_us; /* of that record; 0: there is none */
};

/** What was found when it was opened, and was not accepted since. The anchor is left alone until it is. */
struct store_past store_past(struct store *s);
/** What makes the store the one that goes on, in the caller's transaction; and, when that is on disk, does
 * it. */
void store_txn_accept_past(struct store *s, struct store_txn *t);
void store_accept_past(struct store *s);
/** 0, or why the anchor could not be written last. It costs no commit. */
int store_anchor_error(struct store *s);

/* ---- a copy of it, while it is in use ---- */

struct store_copy {
    uint64_t sequence; /* of its last record */
    uint8_t hash[RECORD_HASH_SIZE];
    uint64_t size;
    uint8_t sha256[32]; /* of the file */
};

/* Called from store_dispatch(). result: 0; -ENOSPC, -EIO ... (nothing is left behind); -ECANCELED (the store
 * closes). */
typedef void store_copied(void *userdata, int result, const struct store_copy *copy);

/** Copies the store into a new file, in steps between commits, as it is at one of them: a store that is
 * closed and needs no log, and is marked as a copy (STORE_PAST_COPY). It has its name when it is whole and on
 * disk. 0; -EBUSY (one is being made); -EEXIST; -errno: then `done` is not called. */
int store_backup(struct store *s, const char *path, store_copied *done, void *userdata);

/* ---- loading at start, before the first submit, in the calling thread; visitors must not call the store
 * ---- */

struct store_document {
    int64_t row;        /* where it lies, of a grant that is loaded by itself; it stays there */
    uint8_t type;       /* enum document_type */
    struct ident_id id; /* grant, revocation; zero for trust */
    uint32_t version;   /* grant: version; trust: epoch */
    const uint8_t *octets;
    size_t size;
    const struct store_blob *approvals;
    size_t n_approvals;
};
struct store_blob {
    const uint8_t *data;
    size_t size;
};

/* Counts of a grant, across versions: absolute, on this host. */
struct store_books {
    struct ident_id id;
    uint32_t uses_taken;
    bool closed;
    uint32_t verified_version; /* highest that ever verified; never lowered by a write */
};

enum store_session_state {
    STORE_SESSION_RESERVED = 1,
    STORE_SESSION_OPEN,
    STORE_SESSION_ENDING, /* to be ended; its account stays locked until that is proven */
    STORE_SESSION_ENDED,
    STORE_SESSION_RELEASED, /* reservation given back: no session came of it */
};

struct store_session {
    uint64_t number; /* hufud's, never reused */
    enum store_session_state state;
    struct ident_id grant;
    uint32_t version;
    char staff[33];
    uint32_t uid;
    char service[65];
    char source[65]; /* address, "local" or empty */
    char tty[129];
    char key[51]; /* fingerprint text or empty */
    char boot_id[33];
    uint32_t pid;
    uint64_t start_time;
    uint32_t parent;
    uint64_t parent_start_time;
    uint32_t audit_session;
    uint8_t counts;                          /* it took a use */
    uint8_t channels;                        /* in use: enum grant_channel bits, and FACTS_UNITS */
    when_t reserved_at, opened_at, ended_at; /* 0: not yet */
    when_t deadline;
    enum reason end_reason; /* 0: not ended */
};

enum store_taken_scope { STORE_TAKEN_GRANT = 1, STORE_TAKEN_STAFF, STORE_TAKEN_VENDOR, STORE_TAKEN_HOST };
enum store_taken_kind {
    STORE_TOMBSTONE =
        1,      /* revocation by an operator of this host, or signed: never lifted by the directory */
    STORE_LOCK, /* reversible */
};
struct store_taken {
    enum store_taken_kind kind;
    enum store_taken_scope scope;
    char name[65]; /* grant id as text, staff, vendor; empty for host */
    when_t at;
    when_t until; /* WHEN_NEVER: forever */
    uint32_t by;  /* login uid of who said it */
    char why[201];
};

/* What verifying an approval came to; broker/trust gives these octets their meaning. */
#define STORE_VERDICT_KEY  32
#define STORE_VERDICT_SIZE 64
struct store_verdict {
    uint8_t key[STORE_VERDICT_KEY];
    uint8_t basis[STORE_VERDICT_KEY]; /* what it rests on */
    uint8_t octets[STORE_VERDICT_SIZE];
    size_t size; /* 1 to STORE_VERDICT_SIZE */
};

/* An entry of the directory as it was told last. */
#define STORE_UUID_SIZE   16
#define STORE_DIGEST_SIZE 32
struct store_feed {
    uint8_t uuid[STORE_UUID_SIZE];
    uint8_t digest[STORE_DIGEST_SIZE];    /* of its document */
    uint8_t approvals[STORE_DIGEST_SIZE]; /* of its approvals */
    uint8_t type;                         /* enum document_type; others are the directory's own */
    struct ident_id id;                   /* of a grant or revocation; else zeros */
    enum reason reason;                   /* what became of it */
    bool again;                           /* it has to be told again: the reason may pass unseen */
    const char *name, *text;              /* of the entry, and why; for people */
    const uint8_t *octets;                /* its document, if that is kept nowhere else; size 0: no */
    size_t size;
};

/* A grant that came from the directory: the octets of it that were in force here last and were there. */
struct store_published {
    struct ident_id id;
    uint8_t digest[STORE_DIGEST_SIZE];
};

/* A use of an `N fleet` grant, asked for at the claim provider under a nonce that nobody else has. */
enum store_claim_state {
    STORE_CLAIM_ASKED = 1, /* may be held there or not; nobody here has it */
    STORE_CLAIM_HELD,      /* by a session that is reserved or opening */
    STORE_CLAIM_USED,      /* by a session that opened: for good */
    STORE_CLAIM_OWED,      /* to be given back */
};
#define STORE_CLAIM_NONCE 16
struct store_claim {
    uint8_t nonce[STORE_CLAIM_NONCE];
    struct ident_id grant;
    enum store_claim_state state;
    uint64_t session; /* HELD, USED: its number; else 0 */
    when_t at;        /* when it was asked for */
};

/* Refusals that are being counted and are not in the ledger yet; broker/daemon gives the octets their
 * meaning. */
struct store_repetition {
    const char *key;
    const uint8_t *sample;
    size_t sample_size;
    uint64_t count; /* 1 and more */
    int64_t first_us, last_us;
    const uint8_t *addresses;
    size_t addresses_size;
};

/* Each returns 0 or a negative errno of the visitor (which stops the walk) or of the store (-EBADMSG: a row
 * that the store cannot have written). What a visitor is given lasts for its call. */
/** Those that are no grants, by type and version: found without looking at the grants, for which
 * there is load_grants.h. */
int store_load_few(struct store *s, int (*visit)(void *u, const struct store_document *d), void *u);
/** Sessions not ENDED or RELEASED; and *next_number, the first number never used. */
int store_load_sessions(struct store *s, int (*visit)(void *u, const struct store_session *x), void *u,
                        uint64_t *next_number);
int store_load_taken(struct store *s, int (*visit)(void *u, const struct store_taken *t), void *u);
int store_load_feed(struct store *s, int (*visit)(void *u, const struct store_feed *x), void *u);
int store_load_published(struct store *s, int (*visit)(void *u, const struct store_published *x), void *u);
/** Claims not USED. */
int store_load_claims(struct store *s, int (*visit)(void *u, const struct store_claim *c), void *u);
int store_load_repetitions(struct store *s, int (*visit)(void *u, const struct store_repetition *x), void *u);
/** Parts of the ledger that were sealed and taken away, the oldest first. */
int store_load_segments(struct store *s, int (*visit)(void *u, const struct sealed_segment *x), void *u);
/** Small facts by name: host name and machine-id it was made for, highest trusted time ... 0, -ENOENT,
 * -ERANGE (does not fit). */
int store_load_meta(struct store *s, const char *name, char *value, size_t size);

/* ---- transactions ---- */

int store_txn_new(struct store *s, struct store_txn **ret);
struct store_txn *store_txn_free(struct store_txn *t); /* one that was not submitted */
DEFINE_CLEANUP(struct store_txn, store_txn_free);

/* Each copies what it is given and remembers the first error, which store_submit() returns. Documents are
 * kept one row for each (type, id, version), books and taken one for each key, sessions one for each number:
 * a later one takes the place of an earlier one. A record's sequence and hashes are the store's to give. */
void store_txn_record(struct store_txn *t, const struct record *r);
void store_txn_document(struct store_txn *t, const struct store_document *d);
/** Drops the versions of one id and type that are higher than `above`. */
void store_txn_drop_documents(struct store_txn *t, uint8_t type, const struct ident_id *id, uint32_t above);
/** Drops a grant that never was verified and of which nothing was used: all its documents, and its other rows
 * unless they say otherwise. */
void store_txn_forget_grant(struct store_txn *t, const struct ident_id *id);
/** One row a uuid. */
void store_txn_feed(struct store_txn *t, const struct store_feed *x);
void store_txn_unfeed(struct store_txn *t, const uint8_t uuid[static STORE_UUID_SIZE]);
/** One row a grant. */
void store_txn_published(struct store_txn *t, const struct store_published *x);
void store_txn_books(struct store_txn *t, const struct store_books *b);
void store_txn_session(struct store_txn *t, const struct store_session *x);
void store_txn_taken(struct store_txn *t, const struct store_taken *x);
void store_txn_untaken(struct store_txn *t, enum store_taken_kind kind, enum store_taken_scope scope,
                       const char *name);
/** Notes that records up to `last` are sealed: it goes on from the segment before, and the last record has
 * that hash; anything else fails. From then on these may be removed, and nothing else of the ledger. */
void store_txn_segment(struct store_txn *t, const struct sealed_segment *x);
/** Removes sealed records up to `upto`. Others stay. */
void store_txn_trim(struct store_txn *t, uint64_t upto);
void store_txn_meta(struct store_txn *t, const char *name, const char *value);
/** One row a key. */
void store_txn_verdict(struct store_txn *t, const struct store_verdict *v);
/** One row a nonce. */
void store_txn_claim(struct store_txn *t, const struct store_claim *c);
void store_txn_drop_claim(struct store_txn *t, const uint8_t nonce[static STORE_CLAIM_NONCE]);
/** One row a key. */
void store_txn_repetition(struct store_txn *t, const struct store_repetition *x);
void store_txn_drop_repetition(struct store_txn *t, const char *key);
/** Forgets those that rest on anything else: in as many parts as `of` says, from 0 on, each about as large.
 */
void store_txn_keep_verdicts(struct store_txn *t, const uint8_t basis[static STORE_VERDICT_KEY],
                             uint32_t part, uint32_t of);

/** It can wait for a disk with room: none is made for it. */
void store_txn_can_wait(struct store_txn *t);
/** It says what has happened already. If the disk has no room for it, it is kept in memory, and everything
 * that is submitted after it is refused or kept behind it until there is: so that it is written in its order.
 * STORE_KEPT_MAX of them; a further one is answered with the error. One that is kept when the store closes is
 * tried once more, then answered. */
void store_txn_keep(struct store_txn *t);
#define STORE_KEPT_MAX 8192

/* result: 0 when it is on disk, else negative errno (-ENOSPC, -EIO, -EBADMSG ...) and nothing of it is.
 * sequence: of its last ledger record, 0 without. Called from store_dispatch(). */
typedef void store_done(void *userdata, int result, uint64_t sequence);

/** Hands over `t` (also on failure). `done` may be NULL. 0 or a negative errno (then done is not called).
 * Answers come in the order of submission. */
int store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata);

/** Readable when answers wait. */
int store_fd(const struct store *s);
void store_dispatch(struct store *s);
/** Waits until everything submitted so far has been answered or kept, and dispatches it. At stop and in
 * tests. Returns store_health(). */
int store_flush(struct store *s);
/** 0, or why the last commit failed (until one succeeds); -EBADMSG stays. Any thread. */
int store_health(struct store *s);
/** How many transactions are kept in memory until there is room. Any thread. */
unsigned store_kept(struct store *s);

/* ---- reading the ledger ---- */

/* Rows read on the store thread, in steps between commits, handed over from store_dispatch(). The array is
 * freed after the call. */
typedef void store_rows(void *userdata, int result, const struct record *rows, size_t n);
/** 0; -EINVAL (there is no such reason); -errno: then `rows` is not called. Sees what was committed when the
 * store thread gets to it. */
int store_read(struct store *s, const struct record_filter *f, store_rows *rows, void *userdata);

/** The same for a thread that may wait (the journald feeder). The caller frees *ret with record_free_array().
 * Any thread but the owner. */
int store_read_wait(struct store *s, const struct record_filter *f, struct record **ret, size_t *n);
/** Waits until a record of sequence > after is committed: 0; or until the store closes, or *cancelled is true
 * (it may be NULL; after setting it call store_wake_waiting()): -ECANCELED. Any thread but the owner. */
int store_wait_beyond(struct store *s, uint64_t after, const atomic_bool *cancelled);
void store_wake_waiting(struct store *s);
/** Remembers how far journald was fed; it is written with the next commit and at close. Any thread. */
int store_set_fed(struct store *s, uint64_t sequence);
uint64_t store_fed(struct store *s);

#endif
