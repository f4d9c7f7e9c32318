#include "broker/store/schema.h"

#include "broker/common/failpoint.h"
#include "broker/store/sql.h"
#include "policy/base/buf.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/*
 * Version 1.
 *
 * state     one row: whether a broker has the store open, how far journald was fed, and a count that is only
 * there to be written (see commit.c) document  signed documents as they came; a row a version books     what
 * was used of a grant on this host session   every session there ever was; the partial index finds the few
 * that are not over taken     tombstones and locks ledger    the record. Its triggers are a second line of
 * defence: the store itself has no UPDATE or DELETE on it
 *
 * Texts never are NULL: "does not apply" is the empty text, as in struct record.
 */
static const char version_1[] =
    "CREATE TABLE state ("
    " id INTEGER PRIMARY KEY CHECK (id = 1),"
    " opened INTEGER NOT NULL CHECK (opened IN (0, 1)),"
    " fed INTEGER NOT NULL CHECK (fed >= 0),"
    " written INTEGER NOT NULL) STRICT;"
    "INSERT INTO state (id, opened, fed, written) VALUES (1, 0, 0, 0);"

    "CREATE TABLE meta ("
    " name TEXT NOT NULL PRIMARY KEY,"
    " value TEXT NOT NULL) STRICT, WITHOUT ROWID;"

    "CREATE TABLE document ("
    " id BLOB NOT NULL CHECK (length(id) = 16),"
    " type INTEGER NOT NULL,"
    " version INTEGER NOT NULL,"
    " octets BLOB NOT NULL,"
    " approvals BLOB NOT NULL,"
    " PRIMARY KEY (id, type, version)) STRICT;"

    "CREATE TABLE books ("
    " id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),"
    " uses_taken INTEGER NOT NULL CHECK (uses_taken >= 0),"
    " closed INTEGER NOT NULL CHECK (closed IN (0, 1)),"
    " verified_version INTEGER NOT NULL CHECK (verified_version >= 0)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE session ("
    " number INTEGER PRIMARY KEY CHECK (number > 0),"
    " state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 5),"
    " grant_id BLOB NOT NULL CHECK (length(grant_id) = 16),"
    " version INTEGER NOT NULL,"
    " staff TEXT NOT NULL,"
    " uid INTEGER NOT NULL,"
    " service TEXT NOT NULL,"
    " source TEXT NOT NULL,"
    " tty TEXT NOT NULL,"
    " key TEXT NOT NULL,"
    " boot_id TEXT NOT NULL,"
    " pid INTEGER NOT NULL,"
    " start_time INTEGER NOT NULL,"
    " parent INTEGER NOT NULL,"
    " parent_start_time INTEGER NOT NULL,"
    " audit_session INTEGER NOT NULL,"
    " counts INTEGER NOT NULL,"
    " reserved_at INTEGER NOT NULL,"
    " opened_at INTEGER NOT NULL,"
    " ended_at INTEGER NOT NULL,"
    " deadline INTEGER NOT NULL,"
    " end_reason INTEGER NOT NULL) STRICT;"
    "CREATE INDEX session_not_over ON session (number) WHERE state IN (1, 2, 3);"

    "CREATE TABLE taken ("
    " kind INTEGER NOT NULL CHECK (kind IN (1, 2)),"
    " scope INTEGER NOT NULL CHECK (scope BETWEEN 1 AND 4),"
    " name TEXT NOT NULL,"
    " at INTEGER NOT NULL,"
    " until INTEGER NOT NULL,"
    " by_uid INTEGER NOT NULL,"
    " why TEXT NOT NULL,"
    " PRIMARY KEY (kind, scope, name)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE ledger ("
    " sequence INTEGER PRIMARY KEY,"
    " at_us INTEGER NOT NULL,"
    " event TEXT NOT NULL,"
    " result TEXT NOT NULL,"
    " reason INTEGER NOT NULL,"
    " staff TEXT NOT NULL,"
    " vendor TEXT NOT NULL,"
    " account TEXT NOT NULL,"
    " service TEXT NOT NULL,"
    " address TEXT NOT NULL,"
    " tty TEXT NOT NULL,"
    " grant_id TEXT NOT NULL,"
    " version INTEGER NOT NULL,"
    " ticket TEXT NOT NULL,"
    " session INTEGER NOT NULL,"
    " deadline INTEGER NOT NULL,"
    " latency_us INTEGER NOT NULL,"
    " reference TEXT NOT NULL,"
    " actor INTEGER NOT NULL,"
    " detail TEXT NOT NULL,"
    " previous BLOB NOT NULL CHECK (length(previous) = 32),"
    " hash BLOB NOT NULL CHECK (length(hash) = 32)) STRICT;"
    "CREATE TRIGGER ledger_append BEFORE INSERT ON ledger"
    " WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM ledger)"
    " BEGIN SELECT raise(ABORT, 'the ledger has no gaps and is not overwritten'); END;"
    "CREATE TRIGGER ledger_update BEFORE UPDATE ON ledger"
    " BEGIN SELECT raise(ABORT, 'the ledger is not changed'); END;"
    "CREATE TRIGGER ledger_delete BEFORE DELETE ON ledger"
    " BEGIN SELECT raise(ABORT, 'the ledger is not shortened'); END;";

