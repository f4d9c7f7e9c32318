#ifndef HUFU_DAEMON_DIRECTORY_INTERNAL_H
#define HUFU_DAEMON_DIRECTORY_INTERNAL_H

#include "broker/daemon/broker.h"
#include "broker/daemon/directory.h"
#include "broker/daemon/directory_table.h"
#include "broker/directory/feed.h"
#include "broker/directory/shadow.h"

#include <systemd/sd-event.h>

/*
 * What the files of the directory share.
 *
 * The shadow says what is there. A document that is new there becomes a task: its approvals are sifted,
 * verified on workers, and it goes to the taker of its type. Only when nothing is on its way any more is the
 * cookie that covers it all written, in the transaction of the last entries.
 */
#define DIRECTORY_ENTRIES_MAX ((size_t)1 << 17)
#define DIRECTORY_HELD_MAX    ((size_t)64 << 20) /* octets of documents that are staged or on their way */
/* ... while a claim is waited for, whose answer is behind what waits in the socket: a login must not be
 * refused because much is being taken in. hufu-ldapd queues no more than a few MiB in front of it. */
#define DIRECTORY_HELD_CLAIM    ((size_t)96 << 20)
#define DIRECTORY_UNVERIFIED    ((size_t)32 << 20) /* octets of grants that nobody approved yet */
#define DIRECTORY_UNSIGNED_MAX  1024
#define DIRECTORY_NAME_SIZE     161
#define DIRECTORY_TEXT_SIZE     240
#define DIRECTORY_UNDER_WAY_MAX 32  /* tasks */
#define DIRECTORY_SLICE         32  /* of them begun in a turn of the loop */
#define DIRECTORY_ROWS          512 /* of a transaction */
#define DIRECTORY_UNWRITTEN_MAX 65536
#define DIRECTORY_HEARTBEAT     100 /* shadow_record.type, beside enum document_type; 0: no document */

/* How far a search has come. */
enum directory_phase {
    DIRECTORY_IDLE,       /* nothing that comes is expected but BEGIN */
    DIRECTORY_REFRESHING, /* what comes is staged */
    DIRECTORY_COMPLETE,   /* what comes is taken at once */
};

/* What is known of an entry beside its record in the shadow: why it is of no use, or what it takes away. */
struct directory_note {
    struct table_item item; /* key: uuid */
    char text[DIRECTORY_TEXT_SIZE];
    size_t size; /* of the document of an unsigned revocation, which follows; 0: it is none */
    uint8_t octets[];
};

/* A grant that came from there, or for which a task is on its way. */
struct directory_published {
    struct table_item item; /* key: id */
    uint8_t digest[SHADOW_DIGEST_SIZE];
    bool is_known;      /* else only tasks are counted */
    bool is_in_force;   /* this digest is that of the version here */
    bool is_withdrawn;  /* and in no entry */
    bool is_unverified; /* its octets are counted */
    bool is_unwritten;
    bool is_awaited;  /* kept, of a grant that is still on its way from the store: else as if nothing were
                         known */
    bool was_there;   /* of such a one: in an entry, when hufud started */
    bool has_session; /* while directory_act() records */
    size_t size;
    unsigned tasks;
};

/* A document on its way. */
struct directory_task {
    struct directory_task *next;
    struct directory *directory;
    struct shadow_record entry; /* as it was told; its name is `name` */
    bool early;                 /* a revocation of a refresh that has not ended: it may only be taken in */
    bool of_refresh;
    bool for_this_host; /* a grant */
    bool uncounted;     /* of a grant: nobody knows that it is on its way */
    unsigned restarts;
    char name[DIRECTORY_NAME_SIZE];
    struct octets document;
    struct octets approvals[FEED_APPROVALS_MAX]; /* as they came */
    size_t n_approvals;

    struct trust_set *trust; /* under which it is verified; a reference */
    struct trust_set *next_trust;
    struct subject subject;
    uint8_t order[FEED_APPROVALS_MAX]; /* candidates, in the order in which they are tried */
    size_t n_order, tried, batch;
    bool under_next; /* the batch is verified under the trust file that is to come */
    struct octets trying[QUORUM_VOTES_MAX];
    struct octets good[QUORUM_VOTES_MAX];
    uint16_t signers[QUORUM_VOTES_MAX];
    size_t n_good;

    size_t size;
    uint8_t octets[];
};

