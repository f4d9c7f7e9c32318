#include "broker/store/reserve.h"

#include "broker/common/failpoint.h"
#include "broker/common/files.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define ZEROS_SIZE ((size_t)64 * 1024)

struct reserve {
    pthread_mutex_t lock; /* over the file; never held while anybody else's is asked for */
    int fd;
    _Atomic uint64_t held, wanted;
};

/* What is allocated of it. */
static int look(struct reserve *r)
{
    struct stat st;
    uint64_t allocated, size;

    if (fstat(r->fd, &st) < 0)
        return -errno;
    size = (uint64_t)st.st_size;
    allocated = (uint64_t)st.st_blocks * 512;
    r->held = allocated < size ? allocated : size;
    return 0;
}

static int shorten(struct reserve *r, uint64_t size)
{
    if (ftruncate(r->fd, (off_t)size) < 0)
        return -errno;
    return look(r);
}

/* One with holes holds nothing where they are, and is begun anew. */
static int judge(int fd, bool *whole)
{
    struct stat st;

    *whole = false;
    if (fstat(fd, &st) < 0)
        return -errno;
    *whole = (uint64_t)st.st_blocks * 512 >= (uint64_t)st.st_size;
    return S_ISREG(st.st_mode) && st.st_nlink == 1 ? 0 : -EPERM;
}

static int open_file(struct reserve *r, const char *path)
{
    bool whole;
    int q;

    r->fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (r->fd < 0)
        return errno == ELOOP ? -EPERM : -errno;
    q = judge(r->fd, &whole);
    if (q == 0)
        q = whole ? look(r) : shorten(r, 0);
    return q;
}

int reserve_open(const char *path, uint64_t wanted, struct reserve **ret)
{
    cleanup(reserve_free_p) struct reserve *r = calloc(1, sizeof(*r));
    int q;

    if (!r)
        return -ENOMEM;
    r->fd = -1;
    r->wanted = wanted;
    (void)pthread_mutex_init(&r->lock, NULL); /* with default attributes it cannot fail */
    q = open_file(r, path);
    if (q == 0)
        *ret = steal_pointer(&r);
    return q;
}

struct reserve *reserve_free(struct reserve *r)
{
    if (!r)
        return NULL;
    r->fd = close_fd(r->fd);
    (void)pthread_mutex_destroy(&r->lock);
    free(r);
    return NULL;
}

/* From `from` on, to `until`. */
static int write_zeros(int fd, uint64_t from, uint64_t until)
{
    static const char zeros[ZEROS_SIZE];

    while (from < until) {
        size_t n = until - from < ZEROS_SIZE ? (size_t)(until - from) : ZEROS_SIZE;
        ssize_t written = pwrite(fd, zeros, n, (off_t)from);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? -errno : -ENOSPC;
        from += (uint64_t)written;
    }
    /* Some file systems find out only now. */
    return fdatasync(fd) < 0 ? -errno : 0;
}

static int allocate(const struct reserve *r, uint64_t until)
{
    if (fallocate(r->fd, 0, 0, (off_t)until) == 0)
        return 0;
    if (errno != EOPNOTSUPP && errno != ENOSYS)
        return -errno;
    return write_zeros(r->fd, r->held, until);
}

static int grow(struct reserve *r, uint64_t octets)
{
    uint64_t before = r->held;
    uint64_t until = r->wanted - before < octets ? r->wanted : before + octets;
    int q, p;

    FAILPOINT(RESERVE_GROWING);
    q = allocate(r, until);
    FAILPOINT(RESERVE_GROWN);
    if (q < 0) { /* what came of it is given back: the disk is somebody else's, too */
        (void)shorten(r, before);
        return q == -EDQUOT || q == -EFBIG ? -ENOSPC : q;
    }
    p = look(r);
    /* It compresses zeros, or says yes to everything. */
    return p < 0 ? p : r->held > before ? 0 : -EOPNOTSUPP;
}

int reserve_grow(struct reserve *r, uint64_t octets)
{
    int q;

    (void)pthread_mutex_lock(&r->lock);
    q = look(r); /* root may have shortened it */
    if (q == 0 && octets > 0 && r->held < r->wanted)
        q = grow(r, octets);
    else if (q == 0 && r->held > r->wanted)
        q = shorten(r, r->wanted);
    (void)pthread_mutex_unlock(&r->lock);
    return q;
}

bool reserve_give(struct reserve *r, uint64_t octets)
{
    uint64_t before;
    bool given;

    (void)pthread_mutex_lock(&r->lock);
    before = r->held;
    given = before > 0 && shorten(r, octets < before ? before - octets : 0) == 0 && r->held < before;
    (void)pthread_mutex_unlock(&r->lock);
    FAILPOINT(RESERVE_GIVEN);
    return given;
}

uint64_t reserve_held(const struct reserve *r)
{
    return r->held;
}

uint64_t reserve_wanted(const struct reserve *r)
{
    return r->wanted;
}

void reserve_set_wanted(struct reserve *r, uint64_t wanted)
{
    r->wanted = wanted;
}

int reserve_free_beside(const struct reserve *r, uint64_t *octets)
{
    struct statvfs v;

    *octets = 0;
    if (fstatvfs(r->fd, &v) < 0)
        return -errno;
    *octets = (uint64_t)v.f_bavail * v.f_frsize;
    return 0;
}
