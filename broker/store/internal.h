#ifndef HUFU_STORE_INTERNAL_H
#define HUFU_STORE_INTERNAL_H

#include "broker/store/backup.h"
#include "broker/store/commit.h"
#include "broker/store/past.h"
#include "broker/store/rows.h"
#include "broker/store/store.h"
#include "broker/store/survey.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>

/*
 * Two threads and perhaps a few more. The owner (the broker's loop) submits and dispatches; the worker runs
 * SQLite; threads that may wait (the feeder) read. `lock` guards what they hand to each other and is never
 * held over SQLite or a callback. `connection` guards the connection: the worker holds it while it works, the
 * owner while it loads.
 */
#define FILTER_TEXTS 10

/* Statements of load_grants.c, which run once for each grant or more. */
enum store_find {
    FIND_GRANTS_BEHIND,
    FIND_GRANT,
    FIND_IDS_OF,
    FIND_IDS_BETWEEN,
    FIND_BOOKS,
    FIND_BOOKS_BEHIND,
    FIND_VERDICT,
    FIND_VERDICTS_BEHIND,
    STORE_FINDS,
};

struct store_read {
    struct store_read *next; /* in the queue, then among the answers */
    struct record_filter filter;
    char *texts[FILTER_TEXTS]; /* what the filter points to */
    uint64_t first, last;      /* still to be looked at */
    bool started;
    bool finished; /* under `lock`: answered, and the worker is done with it */
    size_t limit;
    struct record_rows found;
    int result;
    store_rows *rows; /* NULL: a thread waits for it, and frees it */
    void *userdata;
};

struct store {
    int event_fd; /* readable when answers wait */
    pthread_t thread;
    bool started; /* the worker runs */

    pthread_mutex_t connection;
    sqlite3 *db;
    sqlite3_stmt *finds[STORE_FINDS]; /* made when they are needed first */
    struct committer committer;
    struct past past;
    bool marked; /* the main file says that the store is open */
    struct survey survey;
    int log_pages; /* in the write-ahead log after the last commit */

    /* The worker's: transactions that wait for room, the oldest first. */
    struct store_txn *kept, **kept_end;
    atomic_uint n_kept;

    pthread_mutex_t lock;
    pthread_cond_t work;    /* something for the worker */
    pthread_cond_t settled; /* something was answered or committed, or the store closes */
    bool closing, dispatching;
    struct store_txn *queue, **queue_end;
    struct store_txn *answers, **answers_end;
    struct store_read *reads, **reads_end;
    struct store_read *read_answers, **read_answers_end;
    uint64_t n_submitted, n_answered; /* transactions and reads */
    uint64_t sequence;                /* of the last committed record */
    uint8_t hash[RECORD_HASH_SIZE];   /* and its hash */
    uint64_t first;                   /* the oldest record that is there */
    uint64_t ledger_size;             /* octets */
    uint64_t fed;
    unsigned n_waiting; /* threads inside store_read_wait() and store_wait_beyond() */
    int health;
    struct store_past past_found;
    bool past_accepted; /* and the worker has not yet seen it */
    int anchor_error;
    struct backup *backup; /* being made; the worker's until it is finished */
};

/** Lets go of the statements of load_grants.c. */
void finds_done(struct store *s);

/** The worker's thread. */
void *worker_run(void *store);

/** Takes what found no room and is to be kept out of the group, all answered. */
void kept_add(struct store *s, struct store_txn **txns, size_t *n);
/** Takes up to `max` of them out. */
size_t kept_take(struct store *s, struct store_txn **txns, size_t max);
/** Tries the oldest that are kept: up to `max` of them are taken out, into `txns`, and committed together. 0:
 * there are none, or all those found room; else their error, and what found none is kept again. With
 * `connection` held. */
int kept_commit(struct store *s, struct store_txn **txns, size_t max, size_t *n, uint64_t fed);

/** Notes in the main file that the store is open. With `connection` held. 0 or -errno. */
int worker_mark_opened(struct store *s);

struct store_read *read_free(struct store_read *r);
/** Looks at the next part of the ledger; true if that was all, at an error too. With `connection` held. */
bool read_step(struct store *s, struct store_read *r);

#endif