struct directory_queue {
    struct directory_task *first, **end;
    size_t n, under_way;
};

/* An entry that a refresh told, until its end. */
struct directory_staged {
    struct table_item item; /* key: uuid */
    struct shadow_record entry;
    bool gone;
    bool early; /* was tried already, and is taken in */
    char text[DIRECTORY_TEXT_SIZE];
    char name[DIRECTORY_NAME_SIZE];
    struct directory_task *task; /* NULL: nothing to be done */
};

struct directory_cookie {
    size_t size;
    uint8_t octets[FEED_COOKIE_MAX];
};

struct directory {
    struct broker *broker;
    struct feed *feed;

    /* what is there */
    struct shadow *shadow;
    struct table notes, published;
    size_t n_withdrawn, n_unsigned, unverified;
    struct ident_id *awaited; /* that were so at the start */
    size_t n_awaited, next_awaited;
    uint32_t serial;       /* of what was told last */
    uint32_t trust_serial; /* changes with the trust */
    uint32_t anew_serial;  /* what was settled under a lower one is looked at again, also what was taken in */

    /* the search */
    uint32_t search;
    enum directory_phase phase;
    bool full_wanted; /* the next one has to be told everything */
    bool asked_full;  /* this one was, and has not ended yet */
    bool full;        /* the refresh that is under way tells everything */
    bool strange;     /* it named what is not known here */
    uint32_t told;    /* entries since BEGIN */
    struct table staged;
    bool paused;
    size_t left; /* tasks of the last refresh */
    struct shadow_record *swept;
    size_t n_swept, swept_capacity;
    bool trust_moved; /* since it was looked who waits for that */
    bool is_retrying; /* a search will begin anew by itself */
    bool refresh_done_due, last_was_full;
    size_t n_new, n_gone;
    char basis[65];                 /* what cookies depend on */
    struct directory_cookie cookie; /* on disk */
    struct directory_cookie wanted; /* to be written when all is settled; size 0: none */
    bool wants_cookie;
    uint64_t cookie_written_us;
    sd_event_source *full_timer, *retry_timer, *lost_timer;
    unsigned failures; /* in a row */

    /* on their way */
    struct directory_queue trust, status, revocations, grants;
    size_t held;
    sd_event_source *pump;
    bool pumping;

    /* to be written */
    struct directory_uuid {
        uint8_t octets[SHADOW_UUID_SIZE];
    } * unwritten, *writing;
    size_t n_unwritten, unwritten_capacity, n_writing;
    bool is_writing, writing_cookie;
    struct directory_cookie cookie_writing;

    /* withdrawn and back: noticed, not yet acted upon */
    struct ident_id *changed;
    size_t n_changed, changed_capacity, changed_unsaid;

    /* for people */
    enum feed_state state;
    when_t since, reached_at, error_at, next_try;
    bool pushes, is_lost, is_reached;
    char server[FEED_TEXT_MAX + 1], error[FEED_TEXT_MAX + 1];
    when_t heartbeat_written, heartbeat_received, last_change, last_refresh, last_full;
    size_t held_back;
};

/* ---- directory.c: the search ---- */

