#include "broker/store/sql.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#define BUSY_TIMEOUT_MS 100

static int sql_io_error(sqlite3 *db)
{
    switch (sqlite3_system_errno(db)) {
    case ENOSPC:
    case EDQUOT:
        return -ENOSPC;
    case EROFS:
        return -EROFS;
    default:
        return -EIO;
    }
}

static int sql_open_error(sqlite3 *db)
{
    int error = sqlite3_system_errno(db);

    return error > 0 ? -error : -EIO;
}

int sql_error(sqlite3 *db, int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_IOERR:
        return code == SQLITE_IOERR_NOMEM ? -ENOMEM : sql_io_error(db);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
        return -EBADMSG;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_READONLY:
        return -EROFS;
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return -EACCES;
    case SQLITE_CANTOPEN:
        return sql_open_error(db);
    case SQLITE_TOOBIG:
        return -EMSGSIZE;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
        return -EINVAL;
    default:
        return -EIO;
    }
}

int sql_exec(sqlite3 *db, const char *statements)
{
    int code = sqlite3_exec(db, statements, NULL, NULL, NULL);

    return code == SQLITE_OK ? 0 : sql_error(db, code);
}

int sql_prepare(sqlite3 *db, const char *text, sqlite3_stmt **ret)
{
    int code = sqlite3_prepare_v3(db, text, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL);

    return code == SQLITE_OK ? 0 : sql_error(db, code);
}

int sql_step(sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);

    if (code == SQLITE_ROW)
        return 1;
    return code == SQLITE_DONE ? 0 : sql_error(sqlite3_db_handle(statement), code);
}

int sql_run(sqlite3_stmt *statement)
{
    cleanup_reset sqlite3_stmt *guard = statement;
    int r;

    do
        r = sql_step(guard);
    while (r > 0);
    return r;
}

int sql_get_int(sqlite3 *db, const char *text, int64_t *ret)
{
    cleanup_statement sqlite3_stmt *statement = NULL;
    int r = sql_prepare(db, text, &statement);

    *ret = 0;
    if (r < 0)
        return r;
    r = sql_step(statement);
    if (r <= 0)
        return r < 0 ? r : -ENOENT;
    *ret = sqlite3_column_int64(statement, 0);
    return 0;
}

int sql_get_text(sqlite3 *db, const char *text, char *value, size_t size)
{
    cleanup_statement sqlite3_stmt *statement = NULL;
    const unsigned char *column;
    int r = sql_prepare(db, text, &statement);

    value[0] = '\0';
    if (r < 0)
        return r;
    r = sql_step(statement);
    if (r <= 0)
        return r < 0 ? r : -ENOENT;
    column = sqlite3_column_text(statement, 0);
    if (!column)
        return -ENOENT;
    (void)snprintf(value, size, "%s", (const char *)column);
    return 0;
}

/* Negative: KiB, not pages. */
static int sql_bound_cache(sqlite3 *db)
{
    char text[40];

    (void)snprintf(text, sizeof(text), "PRAGMA cache_size = -%d;", SQL_CACHE_KIB);
    return sql_exec(db, text);
}

/*
 * EXCLUSIVE, set before the first access: the wal-index then lives in the heap. Nobody else can hold a read
 * transaction open, under which the log would grow without bound, nor take the write lock, nor truncate a
 * mapped file under our feet; a second broker cannot start on the same store. The price is that nobody reads
 * the file with other tools while the broker runs: auditors ask the broker, and a backup is made through it.
 */
static int sql_configure(sqlite3 *db)
{
    static const struct {
        int option, value;
    } options[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},      {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0}, {SQLITE_DBCONFIG_DQS_DML, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},        {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1},
        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 1},
    };
    int r;

    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        if (sqlite3_db_config(db, options[i].option, options[i].value, NULL) != SQLITE_OK)
            return -EIO;
    (void)sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
    r = sql_exec(db, "PRAGMA locking_mode = EXCLUSIVE;"
                     "PRAGMA synchronous = FULL;"
                     "PRAGMA temp_store = MEMORY;"
                     "PRAGMA mmap_size = 0;"
                     "PRAGMA cell_size_check = ON;"
                     "PRAGMA wal_autocheckpoint = 0;");
    return r < 0 ? r : sql_bound_cache(db);
}

static pthread_once_t configured = PTHREAD_ONCE_INIT;

/* Its memory statistics take a lock at each allocation. Refused, without harm, where SQLite was in use
 * before. */
static void sql_configure_library(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int sql_open(const char *path, int flags, sqlite3 **ret)
{
    sqlite3 *db = NULL;
    int code, r;

    *ret = NULL;
    (void)pthread_once(&configured, sql_configure_library);
    code = sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (code == SQLITE_OK)
        r = sql_configure(db);
    else
        r = db ? sql_error(db, code) : -ENOMEM;
    if (r < 0) {
        (void)sqlite3_close(db);
        return r;
    }
    *ret = db;
    return 0;
}
