#include "broker/common/files.h"
#include "broker/doctor/doctor.h"
#include "policy/base/buf.h"
#include "policy/base/ident.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>

#define OPEN_TRIES 16

/* A path below the root, as whoever lives there would open it: links that lead out do not. */
static int open_below(const char *root, const char *path, uint64_t flags)
{
    struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
    cleanup_close int folder = open(*root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    long fd = -1;

    if (folder < 0)
        return -errno;
    /* EAGAIN: something was renamed on the way. */
    for (int i = 0; i < OPEN_TRIES && fd < 0; i++) {
        fd = syscall(SYS_openat2, folder, path, &how, sizeof(how));
        if (fd < 0 && errno != EAGAIN && errno != EINTR)
            break;
    }
    return fd < 0 ? -errno : (int)fd;
}

static int read_below(const char *root, const char *path, char **ret)
{
    cleanup_close int fd = open_below(root, path, O_RDONLY | O_NONBLOCK);
    cleanup_buf struct buf b = {.limit = DOCTOR_FILE_MAX};
    char part[4096];
    struct stat st;
    ssize_t got;

    *ret = NULL;
    if (fd < 0)
        return fd;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return S_ISDIR(st.st_mode) ? -EISDIR : -EPERM;
    /* No further than the limit: a sparse file, or /proc/kcore behind a link, has no end to wait for. */
    while ((got = read(fd, part, sizeof(part))) > 0 && buf_error(&b) == 0)
        buf_put(&b, part, (size_t)got);
    if (got < 0)
        return -errno;
    if (buf_error(&b) == -EMSGSIZE)
        return -EFBIG;
    if (b.size > 0 && memchr(b.data, 0, b.size))
        return -EBADMSG;
    *ret = buf_steal_text(&b);
    return *ret ? 0 : -ENOMEM;
}

int doctor_read(struct doctor *d, const char *path, char **ret)
{
    return read_below(doctor_host_of(d)->root, path, ret);
}

int doctor_read_said(struct doctor *d, const char *path, char **ret)
{
    int r = doctor_read(d, path, ret);

    if (r < 0 && r != -ENOENT)
        doctor_unseen(d, path, r);
    return r;
}

void doctor_names_done(struct doctor_names *n)
{
    for (size_t i = 0; i < n->n; i++)
        free(n->items[i]);
    free((void *)n->items);
    *n = (struct doctor_names){.n = 0};
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_name(struct doctor_names *names, const char *name)
{
    char **grown = reallocarray((void *)names->items, names->n + 2, sizeof(*grown));

    if (!grown)
        return -ENOMEM;
    names->items = grown;
    grown[names->n] = strdup(name);
    grown[names->n + 1] = NULL;
    if (!grown[names->n])
        return -ENOMEM;
    names->n++;
    return 0;
}

int doctor_list(struct doctor *d, const char *path, struct doctor_names *ret)
{
    int fd = open_below(doctor_host_of(d)->root, path, O_RDONLY | O_DIRECTORY);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    int r = folder ? 0 : fd < 0 ? fd : -errno;

    *ret = (struct doctor_names){.n = 0};
    if (!folder) {
        close_fd(fd);
        return r;
    }
    while (r == 0 && (entry = readdir(folder)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            r = add_name(ret, entry->d_name);
    (void)closedir(folder);
    if (r < 0)
        doctor_names_done(ret);
    else if (ret->n > 0)
        qsort((void *)ret->items, ret->n, sizeof(*ret->items), compare);
    return r;
}

static int stat_below(struct doctor *d, const char *path, uint64_t flags, struct stat *ret)
{
    cleanup_close int fd = open_below(doctor_host_of(d)->root, path, O_PATH | flags);

    if (fd < 0)
        return fd;
    return fstat(fd, ret) < 0 ? -errno : 0;
}

int doctor_stat(struct doctor *d, const char *path, struct stat *ret)
{
    return stat_below(d, path, 0, ret);
}

int doctor_lstat(struct doctor *d, const char *path, struct stat *ret)
{
    return stat_below(d, path, O_NOFOLLOW, ret);
}

int doctor_readlink(struct doctor *d, const char *path, char **ret)
{
    cleanup_close int fd = open_below(doctor_host_of(d)->root, path, O_PATH | O_NOFOLLOW);
    char target[4096];
    ssize_t length;

    *ret = NULL;
    if (fd < 0)
        return fd;
    length = readlinkat(fd, "", target, sizeof(target) - 1);
    if (length < 0)
        return -errno;
    target[length] = 0;
    *ret = strdup(target);
    return *ret ? 0 : -ENOMEM;
}

bool doctor_is_owned(const struct doctor *d, const struct stat *st)
{
    return st->st_uid == doctor_host_of(d)->owner && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

int doctor_run(struct doctor *d, const char *const argv[], struct doctor_output *ret)
{
    const struct doctor_host *host = doctor_host_of(d);

    *ret = (struct doctor_output){.status = 0};
    return host->run(host->userdata, argv, ret);
}

/* The value of a line `gated-uid = VALUE`; NULL if it is another. */
static const char *gated_uid_value(const char *line)
{
    static const char key[] = "gated-uid";

    if (strncmp(line, key, strlen(key)) != 0)
        return NULL;
    line += strlen(key);
    line += strspn(line, " \t");
    if (*line++ != '=')
        return NULL;
    return line + strspn(line, " \t");
}

bool doctor_parse_gated_uid(const char *conf, uint32_t *first, uint32_t *last)
{
    for (const char *line = conf; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        const char *value = gated_uid_value(line);
        size_t digits = value ? strspn(value, "0123456789") : 0;
        size_t more = digits > 0 && value[digits] == '-' ? strspn(value + digits + 1, "0123456789") : 0;

        if (more > 0 && ident_parse_number(value, digits, first) == 0 &&
            ident_parse_number(value + digits + 1, more, last) == 0 && *first > 0 && *first <= *last)
            return true;
    }
    return false;
}

int doctor_host_read_range(struct doctor_host *host)
{
    cleanup_free char *text = NULL;
    int r = read_below(host->root, "/etc/hufu/hufud.conf", &text);

    host->gated_first = host->gated_last = 0;
    if (r < 0)
        return r;
    if (doctor_parse_gated_uid(text, &host->gated_first, &host->gated_last))
        return 0;
    host->gated_first = host->gated_last = 0;
    return -EBADMSG;
}