/** Begins a search anew, if hufu-ldapd is here. */
void directory_start(struct directory *d);
/** The same in a while, longer each time in a row. */
void directory_retry(struct directory *d);
void directory_trouble(struct directory *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Reading goes on or stops, by what is held. */
void directory_press(struct directory *d);
void directory_reached(struct directory *d);
void directory_maybe_lost(struct directory *d);

/* ---- directory_refresh.c ---- */

void directory_begin(struct directory *d, bool full);
void directory_end(struct directory *d, const struct feed_message *m);
void directory_told(struct directory *d, const struct feed_message *m);
void directory_deleted(struct directory *d, const struct feed_message *m);
void directory_present(struct directory *d, const struct feed_message *m);
void directory_unstage(struct directory *d);

/* ---- directory_entry.c: what is there, and what becomes of it ---- */

/** Reads a document into *entry (type, id, version, digests); NULL and *text says what is wrong with it; or
 * the task that it needs, not queued yet. *error: -ENOMEM. */
struct directory_task *directory_read(struct directory *d, const struct feed_message *m,
                                      struct shadow_record *entry, char name[static DIRECTORY_NAME_SIZE],
                                      char text[static DIRECTORY_TEXT_SIZE], int *error);
/** Whether what was taken in from this entry, under another trust, would be no other under this one. */
bool directory_is_good_still(const struct directory *d, const struct shadow_record *is);
/** Whether this was told before and nothing has to be done about it. */
bool directory_is_settled(const struct directory *d, const struct shadow_record *told);
/** The entry is there now. Takes the task over (NULL: nothing is to be done; `text` not empty: it is bad). */
void directory_put(struct directory *d, const struct shadow_record *entry, struct directory_task *task,
                   const char *text);
void directory_remove(struct directory *d, const uint8_t uuid[static SHADOW_UUID_SIZE]);
/** What was removed from the shadow already. */
void directory_removed(struct directory *d, const struct shadow_record *was);
/** What became of an entry: known from here on, and written. */
void directory_settle(struct directory *d, const struct shadow_record *entry, enum reason outcome, bool again,
                      const char *text, struct octets document);
bool directory_is_bad(enum reason outcome);
struct directory_note *directory_note(const struct directory *d, const uint8_t uuid[static SHADOW_UUID_SIZE]);
/** Says something of an entry (or nothing: empty), with or without octets. 0 or -ENOMEM. */
int directory_put_note(struct directory *d, const uint8_t uuid[static SHADOW_UUID_SIZE], const char *text,
                       struct octets document);

/** Text of elsewhere, fit to be seen, and as much of it as fits. */
void directory_copy_text(const char *from, char *to, size_t size);

/* ---- directory_queue.c: documents on their way, in the order that matters ---- */

void directory_enqueue(struct directory *d, struct directory_task *t);
void directory_pump_soon(struct directory *d);
/** Looks whether all that was told has found its place. */
void directory_settled(struct directory *d);
bool directory_is_quiet(const struct directory *d);
struct directory_task *directory_task_free(struct directory_task *t);
/** It ends. */
void directory_left_queue(struct directory_task *t);
int directory_task_init(struct directory *d);
void directory_task_done(struct directory *d);
/* ---- directory_task.c: to the taker ---- */

void directory_begin_task(struct directory_task *t);
/** Goes on with a task whose approvals are sifted, or begins anew. Called by directory_approvals.c. */
void directory_sifted(struct directory_task *t, int result);
void directory_sift(struct directory_task *t);

/* ---- directory_withdrawn.c ---- */

struct directory_published *directory_find_published(const struct directory *d, const struct ident_id *id);
/** NULL without memory. */
struct directory_published *directory_make_published(struct directory *d, const struct ident_id *id);
/** This digest of the grant is in force here, and came from there. */
void directory_publish(struct directory *d, const struct ident_id *id, const uint8_t *digest, size_t size,
                       bool verified);
/** Looks whether a grant is withdrawn, or back; unless a task of it is on its way. */
void directory_look_at(struct directory *d, const struct ident_id *id);
/** Acts upon all that was noticed: ends sessions, records. */
void directory_act(struct directory *d);
/** A revocation is there that nobody signed who may; false: it cannot be honoured (*text says why). */
bool directory_hold_unsigned(struct directory *d, const struct directory_task *t,
                             char text[static DIRECTORY_TEXT_SIZE]);
/** Whether it was unsigned or not: it is not any more, or gone. */
void directory_drop_unsigned(struct directory *d, const uint8_t digest[static SHADOW_DIGEST_SIZE]);
/** Those of another site hold no longer. */
void directory_check_site(struct directory *d);

/** Puts one in; its document is kept by the caller. 1: it is new, 0: it was there; -EINVAL, -ENOMEM. */
int directory_put_unsigned(struct directory *d, struct octets document, struct taken_entry *x);

/* ---- directory_store.c ---- */

int directory_load(struct directory *d);
void directory_unwritten_grant(struct directory *d, const struct ident_id *id);
void directory_unwritten(struct directory *d, const uint8_t uuid[static SHADOW_UUID_SIZE]);
/** Appends an entry of which nothing is said. */
void directory_write_row(const struct shadow_record *entry, enum reason outcome, bool again,
                         struct store_txn *t);
/** Writes what there is to write, if it is time. */
void directory_write(struct directory *d);
/** Whether who asks, or by what it judges, is another than when this was asked last. */
bool directory_basis_changed(struct directory *d);
/** The cookie of END or COOKIE: to be kept when all before it has found its place. */
void directory_want_cookie(struct directory *d, struct feed_octets cookie);

#endif
