#ifndef HUFU_STORE_CHECK_H
#define HUFU_STORE_CHECK_H

#include "broker/store/commit.h"

#include <sqlite3.h>
#include <stdbool.h>

#define CHECK_ERROR_SIZE 200

/* How many records at the end of the ledger are hashed anew when the store is opened. */
#define CHECK_TAIL 1000

/** Looks at the store's files before SQLite does: `path` must be a regular file with a database's header (so
 * that an empty or foreign file is never taken for a store to be filled). *ret_log tells whether a
 * write-ahead log with a valid header lies beside it. 0; -ENOENT; -EBADMSG; -EPERM (not a regular file);
 * other -errno; `error` says what. */
int check_files(const char *path, bool *ret_log, char error[static CHECK_ERROR_SIZE]);

/** Says what an error of sql_*() came from; `db` may be NULL. Returns `code`. */
int check_sql(sqlite3 *db, int code, char error[static CHECK_ERROR_SIZE]);

/** Whether new records can be hashed as they are to be. 0; -EOPNOTSUPP; other -errno. */
int check_hash(struct committer *c, char error[static CHECK_ERROR_SIZE]);

/** Judges an opened store: whose it is, that its log was not lost, its version (migrating it), PRAGMA
 * quick_check, its schema, and the tail of its ledger, whose head it puts in `c`. 0; -EBADMSG; -EPROTO
 * (newer); -EBUSY; other -errno. */
int check_opened(sqlite3 *db, bool log, char error[static CHECK_ERROR_SIZE]);
int check_ledger(struct committer *c, char error[static CHECK_ERROR_SIZE]);

/** The same for a copy that is only read: all but its log, and without migrating (-EPROTO: also of an earlier
 * version); and every record of its ledger. */
int check_copy(sqlite3 *db, char error[static CHECK_ERROR_SIZE]);
int check_chain(struct committer *c, char error[static CHECK_ERROR_SIZE]);

#endif
