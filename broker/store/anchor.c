#include "broker/store/anchor.h"

#include "broker/common/files.h"
#include "policy/base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOTS        2
#define SLOT_SPACING 4096 /* no sector, and no page of a disk, holds both */
#define DIGEST_SIZE  32

static const char label[] = "hufu-anchor-1\n\n";
#define SLOT_SIZE (sizeof(label) + 3 * sizeof(uint64_t) + RECORD_HASH_SIZE + ANCHOR_LEDGER_SIZE + DIGEST_SIZE)

struct anchor {
    int fd;
    anchor_digest *sha256;
    uint64_t turn; /* of the slot that was written last: turn % SLOTS */
};

struct anchor *anchor_free(struct anchor *a)
{
    if (!a)
        return NULL;
    (void)close_fd(a->fd);
    free(a);
    return NULL;
}

/* ---- one slot ---- */

static int slot_encode(anchor_digest *sha256, uint64_t turn, const struct anchor_mark *m, struct buf *b)
{
    uint8_t digest[DIGEST_SIZE];
    char ledger[ANCHOR_LEDGER_SIZE] = "";
    int r;

    memcpy(ledger, m->ledger, strnlen(m->ledger, sizeof(ledger) - 1));
    buf_put(b, label, sizeof(label));
    buf_put_u64(b, turn);
    buf_put_u64(b, m->sequence);
    buf_put_u64(b, (uint64_t)m->at_us);
    buf_put(b, m->hash, sizeof(m->hash));
    buf_put(b, ledger, sizeof(ledger));
    r = buf_error(b);
    if (r == 0)
        r = sha256(b->data, b->size, digest);
    if (r < 0)
        return r;
    buf_put(b, digest, sizeof(digest));
    return buf_error(b);
}

static int slot_decode(anchor_digest *sha256, const uint8_t octets[static SLOT_SIZE], uint64_t *turn,
                       struct anchor_mark *m)
{
    struct view v = view_of(octets, SLOT_SIZE);
    uint8_t digest[DIGEST_SIZE];
    int r = sha256(octets, SLOT_SIZE - DIGEST_SIZE, digest);

    if (r < 0)
        return r;
    if (memcmp(digest, octets + SLOT_SIZE - DIGEST_SIZE, DIGEST_SIZE) != 0 ||
        memcmp(view_get(&v, sizeof(label)), label, sizeof(label)) != 0)
        return -EBADMSG;
    *turn = view_get_u64(&v);
    m->sequence = view_get_u64(&v);
    m->at_us = (int64_t)view_get_u64(&v);
    memcpy(m->hash, view_get(&v, sizeof(m->hash)), sizeof(m->hash));
    memcpy(m->ledger, view_get(&v, sizeof(m->ledger)), sizeof(m->ledger));
    /* After the last turn there is none that would be later. */
    return *turn < UINT64_MAX && m->ledger[sizeof(m->ledger) - 1] == '\0' ? 0 : -EBADMSG;
}

/* ---- the file ---- */

static int judge(int fd)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    return S_ISREG(st.st_mode) && st.st_uid == geteuid() && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0 ? 0
                                                                                                    : -EPERM;
}

static int read_later(struct anchor *a, struct anchor_mark *mark)
{
    int result = -EBADMSG;

    for (size_t i = 0; i < SLOTS; i++) {
        uint8_t octets[SLOT_SIZE];
        struct anchor_mark m;
        uint64_t turn = 0;
        ssize_t n = pread(a->fd, octets, sizeof(octets), (off_t)(i * SLOT_SPACING));
        int r;

        if (n < 0)
            return -errno;
        r = n == (ssize_t)sizeof(octets) ? slot_decode(a->sha256, octets, &turn, &m) : -EBADMSG;
        if (r < 0 && r != -EBADMSG)
            return r;
        if (r < 0 || turn % SLOTS != i || (result == 0 && turn < a->turn))
            continue;
        a->turn = turn;
        *mark = m;
        result = 0;
    }
    return result;
}

int anchor_open(const char *path, anchor_digest *sha256, struct anchor **ret, struct anchor_mark *mark)
{
    cleanup(anchor_free_p) struct anchor *a = calloc(1, sizeof(*a));
    int r;

    *ret = NULL;
    if (!a)
        return -ENOMEM;
    a->sha256 = sha256;
    a->fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (a->fd < 0)
        return errno == ELOOP ? -EPERM : -errno;
    r = judge(a->fd);
    if (r == 0)
        r = read_later(a, mark);
    if (r == 0)
        *ret = steal_pointer(&a);
    return r;
}

int anchor_make(const char *path, anchor_digest *sha256, const struct anchor_mark *mark, struct anchor **ret)
{
    cleanup_buf struct buf b = BUF_INIT;
    static const uint8_t nothing[SLOT_SPACING];
    struct anchor_mark written;
    int r = slot_encode(sha256, 0, mark, &b);

    *ret = NULL;
    /* Room for the other slot is taken now, so that writing it needs none on a full disk. */
    buf_put(&b, nothing, SLOT_SPACING);
    if (r == 0)
        r = buf_error(&b);
    if (r == 0)
        r = files_write(path, 0600, b.data, b.size);
    return r < 0 ? r : anchor_open(path, sha256, ret, &written);
}

int anchor_set(struct anchor *a, const struct anchor_mark *mark)
{
    cleanup_buf struct buf b = BUF_INIT;
    uint64_t turn = a->turn + 1;
    int r = slot_encode(a->sha256, turn, mark, &b);
    ssize_t n;

    if (r == 0 && turn == UINT64_MAX)
        r = -EOVERFLOW;
    if (r < 0)
        return r;
    n = pwrite(a->fd, b.data, b.size, (off_t)(turn % SLOTS * SLOT_SPACING));
    if (n != (ssize_t)b.size)
        return n < 0 ? -errno : -ENOSPC;
    a->turn = turn;
    return 0;
}
