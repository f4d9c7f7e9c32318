#include "broker/reaper/walk.h"

#include "broker/common/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ONE_PID  32 /* octets: getdents64(2) has room for the entry of one, however long its number */
#define PER_LOOK 64 /* so many at a time nobody can fork through all pids meanwhile */

struct entries {
    size_t size;
    _Alignas(struct dirent64) char octets[512];
};

void walk_done(struct walk *w)
{
    if (w->entries >= 0)
        (void)close(w->entries);
    if (w->loadavg >= 0)
        (void)close(w->loadavg);
    *w = (struct walk){.entries = -1, .loadavg = -1};
}

/* 0: it is no pid. */
static uint32_t parse_pid(const char *text, char after)
{
    char *end = NULL;
    errno = 0;
    unsigned long pid = strtoul(text, &end, 10);
    return errno != 0 || end == text || *end != after || pid > UINT32_MAX ? 0 : (uint32_t)pid;
}

static int read_newest(const struct walk *w, uint32_t *ret)
{
    char text[128];
    ssize_t n = pread(w->loadavg, text, sizeof text - 1, 0);
    if (n < 0)
        return -errno;
    text[n] = '\0';
    const char *last = strrchr(text, ' ');
    if (last == NULL)
        return -EBADMSG;
    *ret = parse_pid(last + 1, '\n');
    return *ret == 0 ? -EBADMSG : 0;
}

static int look_at_newest(struct walk *w)
{
    uint32_t newest = 0;
    int r = read_newest(w, &newest);
    if (r < 0)
        return r;
    w->began_anew = w->began_anew || newest < w->newest;
    w->newest = newest;
    return 0;
}

/* struct linux_dirent64 of getdents64(2), which is struct dirent64. */
static const char *entry_name(const struct entries *e, size_t at)
{
    return e->octets + at + offsetof(struct dirent64, d_name);
}

static size_t entry_length(const struct entries *e, size_t at)
{
    uint16_t length;
    memcpy(&length, e->octets + at + offsetof(struct dirent64, d_reclen), sizeof length);
    return length;
}

static off_t entry_end(const struct entries *e, size_t at)
{
    int64_t end;
    memcpy(&end, e->octets + at + offsetof(struct dirent64, d_off), sizeof end);
    return (off_t)end;
}

/* 1; 0: there are no more; -EINVAL: there is no room for it. */
static int get(const struct walk *w, struct entries *e, size_t room)
{
    long n = syscall(SYS_getdents64, w->entries, e->octets, room);
    if (n < 0)
        return -errno;
    e->size = (size_t)n;
    return n > 0;
}

/* To where a pid stands, past all that have other names. 1; 0: there is none; -errno. */
static int skip_others(const struct walk *w)
{
    struct entries e;
    off_t here = lseek(w->entries, 0, SEEK_CUR);
    int r;
    while (here >= 0 && (r = get(w, &e, sizeof e.octets)) > 0)
        for (size_t at = 0; at < e.size; here = entry_end(&e, at), at += entry_length(&e, at))
            if (parse_pid(entry_name(&e, at), '\0') != 0)
                return lseek(w->entries, here, SEEK_SET) < 0 ? -errno : 1;
    return here < 0 ? -errno : r;
}

int walk_begin(int proc, struct walk *ret)
{
    struct walk w cleanup_walk = {
        .entries = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
        .loadavg = openat(proc, "loadavg", O_RDONLY | O_CLOEXEC),
    };
    if (w.entries < 0 || w.loadavg < 0)
        return -errno;
    int r = read_newest(&w, &w.newest);
    if (r < 0)
        return r;
    *ret = w;
    w.entries = w.loadavg = -1;
    return 0;
}

/* 1 and its pid, which is 0 for whatever is no process; 0: there are no more; -errno. */
static int next_entry(struct walk *w, uint32_t *pid)
{
    struct entries e;
    w->here = lseek(w->entries, 0, SEEK_CUR);
    int r = w->here < 0 ? -errno : get(w, &e, ONE_PID);
    if (r == -EINVAL) {
        *pid = 0;
        return skip_others(w);
    }
    if (r > 0)
        *pid = parse_pid(entry_name(&e, 0), '\0');
    return r;
}

int walk_next(struct walk *w, bool gone, uint32_t *ret)
{
    uint32_t pid;
    int r;
    if (gone && lseek(w->entries, w->here, SEEK_SET) < 0)
        return -errno;
    do
        r = next_entry(w, &pid);
    while (r > 0 && (pid == 0 || (gone && pid == w->pid)));
    if (r == 0 || w->given++ % PER_LOOK == 0) {
        int q = look_at_newest(w);
        r = q < 0 ? q : r;
    }
    if (r <= 0)
        return r;
    *ret = w->pid = pid;
    return 1;
}