/*
 * Version 2.
 *
 * verdict   what verifying an approval came to, by key, so that a start verifies nothing again. `basis` says
 * what it rests on (trust file, program, library): when that changes, its rows are forgotten. The store
 * neither makes nor judges what is in them.
 */
static const char version_2[] = "CREATE TABLE verdict ("
                                " key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32),"
                                " basis BLOB NOT NULL CHECK (length(basis) = 32),"
                                " verdict BLOB NOT NULL CHECK (length(verdict) BETWEEN 1 AND 64))"
                                " STRICT, WITHOUT ROWID;";

/*
 * Version 3.
 *
 * feed      the entries of the directory, so that a start knows what is there, what is in force because of it
 *           (octets: documents that are kept nowhere else), and what was said about it already
 * published grants that came from there, and in which octets. What is in no row of feed is withdrawn
 */
static const char version_3[] = "CREATE TABLE feed ("
                                " uuid BLOB NOT NULL PRIMARY KEY CHECK (length(uuid) = 16),"
                                " digest BLOB NOT NULL CHECK (length(digest) = 32),"
                                " approvals BLOB NOT NULL CHECK (length(approvals) = 32),"
                                " type INTEGER NOT NULL,"
                                " id BLOB NOT NULL CHECK (length(id) = 16),"
                                " reason INTEGER NOT NULL,"
                                " again INTEGER NOT NULL CHECK (again IN (0, 1)),"
                                " name TEXT NOT NULL,"
                                " text TEXT NOT NULL,"
                                " octets BLOB NOT NULL) STRICT, WITHOUT ROWID;"
                                "CREATE TABLE published ("
                                " id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),"
                                " digest BLOB NOT NULL CHECK (length(digest) = 32))"
                                " STRICT, WITHOUT ROWID;";

/*
 * Version 4.
 *
 * claim     uses of `N fleet` grants that were asked for at the claim provider. Those of sessions that opened
 *           stay for good, as the sessions do; the partial index finds the few that are not settled
 */
static const char version_4[] = "CREATE TABLE claim ("
                                " nonce BLOB NOT NULL PRIMARY KEY CHECK (length(nonce) = 16),"
                                " grant_id BLOB NOT NULL CHECK (length(grant_id) = 16),"
                                " state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),"
                                " session INTEGER NOT NULL,"
                                " at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
                                "CREATE INDEX claim_not_settled ON claim (nonce) WHERE state IN (1, 2, 4);";

/*
 * Version 5.
 *
 * session.channels  what a session has or may have in use, so that a version which takes it away ends the
 *                   session also after a restart. Of sessions from before nothing is known
 */
static const char version_5[] = "ALTER TABLE session ADD COLUMN"
                                " channels INTEGER NOT NULL DEFAULT 0 CHECK (channels BETWEEN 0 AND 31);";

