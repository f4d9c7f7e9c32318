#include "broker/store/backup.h"

#include "broker/common/failpoint.h"
#include "broker/common/files.h"
#include "broker/store/past.h"
#include "broker/store/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* Half a megabyte: some milliseconds at most, which an admission may have to wait. */
#define STEP_PAGES 128

enum backup_state { BACKUP_COPYING = 0, BACKUP_FINISHED };

struct backup {
    _Atomic enum backup_state state;
    backup_digest *sha256;
    char *path;
    char *temporary; /* NULL: there is no file */
    int wake;
    sqlite3 *to;
    sqlite3_backup *copy;
    pthread_t thread;      /* that finishes it */
    pthread_mutex_t begun; /* held until `thread` is known */
    atomic_bool threaded;
    store_copied *done;
    void *userdata;
    int result;
    struct store_copy made;
};

int backup_new(backup_digest *sha256, const char *path, int wake, store_copied *done, void *userdata,
               struct backup **ret)
{
    struct backup *b = calloc(1, sizeof(*b));

    *ret = NULL;
    if (!b)
        return -ENOMEM;
    b->path = strdup(path);
    if (!b->path) {
        free(b);
        return -ENOMEM;
    }
    (void)pthread_mutex_init(&b->begun, NULL);
    b->sha256 = sha256;
    b->wake = wake;
    b->done = done;
    b->userdata = userdata;
    *ret = b;
    return 0;
}

struct backup *backup_free(struct backup *b)
{
    if (!b)
        return NULL;
    (void)pthread_mutex_destroy(&b->begun);
    free(b->path);
    free(b->temporary);
    free(b);
    return NULL;
}

bool backup_is_copying(const struct backup *b)
{
    return b && atomic_load(&b->state) == BACKUP_COPYING && !atomic_load(&b->threaded);
}

bool backup_is_finished(const struct backup *b)
{
    return b && atomic_load(&b->state) == BACKUP_FINISHED;
}

/* ---- the file ---- */

static void remove_remains(struct backup *b)
{
    static const char *const tails[] = {"", "-wal", "-journal"};

    for (size_t i = 0; b->temporary && i < ARRAY_SIZE(tails); i++) {
        cleanup_free char *name = NULL;

        if (asprintf(&name, "%s%s", b->temporary, tails[i]) < 0)
            name = NULL;
        else
            (void)unlink(name);
    }
}

