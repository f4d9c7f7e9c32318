#include "broker/common/failpoint.h"
#include "broker/common/files.h"
#include "broker/common/i18n.h"
#include "broker/store/schema.h"
#include "broker/store/sql.h"
#include "broker/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/*
 * A store is made under another name and then linked to its own, so that it is there whole or not at all, and
 * never takes anything's place.
 */

static int write_meta(sqlite3 *db, const struct store_meta *m)
{
    cleanup_statement sqlite3_stmt *statement = NULL;
    int r = sql_prepare(db, "INSERT INTO meta (name, value) VALUES (?1, ?2)", &statement);

    if (r < 0)
        return r;
    if (sqlite3_bind_text(statement, 1, m->name, -1, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_text(statement, 2, m->value, -1, SQLITE_STATIC) != SQLITE_OK)
        return -ENOMEM;
    return sql_run(statement);
}

static int fill(sqlite3 *db, const struct store_options *options)
{
    char identity[64];
    char mode[16];
    int r;

    (void)snprintf(identity, sizeof(identity), "PRAGMA application_id = %d;", SCHEMA_APPLICATION_ID);
    r = sql_exec(db, identity);
    if (r == 0)
        r = sql_get_text(db, "PRAGMA journal_mode = WAL;", mode, sizeof(mode));
    if (r == 0 && strcmp(mode, "wal") != 0)
        r = -EIO;
    if (r == 0)
        r = schema_migrate(db, schema_steps, schema_n_steps);
    for (size_t i = 0; i < options->n_metas && r == 0; i++)
        r = write_meta(db, &options->metas[i]);
    if (r == 0)
        r = sql_exec(db, "PRAGMA wal_checkpoint(TRUNCATE);");
    return r;
}

static int make(const char *path, const struct store_options *options)
{
    sqlite3 *db = NULL;
    int r = sql_open(path, SQLITE_OPEN_READWRITE, &db);

    if (r < 0)
        return r;
    r = fill(db, options);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, r < 0, NULL);
    (void)sqlite3_close(db);
    return r;
}

static int sync_file(const char *path)
{
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int put_in_place(const char *temporary, const char *path)
{
    int r = sync_file(temporary);

    if (r < 0)
        return r;
    FAILPOINT(CREATE_SYNCED);
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) < 0)
        return -errno;
    FAILPOINT(CREATE_PLACED);
    return files_sync_folder(path);
}

/* A log without its store would be taken for the new one's. */
static int find_nothing(const char *path)
{
    static const char *const tails[] = {"", "-wal", "-journal"};

    for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
        cleanup_free char *name = NULL;
        struct stat st;

        if (asprintf(&name, "%s%s", path, tails[i]) < 0) {
            name = NULL;
            return -ENOMEM;
        }
        if (lstat(name, &st) == 0)
            return -EEXIST;
        if (errno != ENOENT)
            return -errno;
    }
    return 0;
}

static void remove_remains(const char *temporary)
{
    cleanup_free char *log = NULL;

    (void)unlink(temporary);
    if (asprintf(&log, "%s-wal", temporary) < 0)
        log = NULL;
    else
        (void)unlink(log);
}

static int create(const char *path, const struct store_options *options)
{
    cleanup_free char *temporary = NULL;
    int fd, r;

    if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
        temporary = NULL;
        return -ENOMEM;
    }
    fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
    if (fd < 0)
        return -errno;
    (void)close(fd);
    FAILPOINT(CREATE_EMPTY);
    r = make(temporary, options);
    FAILPOINT(CREATE_MADE);
    if (r == 0)
        r = put_in_place(temporary, path);
    if (r < 0)
        remove_remains(temporary);
    return r;
}

int store_create(const struct store_options *options, char error[static 200])
{
    int r = find_nothing(options->path);

    error[0] = '\0';
    if (r == 0)
        r = create(options->path, options);
    if (r == -EEXIST)
        (void)snprintf(error, 200, "%s", _("there is a store, or a part of one; it is not made anew"));
    else if (r < 0)
        (void)snprintf(error, 200, _("the store cannot be made: %s"), strerrordesc_np(-r));
    return r;
}