/*
 * Version 6.
 *
 * ledger.format ...  record format 2 (broker/audit/record.h). Records from before keep format 1
 * segment     parts of the ledger that were sealed and taken away: the record after `last` goes on from
 * `hash`. The triggers of the ledger count from there, and let nothing be removed that is not sealed
 * repetition  what is being counted and is not in the ledger yet
 *
 * It also gives the ledger its id, by which its checkpoints name it.
 */
static const char version_6[] =
    "ALTER TABLE ledger ADD COLUMN format INTEGER NOT NULL DEFAULT 1 CHECK (format > 0);"
    "ALTER TABLE ledger ADD COLUMN count INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE ledger ADD COLUMN first_us INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE ledger ADD COLUMN sources INTEGER NOT NULL DEFAULT 0;"

    "CREATE TABLE segment ("
    " last INTEGER PRIMARY KEY,"
    " first INTEGER NOT NULL CHECK (first > 0 AND first <= last),"
    " hash BLOB NOT NULL CHECK (length(hash) = 32),"
    " sealed TEXT NOT NULL) STRICT;"
    "CREATE TRIGGER segment_append BEFORE INSERT ON segment"
    " WHEN NEW.first <> (SELECT coalesce(max(last), 0) + 1 FROM segment)"
    " OR NOT EXISTS (SELECT 1 FROM ledger WHERE sequence = NEW.last AND hash = NEW.hash)"
    " BEGIN SELECT raise(ABORT, 'segments are what the ledger has, one behind the other'); END;"
    "CREATE TRIGGER segment_update BEFORE UPDATE ON segment"
    " BEGIN SELECT raise(ABORT, 'segments are not changed'); END;"
    "CREATE TRIGGER segment_delete BEFORE DELETE ON segment"
    " BEGIN SELECT raise(ABORT, 'segments are not removed'); END;"

    "DROP TRIGGER ledger_append;"
    "CREATE TRIGGER ledger_append BEFORE INSERT ON ledger"
    " WHEN NEW.sequence <> max((SELECT coalesce(max(sequence), 0) FROM ledger),"
    " (SELECT coalesce(max(last), 0) FROM segment)) + 1"
    " BEGIN SELECT raise(ABORT, 'the ledger has no gaps and is not overwritten'); END;"
    "DROP TRIGGER ledger_delete;"
    "CREATE TRIGGER ledger_delete BEFORE DELETE ON ledger"
    " WHEN OLD.sequence > (SELECT coalesce(max(last), 0) FROM segment)"
    " BEGIN SELECT raise(ABORT, 'the ledger is not shortened'); END;"

    "CREATE TABLE repetition ("
    " key TEXT NOT NULL PRIMARY KEY,"
    " sample BLOB NOT NULL,"
    " count INTEGER NOT NULL CHECK (count > 0),"
    " first_us INTEGER NOT NULL,"
    " last_us INTEGER NOT NULL,"
    " addresses BLOB NOT NULL) STRICT, WITHOUT ROWID;"

    "INSERT INTO meta (name, value) VALUES ('ledger-id', lower(hex(randomblob(16))))"
    " ON CONFLICT (name) DO NOTHING;";

/*
 * Version 7: what a start asks for by itself, of a store with many grants.
 *
 * document_of_staff   the grants of a person. The name is what the document says, so that the two cannot
 * differ: a grant has one such line, which is STORE_GRANT_STAFF. What is no grant that can be read has any
 * name, or none document_no_grant   the few others among many grants
 */
static const char version_7[] = "CREATE INDEX document_of_staff ON document (" STORE_GRANT_STAFF ", id)"
                                " WHERE type = 1;"
                                "CREATE INDEX document_no_grant ON document (type, version) WHERE type <> 1;";

/*
 * Version 8.
 *
 * session_live  the few sessions that are not over. An admission writes one page of it, where it wrote one of
 * all sessions there ever were and one of an index; session keeps those that are over
 */
