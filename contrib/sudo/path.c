#include "contrib/sudo/path.h"

#include "policy/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define LINKS_MAX        40 /* as the kernel's */
#define INTERPRETERS_MAX 4
#define FIRST_LINE_SIZE  256 /* as the kernel's BINPRM_BUF_SIZE */

struct walk {
    const struct path_place *place;
    struct path_found *found;
    char rest[PATH_REAL_SIZE]; /* still to be gone */
    unsigned links;
    bool changes;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}
#define cleanup_fd cleanup(close_fd)

static void copy_cut(const char *text, char *array, size_t size)
{
    size_t length = strnlen(text, size - 1);

    memcpy(array, text, length);
    array[length] = '\0';
}

/* Below the root's descriptor there is no leading slash; the root itself is `.`. */
static const char *below(const char *real)
{
    return real[1] == '\0' ? "." : real + 1;
}

/* Files that a process makes up, whoever they seem to belong to: what a link of /proc says is not where it
 * leads, and leads each process elsewhere; behind FUSE is a program of whoever mounted it. */
static bool is_made_up(int fd)
{
    struct statfs fs;

    return fstatfs(fd, &fs) < 0 || fs.f_type == PROC_SUPER_MAGIC || fs.f_type == FUSE_SUPER_MAGIC;
}

/* Links have no mode of their own; who may replace one is who may write its folder. */
static bool is_roots_alone(const struct walk *w, const struct stat *st)
{
    return st->st_uid == w->place->owner &&
           (S_ISLNK(st->st_mode) || (st->st_mode & (S_IWGRP | S_IWOTH)) == 0);
}

/* Looks at what `found->real` is. */
static int judge(struct walk *w, struct stat *st)
{
    cleanup_fd int fd = openat(w->place->root, below(w->found->real), O_PATH | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0 || fstat(fd, st) < 0)
        return -errno;
    if (w->changes || (is_roots_alone(w, st) && !is_made_up(fd)))
        return 0;
    w->changes = true;
    copy_cut(w->found->real, w->found->concern, sizeof(w->found->concern));
    return 0;
}

/* `text` before what is still to be gone. */
static int put_before(struct walk *w, const char *text)
{
    size_t length = strlen(text), rest = strlen(w->rest);

    if (length + 1 + rest >= sizeof(w->rest))
        return -ENAMETOOLONG;
    memmove(w->rest + length + 1, w->rest, rest + 1);
    memcpy(w->rest, text, length);
    w->rest[length] = '/';
    return 0;
}

static void leave(char *real)
{
    char *slash = strrchr(real, '/');

    slash[slash == real ? 1 : 0] = '\0';
}

static int enter_link(struct walk *w)
{
    char text[PATH_REAL_SIZE];
    ssize_t n = readlinkat(w->place->root, below(w->found->real), text, sizeof(text) - 1);

    if (n <= 0)
        return n < 0 ? -errno : -ENOENT;
    if (++w->links > LINKS_MAX)
        return -ELOOP;
    text[n] = '\0';
    if ((size_t)n == sizeof(text) - 1)
        return -ENAMETOOLONG;
    if (text[0] == '/')
        copy_cut("/", w->found->real, sizeof(w->found->real));
    else
        leave(w->found->real);
    return put_before(w, text);
}

/* One component further. */
static int step(struct walk *w, const char *name)
{
    char *real = w->found->real;
    size_t length = strlen(real);
    struct stat st = {0};
    int r;

    if (name[0] == '\0' || strcmp(name, ".") == 0)
        return 0;
    if (strcmp(name, "..") == 0) {
        leave(real);
        return 0;
    }
    if (length + 1 + strlen(name) >= sizeof(w->found->real))
        return -ENAMETOOLONG;
    if (length > 1)
        real[length++] = '/';
    memcpy(real + length, name, strlen(name) + 1);
    r = judge(w, &st);
    return r == 0 && S_ISLNK(st.st_mode) ? enter_link(w) : r;
}

static int go(struct walk *w)
{
    struct stat st;
    int r = judge(w, &st);

    while (r == 0 && w->rest[0] != '\0') {
        char name[PATH_REAL_SIZE];
        size_t length = strcspn(w->rest, "/");

        memcpy(name, w->rest, length);
        name[length] = '\0';
        memmove(w->rest, w->rest + length + (w->rest[length] == '/'), strlen(w->rest + length) + 1);
        r = step(w, name);
    }
    if (r < 0)
        return r;
    if (fstatat(w->place->root, below(w->found->real), &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    w->found->mode = st.st_mode;
    return 0;
}

enum path_result path_follow(const struct path_place *place, const char *path, struct path_found *ret)
{
    struct walk w = {.place = place, .found = ret};
    int r = -EINVAL;

    *ret = (struct path_found){.real = "/"};
    if (path[0] == '/' && strlen(path) < sizeof(w.rest)) {
        copy_cut(path, w.rest, sizeof(w.rest));
        r = go(&w);
    }
    if (r == -ENOENT && !w.changes) {
        ret->mode = 0;
        return PATH_ABSENT;
    }
    if (r < 0) {
        copy_cut(path, ret->real, sizeof(ret->real));
        copy_cut(path, ret->concern, sizeof(ret->concern));
        ret->mode = 0;
        return PATH_LOST;
    }
    return w.changes ? PATH_CHANGES : PATH_HOLDS;
}

/* ---- scripts ---- */

/* The interpreter of the file's first line: 1; 0: it is no script; or -errno. */
static int read_interpreter(const struct path_place *place, const char *real,
                            char interpreter[static FIRST_LINE_SIZE])
{
    cleanup_fd int fd = openat(place->root, below(real), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    char line[FIRST_LINE_SIZE] = "";
    size_t start = 2, length;
    ssize_t n;

    if (fd < 0)
        return -errno;
    n = read(fd, line, sizeof(line) - 1);
    if (n < 0)
        return -errno;
    if (n < 2 || line[0] != '#' || line[1] != '!')
        return 0;
    start += strspn(line + start, " \t");
    length = strcspn(line + start, " \t\n");
    if (line[start + length] == '\0') /* cut: the kernel may take it for another name */
        return -ENAMETOOLONG;
    memcpy(interpreter, line + start, length);
    interpreter[length] = '\0';
    return 1;
}

int path_interpreter_is_doubtful(const struct path_place *place, const char *real,
                                 char concern[static PATH_CONCERN_SIZE])
{
    struct path_found found;
    char interpreter[FIRST_LINE_SIZE] = "";

    copy_cut(real, found.real, sizeof(found.real));
    for (unsigned depth = 0; depth < INTERPRETERS_MAX; depth++) {
        int r = read_interpreter(place, found.real, interpreter);

        copy_cut(found.real, concern, PATH_CONCERN_SIZE);
        if (r <= 0)
            return r < 0;
        copy_cut(interpreter, concern, PATH_CONCERN_SIZE);
        if (path_follow(place, interpreter, &found) != PATH_HOLDS || !S_ISREG(found.mode))
            return 1;
    }
    return 1;
}
