#ifndef HUFU_STORE_SQL_H
#define HUFU_STORE_SQL_H

#include "policy/base/cleanup.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/* SQLite as the rest of the store sees it: errno-style errors, and statements that reset themselves. */

static inline void sql_finalize_p(sqlite3_stmt **statement)
{
    (void)sqlite3_finalize(*statement);
}
#define cleanup_statement cleanup(sql_finalize_p)

/* A prepared statement that is reset, with its bindings cleared, at the end of its scope. */
static inline void sql_reset_p(sqlite3_stmt **statement)
{
    if (*statement) {
        (void)sqlite3_reset(*statement);
        (void)sqlite3_clear_bindings(*statement);
    }
}
#define cleanup_reset cleanup(sql_reset_p)

/** What the connection's last call came to, for an extended result code `code` that is no success: -ENOSPC,
 * -EIO, -EBADMSG (damaged, or not a database), -EBUSY (another process has it), -ENOMEM, -EROFS, -EACCES,
 * -EINVAL (a constraint), -EMSGSIZE. */
int sql_error(sqlite3 *db, int code);

/** Runs statements that return no rows. */
int sql_exec(sqlite3 *db, const char *statements);
int sql_prepare(sqlite3 *db, const char *text, sqlite3_stmt **ret);

/** Steps: 1 a row, 0 the end, -errno. */
int sql_step(sqlite3_stmt *statement);
/** Steps a statement that returns no rows to its end. */
int sql_run(sqlite3_stmt *statement);

/** First column of the first row; -ENOENT without a row. */
int sql_get_int(sqlite3 *db, const char *text, int64_t *ret);
int sql_get_text(sqlite3 *db, const char *text, char *value, size_t size);

/** KiB of a database's pages that a connection keeps in memory, at the most. Without it the bound would be
 * what libsqlite3 was built with. */
#define SQL_CACHE_KIB 2048

/** Opens with what every connection to a store has: exclusive locking, foreign keys, no trust in the schema's
 * functions, no checkpoint at close unless asked, SQL_CACHE_KIB. `flags` as of sqlite3_open_v2(). On error
 * nothing is open. */
int sql_open(const char *path, int flags, sqlite3 **ret);

#endif