static const char version_8[] = "CREATE TABLE session_live ("
                                " number INTEGER PRIMARY KEY CHECK (number > 0),"
                                " state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),"
                                " grant_id BLOB NOT NULL CHECK (length(grant_id) = 16),"
                                " version INTEGER NOT NULL,"
                                " staff TEXT NOT NULL,"
                                " uid INTEGER NOT NULL,"
                                " service TEXT NOT NULL,"
                                " source TEXT NOT NULL,"
                                " tty TEXT NOT NULL,"
                                " key TEXT NOT NULL,"
                                " boot_id TEXT NOT NULL,"
                                " pid INTEGER NOT NULL,"
                                " start_time INTEGER NOT NULL,"
                                " parent INTEGER NOT NULL,"
                                " parent_start_time INTEGER NOT NULL,"
                                " audit_session INTEGER NOT NULL,"
                                " counts INTEGER NOT NULL,"
                                " reserved_at INTEGER NOT NULL,"
                                " opened_at INTEGER NOT NULL,"
                                " ended_at INTEGER NOT NULL,"
                                " deadline INTEGER NOT NULL,"
                                " end_reason INTEGER NOT NULL,"
                                " channels INTEGER NOT NULL CHECK (channels BETWEEN 0 AND 31)) STRICT;"
                                "INSERT INTO session_live SELECT * FROM session WHERE state IN (1, 2, 3);"
                                "DELETE FROM session WHERE state IN (1, 2, 3);"
                                "DROP INDEX session_not_over;";

const char *const schema_steps[] = {version_1, version_2, version_3, version_4,
                                    version_5, version_6, version_7, version_8};
const size_t schema_n_steps = ARRAY_SIZE(schema_steps);

static int schema_step(sqlite3 *db, const char *step, size_t version)
{
    char set[64];
    int r;

    (void)snprintf(set, sizeof(set), "PRAGMA user_version = %zu;", version);
    r = sql_exec(db, "BEGIN IMMEDIATE;");
    if (r < 0)
        return r;
    FAILPOINT(MIGRATE_BEGUN);
    r = sql_exec(db, step);
    if (r == 0)
        r = sql_exec(db, set);
    FAILPOINT(MIGRATE_STEPPED);
    if (r == 0)
        r = sql_exec(db, "COMMIT;");
    FAILPOINT(MIGRATE_COMMITTED);
    if (r < 0 && !sqlite3_get_autocommit(db))
        (void)sql_exec(db, "ROLLBACK;");
    return r;
}

int schema_migrate(sqlite3 *db, const char *const *steps, size_t n_steps)
{
    int64_t version;
    int r = sql_get_int(db, "PRAGMA user_version;", &version);

    if (r < 0)
        return r;
    if (version < 0 || (uint64_t)version > n_steps)
        return -EPROTO;
    for (size_t i = (size_t)version; i < n_steps && r == 0; i++)
        r = schema_step(db, steps[i], i + 1);
    return r;
}

/* Tables that SQLite keeps for itself (ANALYZE) are none of our steps' business. */
static int schema_dump(sqlite3 *db, struct buf *b)
{
    static const char query[] = "SELECT type, name, tbl_name, sql FROM sqlite_schema"
                                " WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
                                " ORDER BY type, name;";
    cleanup_statement sqlite3_stmt *statement = NULL;
    int r = sql_prepare(db, query, &statement);

    if (r < 0)
        return r;
    while ((r = sql_step(statement)) > 0)
        for (int i = 0; i < 4; i++)
            buf_put_string(b, (const char *)sqlite3_column_text(statement, i));
    return r < 0 ? r : buf_error(b);
}

int schema_verify(sqlite3 *db, const char *const *steps, size_t n_steps)
{
    cleanup_buf struct buf have = BUF_INIT;
    cleanup_buf struct buf expected = BUF_INIT;
    sqlite3 *model = NULL;
    int r = sql_open(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &model);

    if (r == 0)
        r = schema_migrate(model, steps, n_steps);
    if (r == 0)
        r = schema_dump(model, &expected);
    if (r == 0)
        r = schema_dump(db, &have);
    (void)sqlite3_close(model);
    if (r < 0)
        return r;
    if (have.size == 0 || have.size != expected.size || memcmp(have.data, expected.data, have.size) != 0)
        return -EBADMSG;
    return 0;
}
