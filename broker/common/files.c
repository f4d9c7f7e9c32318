#include "broker/common/files.h"

#include "policy/base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define READ_CHUNK     ((size_t)16 * 1024)
#define TEMPORARY_TAIL ".XXXXXX"

static int files_judge(int fd, uid_t owner, mode_t never, size_t limit)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EPERM;
    if (owner != (uid_t)-1 && (st.st_uid != owner || (st.st_mode & never) != 0))
        return -EPERM;
    if (st.st_size < 0 || (uintmax_t)st.st_size > limit)
        return -EFBIG;
    return 0;
}

/* The size fstat() told may have changed since, so the limit is held while reading, too. */
static int files_drain(int fd, size_t limit, struct buf *b)
{
    uint8_t chunk[READ_CHUNK];

    for (;;) {
        ssize_t n = read(fd, chunk, sizeof(chunk));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return 0;
        if ((size_t)n > limit - b->size)
            return -EFBIG;
        buf_put(b, chunk, (size_t)n);
        if (buf_error(b) != 0)
            return buf_error(b);
    }
}

static int read_judged(const char *path, uid_t owner, mode_t never, size_t limit, char **ret,
                       size_t *ret_size)
{
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_close int fd = -1;
    size_t size;
    int r;

    *ret = NULL;
    *ret_size = 0;
    /* O_NONBLOCK: a FIFO put in the file's place is refused instead of waited for. */
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return errno == ELOOP ? -EPERM : -errno;
    r = files_judge(fd, owner, never, limit);
    if (r == 0)
        r = files_drain(fd, limit, &b);
    if (r < 0)
        return r;
    size = b.size;
    *ret = buf_steal_text(&b);
    if (!*ret)
        return -ENOMEM;
    *ret_size = size;
    return 0;
}

int files_read(const char *path, uid_t owner, size_t limit, char **ret, size_t *ret_size)
{
    return read_judged(path, owner, S_IWGRP | S_IWOTH, limit, ret, ret_size);
}

int files_read_private(const char *path, uid_t owner, size_t limit, char **ret, size_t *ret_size)
{
    return read_judged(path, owner, S_IRWXG | S_IRWXO, limit, ret, ret_size);
}

static int files_write_all(int fd, const uint8_t *octets, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, octets, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        octets += n;
        size -= (size_t)n;
    }
    return 0;
}

int files_sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    cleanup_free char *folder = NULL;
    cleanup_close int fd = -1;

    if (!slash)
        folder = strdup(".");
    else
        folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
    if (!folder)
        return -ENOMEM;
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    return fsync(fd) < 0 ? -errno : 0;
}

static int files_fill(int fd, mode_t mode, const void *octets, size_t size)
{
    int r = files_write_all(fd, octets, size);

    if (r < 0)
        return r;
    if (fchmod(fd, mode) < 0)
        return -errno;
    return fsync(fd) < 0 ? -errno : 0;
}

int files_write(const char *path, mode_t mode, const void *octets, size_t size)
{
    size_t room = strlen(path) + sizeof(TEMPORARY_TAIL);
    cleanup_free char *temporary = malloc(room);
    cleanup_close int fd = -1;
    int r;

    if (!temporary)
        return -ENOMEM;
    (void)snprintf(temporary, room, "%s%s", path, TEMPORARY_TAIL);
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    r = files_fill(fd, mode, octets, size);
    if (r == 0 && rename(temporary, path) < 0)
        r = -errno;
    if (r < 0) {
        (void)unlink(temporary);
        return r;
    }
    return files_sync_folder(path);
}
