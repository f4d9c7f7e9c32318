#include "tests/unit/broker/store/older.h"

#include "broker/store/rows.h"
#include "broker/store/schema.h"
#include "tests/unit/broker/store/shelf.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define FORMAT_2_SINCE 6

static const char undo_6[] =
    "DROP TABLE repetition; DROP TRIGGER ledger_append; DROP TRIGGER ledger_delete; DROP TABLE segment;"
    "CREATE TRIGGER ledger_append BEFORE INSERT ON ledger"
    " WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM ledger)"
    " BEGIN SELECT raise(ABORT, 'the ledger has no gaps and is not overwritten'); END;"
    "CREATE TRIGGER ledger_delete BEFORE DELETE ON ledger"
    " BEGIN SELECT raise(ABORT, 'the ledger is not shortened'); END;"
    "ALTER TABLE ledger DROP COLUMN sources; ALTER TABLE ledger DROP COLUMN first_us;"
    "ALTER TABLE ledger DROP COLUMN count; ALTER TABLE ledger DROP COLUMN format;";

static const char undo_8[] = "INSERT INTO session SELECT * FROM session_live; DROP TABLE session_live;"
                             "CREATE INDEX session_not_over ON session (number) WHERE state IN (1, 2, 3);";

static const char *const undo[] = {NULL,
                                   "DROP TABLE verdict;",
                                   "DROP TABLE feed; DROP TABLE published;",
                                   "DROP TABLE claim;",
                                   "ALTER TABLE session DROP COLUMN channels;",
                                   undo_6,
                                   "DROP INDEX document_of_staff; DROP INDEX document_no_grant;",
                                   undo_8};

static void put_hashes(sqlite3 *db, const struct record *r)
{
    sqlite3_stmt *statement = NULL;

    assert_int_equal(sqlite3_prepare_v2(db, "UPDATE ledger SET previous = ?1, hash = ?2 WHERE sequence = ?3",
                                        -1, &statement, NULL),
                     SQLITE_OK);
    (void)sqlite3_bind_blob(statement, 1, r->previous, RECORD_HASH_SIZE, SQLITE_STATIC);
    (void)sqlite3_bind_blob(statement, 2, r->hash, RECORD_HASH_SIZE, SQLITE_STATIC);
    (void)sqlite3_bind_int64(statement, 3, (int64_t)r->sequence);
    assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
    (void)sqlite3_finalize(statement);
}

/* The trigger that keeps records as they are comes back as it was. */
static void write_in_format_1(sqlite3 *db)
{
    const struct row_window all = {.first = 1, .last = INT64_MAX, .limit = 100000};
    struct record_rows rows = {.n = 0};
    uint8_t previous[RECORD_HASH_SIZE] = {0};

    assert_int_equal(rows_read(db, &all, &(struct record_filter){0}, &rows), 0);
    assert_int_equal(sqlite3_exec(db, "BEGIN; DROP TRIGGER ledger_update", NULL, NULL, NULL), SQLITE_OK);
    for (size_t i = 0; i < rows.n; i++) {
        struct record *r = &rows.rows[i];
        struct buf b = BUF_INIT;

        r->format = RECORD_FORMAT_1;
        memcpy(r->previous, previous, sizeof(previous));
        buf_put(&b, previous, sizeof(previous));
        record_encode(r, &b);
        assert_int_equal(shelf_sha256(b.data, b.size, r->hash), 0);
        memcpy(previous, r->hash, sizeof(previous));
        put_hashes(db, r);
        buf_done(&b);
    }
    record_free_array(rows.rows, rows.n);
    assert_int_equal(sqlite3_exec(db,
                                  "CREATE TRIGGER ledger_update BEFORE UPDATE ON ledger"
                                  " BEGIN SELECT raise(ABORT, 'the ledger is not changed'); END; COMMIT",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
}

void older_make(const char *path, size_t version)
{
    size_t is = (size_t)shelf_raw_int(path, "PRAGMA user_version");
    sqlite3 *db = shelf_raw(path);
    char set[64];

    assert_int_equal(sizeof(undo) / sizeof(undo[0]), schema_n_steps);
    if (is >= FORMAT_2_SINCE && version < FORMAT_2_SINCE)
        write_in_format_1(db);
    for (size_t step = is; step > version; step--)
        assert_int_equal(sqlite3_exec(db, undo[step - 1], NULL, NULL, NULL), SQLITE_OK);
    (void)snprintf(set, sizeof(set), "PRAGMA user_version = %zu;", version);
    assert_int_equal(sqlite3_exec(db, set, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(schema_verify(db, schema_steps, version), 0);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}