/* Nothing is synced on the way: it counts only once all of it is. */
static int open_copy(struct backup *b, sqlite3 *from)
{
    int fd, r;

    if (asprintf(&b->temporary, "%s.XXXXXX", b->path) < 0) {
        b->temporary = NULL;
        return -ENOMEM;
    }
    fd = mkostemp(b->temporary, O_CLOEXEC); /* mode 0600 */
    if (fd < 0) {
        r = -errno;
        free(b->temporary);
        b->temporary = NULL;
        return r;
    }
    (void)close(fd);
    FAILPOINT(BACKUP_BEGUN);
    r = sql_open(b->temporary, SQLITE_OPEN_READWRITE, &b->to);
    if (r == 0)
        r = sql_exec(b->to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;");
    if (r < 0)
        return r;
    b->copy = sqlite3_backup_init(b->to, "main", from, "main");
    return b->copy ? 0 : sql_error(b->to, sqlite3_extended_errcode(b->to));
}

/* A store in use notes in itself that it is open; a copy is not. */
static int settle_copy(struct backup *b)
{
    struct store_head head = {0};
    int r = sql_exec(b->to, "UPDATE state SET opened = 0 WHERE id = 1;");

    if (r == 0)
        r = past_mark_copy(b->to, &head);
    if (r == 0)
        r = sql_exec(b->to, "PRAGMA wal_checkpoint(TRUNCATE);");
    if (r < 0)
        return r;
    FAILPOINT(BACKUP_MARKED);
    b->made.sequence = head.sequence;
    memcpy(b->made.hash, head.hash, sizeof(head.hash));
    (void)sqlite3_db_config(b->to, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    return sqlite3_close(b->to) == SQLITE_OK ? (b->to = NULL, 0) : -EIO;
}

static int hash_file(struct backup *b, int fd)
{
    struct stat st;
    void *octets;
    int r;

    if (fstat(fd, &st) < 0)
        return -errno;
    b->made.size = (uint64_t)st.st_size;
    octets = mmap(NULL, b->made.size, PROT_READ, MAP_SHARED, fd, 0);
    if (octets == MAP_FAILED)
        return -errno;
    r = b->sha256(octets, b->made.size, b->made.sha256);
    (void)munmap(octets, b->made.size);
    return r;
}

static int put_in_place(struct backup *b)
{
    cleanup_close int fd = open(b->temporary, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    int r;

    if (fd < 0 || fsync(fd) < 0)
        return -errno;
    r = hash_file(b, fd);
    if (r < 0)
        return r;
    FAILPOINT(BACKUP_PLACING);
    if (renameat2(AT_FDCWD, b->temporary, AT_FDCWD, b->path, RENAME_NOREPLACE) < 0)
        return -errno;
    FAILPOINT(BACKUP_PLACED);
    return files_sync_folder(b->path);
}

/* ---- the way ---- */

static void finish(struct backup *b, int result)
{
    int wake = b->wake;

    b->result = result;
    remove_remains(b); /* of a whole one, what lay beside it under its first name */
    /* From here on it is the owner's. */
    atomic_store(&b->state, BACKUP_FINISHED);
    (void)eventfd_write(wake, 1);
}

static void *finish_run(void *backup)
{
    struct backup *b = backup;

    (void)pthread_mutex_lock(&b->begun);
    (void)pthread_mutex_unlock(&b->begun);
    finish(b, put_in_place(b));
    return NULL;
}

static void close_copy(struct backup *b)
{
    if (b->copy)
        (void)sqlite3_backup_finish(b->copy);
    b->copy = NULL;
    (void)sqlite3_close(b->to);
    b->to = NULL;
}

static void begin_finishing(struct backup *b)
{
    int r = settle_copy(b);

    if (r < 0) {
        close_copy(b);
        finish(b, r);
        return;
    }
    (void)pthread_mutex_lock(&b->begun);
    atomic_store(&b->threaded, true);
    r = pthread_create(&b->thread, NULL, finish_run, b);
    (void)pthread_mutex_unlock(&b->begun);
    if (r == 0)
        return;
    atomic_store(&b->threaded, false);
    finish(b, -r);
}

void backup_step(struct backup *b, sqlite3 *from)
{
    int code, r = b->copy ? 0 : open_copy(b, from);

    if (r < 0) {
        close_copy(b);
        finish(b, r);
        return;
    }
    code = sqlite3_backup_step(b->copy, STEP_PAGES);
    FAILPOINT(BACKUP_STEPPED);
    if (code == SQLITE_OK)
        return;
    r = code == SQLITE_DONE ? 0 : sql_error(b->to, code);
    code = sqlite3_backup_finish(b->copy);
    b->copy = NULL;
    if (r == 0 && code != SQLITE_OK)
        r = sql_error(b->to, code);
    if (r == 0) {
        begin_finishing(b);
        return;
    }
    close_copy(b);
    finish(b, r);
}

void backup_cancel(struct backup *b)
{
    close_copy(b);
    finish(b, -ECANCELED);
}

/* The thread is joined by whoever takes the answer. */
void backup_wait(struct backup *b)
{
    if (!b || !atomic_load(&b->threaded))
        return;
    (void)pthread_join(b->thread, NULL);
    atomic_store(&b->threaded, false);
}

void backup_answer(struct backup *b)
{
    backup_wait(b);
    b->done(b->userdata, b->result, b->result == 0 ? &b->made : NULL);
    backup_free(b);
}
