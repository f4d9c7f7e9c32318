#include "broker/daemon/archive.h"

#include "broker/audit/export.h"
#include "broker/common/failpoint.h"
#include "broker/common/files.h"
#include "broker/trust/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PAGE      500
#define NAMES     9 /* tries, if a file of that name is there: one of an attempt that ended before its commit */
#define FILE_MODE 0600

/* ---- which ---- */

static bool is_of_live_session(const struct archive_job *j, const struct record *r)
{
    for (size_t i = 0; r->session != 0 && i < j->n_live; i++)
        if (j->live[i] == r->session)
            return true;
    return false;
}

static bool may_go(struct archive_job *j, const struct record *r)
{
    if (r->sequence > j->upto || r->at_us >= j->before_us || is_of_live_session(j, r))
        return false;
    if (r->sequence == j->first)
        j->first_us = r->at_us;
    j->last = r->sequence;
    memcpy(j->hash, r->hash, sizeof(j->hash));
    return true;
}

/* Calls for each record from `first` to `last`, until that says no. */
static int walk(struct archive_job *j, uint64_t last,
                bool (*each)(struct archive_job *j, const struct record *r))
{
    struct record_filter f = {.after = j->first - 1, .limit = PAGE, .before = last + 1};
    bool go = true;

    while (go) {
        struct record *rows;
        size_t n;
        int r = atomic_load(&j->cancelled) ? -ECANCELED : store_read_wait(j->store, &f, &rows, &n);

        if (r < 0)
            return r;
        go = n > 0;
        for (size_t i = 0; i < n && go; i++) {
            f.after = rows[i].sequence;
            go = each(j, &rows[i]);
        }
        record_free_array(rows, n);
    }
    return 0;
}

int archive_find(struct archive_job *j)
{
    j->last = j->first - 1;
    return walk(j, j->upto, may_go);
}

/* ---- the file ---- */

static int put_records(struct archive_job *j, struct buf *b)
{
    struct record_filter f = {.after = j->first - 1, .limit = PAGE, .before = j->last + 1};
    uint64_t records = 0;

    for (;;) {
        struct record *rows;
        size_t n;
        int r = atomic_load(&j->cancelled) ? -ECANCELED : store_read_wait(j->store, &f, &rows, &n);

        if (r < 0)
            return r;
        for (size_t i = 0; i < n; i++) {
            export_put_record(b, &rows[i]);
            f.after = rows[i].sequence;
        }
        records += n;
        record_free_array(rows, n);
        if (n == 0)
            break;
    }
    export_put_end(b, records, j->last, j->hash);
    return buf_error(b) < 0 ? buf_error(b) : records == j->last - j->first + 1 ? 0 : -EBADMSG;
}

static int put_all(struct archive_job *j, struct buf *b)
{
    const struct export_head head = {.host = j->host,
                                     .ledger = j->ledger,
                                     .first = j->first,
                                     .last = j->last,
                                     .key = j->key,
                                     .exported = j->now,
                                     .segments = j->segments,
                                     .n_segments = j->n_segments};

    export_put_head(b, &head);
    return put_records(j, b);
}

static int write_all(int fd, const struct buf *b)
{
    for (size_t at = 0; at < b->size;) {
        ssize_t n = write(fd, b->data + at, b->size - at);

        if (n < 0 && errno != EINTR)
            return -errno;
        at += n > 0 ? (size_t)n : 0;
    }
    return fsync(fd) < 0 ? -errno : 0;
}

static int write_temporary(int folder, const char *name, const struct buf *b)
{
    cleanup_close int fd = -1;
    int r;

    (void)unlinkat(folder, name, 0); /* of an attempt that was interrupted */
    fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return -errno;
    r = write_all(fd, b);
    if (r < 0)
        (void)unlinkat(folder, name, 0);
    return r;
}

static int give_name(struct archive_job *j, int folder, const char *temporary)
{
    for (unsigned i = 1; i <= NAMES; i++) {
        char tail[8] = "";

        if (i > 1)
            (void)snprintf(tail, sizeof(tail), ".%u", i);
        (void)snprintf(j->name, sizeof(j->name), "ledger-%.64s-%010" PRIu64 "-%010" PRIu64 "%s.jsonl",
                       j->host, j->first, j->last, tail);
        if (renameat2(folder, temporary, folder, j->name, RENAME_NOREPLACE) == 0)
            return fsync(folder) < 0 ? -errno : 0;
        if (errno != EEXIST)
            return -errno;
    }
    return -EEXIST;
}

int archive_write(struct archive_job *j)
{
    static const char temporary[] = ".hufu-ledger.tmp";
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_close int folder = -1;
    int r;

    j->name[0] = '\0';
    if (!j->folder)
        return 0;
    folder = open(j->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return -errno;
    r = put_all(j, &b);
    if (r == 0)
        r = digest_sha256(b.data, b.size, j->sha256);
    if (r == 0)
        r = write_temporary(folder, temporary, &b);
    FAILPOINT(ARCHIVE_WRITTEN);
    if (r == 0)
        r = give_name(j, folder, temporary);
    FAILPOINT(ARCHIVE_NAMED);
    if (r < 0)
        (void)unlinkat(folder, temporary, 0);
    return r;
}
