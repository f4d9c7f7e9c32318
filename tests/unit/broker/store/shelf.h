#ifndef HUFU_TESTS_UNIT_BROKER_STORE_SHELF_H
#define HUFU_TESTS_UNIT_BROKER_STORE_SHELF_H

#include "broker/store/store.h"

#include <sqlite3.h>

/* A folder with a store in it, on a disk that can be made to fail (fault.h). *state of the tests. */
struct shelf {
    void *folder;
    char path[200]; /* of the store */
    struct store_options options;
    struct store *store; /* NULL: not open */
    char error[200];     /* of the last store_open() or store_create() */
};

int shelf_setup(void **state);      /* a new store, open */
int shelf_setup_bare(void **state); /* the folder alone */
int shelf_teardown(void **state);

int shelf_open(struct shelf *x);
void shelf_close(struct shelf *x);
void shelf_reopen(struct shelf *x);

/** Copies the store's files as they lie, as a kill would leave them, to "copy" beside them; its path. */
const char *shelf_copy(struct shelf *x);
/** A connection of SQLite's own to a store that is not open. */
sqlite3 *shelf_raw(const char *path);
/** Runs SQL on such a store: its result code. */
int shelf_raw_exec(const char *path, const char *sql);
long long shelf_raw_int(const char *path, const char *sql);

/** A login record of `staff`. */
struct record shelf_record(const char *staff);

struct answer {
    int calls, result;
    uint64_t sequence;
};
void shelf_answered(void *answer, int result, uint64_t sequence);
/** Submits a transaction of one record. */
void shelf_submit(struct shelf *x, const char *staff, struct answer *a);
/** Submits it and waits for its answer: its result. */
int shelf_commit(struct shelf *x, const char *staff);

/** As many, one after another, each of which has to be stored. */
void shelf_commit_some(struct shelf *x, unsigned n);
/** A transaction to fill, and its commit, which has to succeed. */
struct store_txn *shelf_txn(struct shelf *x);
void shelf_commit_txn(struct shelf *x, struct store_txn *t);

/** The store's files as a killed broker leaves them take the place of the store, which is closed. */
void shelf_leave_as_killed(struct shelf *x);
/** Opening is refused with `code` and a text that has `words`, and the file is left as it was. */
void shelf_assert_refused(struct shelf *x, int code, const char *words);

/** Reads the whole ledger and looks at sequence, chain and hash of each record, whose number it returns. */
uint64_t shelf_check_ledger(struct shelf *x);

int shelf_sha256(const void *octets, size_t size, uint8_t out[static 32]);

#endif
