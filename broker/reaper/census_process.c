#include "broker/reaper/census_process.h"

#include "broker/common/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

void census_process_done(struct census_process *p)
{
    free(p->cgroup);
    p->cgroup = NULL;
}

#define STAT_TRIES 3

int census_read_file(int proc, uint32_t pid, const char *name, char text[static CENSUS_FILE_SIZE])
{
    char path[64];
    (void)snprintf(path, sizeof path, "%u/%s", pid, name);
    int fd cleanup_close = openat(proc, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? -ESRCH : -errno;
    ssize_t n;
    do
        n = read(fd, text, CENSUS_FILE_SIZE - 1);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    text[n] = '\0';
    return 0;
}

/* A number in a file of its own. A kernel without audit has no such file: the value is unset then. */
static int read_number(int proc, uint32_t pid, const char *name, uint32_t *ret)
{
    char text[CENSUS_FILE_SIZE];
    int r = census_read_file(proc, pid, name, text);
    *ret = CENSUS_UNSET;
    if (r == -ESRCH && census_read_file(proc, pid, "stat", text) == 0)
        return 0;
    if (r < 0)
        return r;
    char *end = NULL;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (errno != 0 || end == text || value > UINT32_MAX)
        return -EBADMSG;
    *ret = (uint32_t)value;
    return 0;
}

/* The n-th of fields separated by blanks, from 0, or NULL. */
static const char *field(const char *text, unsigned n)
{
    text += strspn(text, " \t");
    for (; n > 0 && *text != '\0'; n--) {
        text += strcspn(text, " \t");
        text += strspn(text, " \t");
    }
    return *text == '\0' ? NULL : text;
}

static int parse_field(const char *text, unsigned n, uint64_t highest, uint64_t *ret)
{
    const char *at = field(text, n);
    char *end = NULL;

    if (at == NULL || *at < '0' || *at > '9')
        return -EBADMSG;
    errno = 0;
    unsigned long long value = strtoull(at, &end, 10);
    if (errno != 0 || value > highest || (*end != ' ' && *end != '\t' && *end != '\n' && *end != '\0'))
        return -EBADMSG;
    *ret = value;
    return 0;
}

/* The kernel has let go of what this was: the session stands there as -1 then (do_task_stat() in its
 * fs/proc/array.c). */
static bool is_released(const char *fields)
{
    const char *session = field(fields, 6 - 3);
    return session != NULL && strncmp(session, "-1 ", 3) == 0;
}

/* proc(5): the name may hold anything, blanks and parentheses too, so fields are counted from the last ')';
 * the one behind it is field 3. */
static int parse_stat(char *text, struct census_process *p)
{
    char *open = strchr(text, '(');
    char *close = strrchr(text, ')');
    uint64_t parent = 0;
    uint64_t session = 0;
    uint64_t tty = 0;
    uint64_t threads = 0;
    if (open == NULL || close == NULL || close < open)
        return -EBADMSG;
    *close = '\0';
    (void)snprintf(p->name, sizeof p->name, "%.16s", open + 1);
    const char *state = field(close + 1, 0);
    if (is_released(close + 1))
        return -EAGAIN;
    if (state == NULL || parse_field(close + 1, 4 - 3, UINT32_MAX, &parent) < 0 ||
        parse_field(close + 1, 6 - 3, UINT32_MAX, &session) < 0 ||
        parse_field(close + 1, 7 - 3, UINT32_MAX, &tty) < 0 ||
        parse_field(close + 1, 20 - 3, UINT32_MAX, &threads) < 0 ||
        parse_field(close + 1, 22 - 3, UINT64_MAX, &p->start_time) < 0)
        return -EBADMSG;
    /* What the first thread shows is not the process: others may go on without it. */
    if ((*state == 'Z' || *state == 'X' || *state == 'x') && threads <= 1)
        return -ESRCH;
    p->stopped = *state == 'T' || *state == 't';
    p->parent = (uint32_t)parent;
    p->session = (uint32_t)session;
    p->tty = (uint32_t)tty;
    return 0;
}

/* "Uid:" and the real, effective, saved and filesystem one. */
static int parse_uids(const char *status, uint32_t uids[static 4])
{
    const char *line = strstr(status, "\nUid:");
    if (line == NULL)
        return -EBADMSG;
    for (unsigned i = 0; i < 4; i++) {
        uint64_t uid = 0;
        int r = parse_field(line + sizeof("\nUid:") - 1, i, UINT32_MAX, &uid);
        if (r < 0)
            return r;
        uids[i] = (uint32_t)uid;
    }
    return 0;
}

/* "0::/path" is the line of the unified hierarchy; "/.." leads out of our cgroup namespace. */
static char *parse_cgroup(char *text)
{
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        if (strncmp(line, "0::/", 4) == 0)
            return strncmp(line + 3, "/..", 3) == 0 ? NULL : strdup(line + 3);
    return NULL;
}

static bool has_uid(const struct census_process *p, uint32_t uid)
{
    for (size_t i = 0; i < ARRAY_SIZE(p->uids); i++)
        if (p->uids[i] == uid)
            return true;
    return false;
}

bool census_is_of_person(const struct census_process *p, uint32_t uid)
{
    return p->login_uid == uid || (p->login_uid == CENSUS_UNSET && has_uid(p, uid));
}

/* What was let go of is not found again if it was the process; if it was a first thread in whose place
 * another one has run execve(2), the process is, and lives on. */
static int read_stat(int proc, struct census_process *p)
{
    char text[CENSUS_FILE_SIZE];
    int r = -EAGAIN;
    for (unsigned i = 0; r == -EAGAIN && i < STAT_TRIES; i++) {
        r = census_read_file(proc, p->pid, "stat", text);
        if (r == 0)
            r = parse_stat(text, p);
    }
    return r == -EAGAIN ? -EBADMSG : r;
}

int census_read_uids(int proc, uint32_t pid, uint32_t ret[static 4])
{
    char text[CENSUS_FILE_SIZE];
    int r = census_read_file(proc, pid, "status", text);
    return r < 0 ? r : parse_uids(text, ret);
}

static int read_session_and_cgroup(int proc, struct census_process *p)
{
    char text[CENSUS_FILE_SIZE];
    int r = read_number(proc, p->pid, "sessionid", &p->audit_session);
    if (r == 0 && census_read_file(proc, p->pid, "cgroup", text) == 0)
        p->cgroup = parse_cgroup(text);
    return r;
}

int census_read(int proc, uint32_t pid, struct census_process *ret)
{
    struct census_process p = {.pid = pid};
    int r = read_stat(proc, &p);
    if (r < 0 || (r = census_read_uids(proc, pid, p.uids)) < 0 ||
        (r = read_number(proc, pid, "loginuid", &p.login_uid)) < 0 ||
        (r = read_session_and_cgroup(proc, &p)) < 0)
        return r;
    *ret = p;
    return 0;
}

static int compare_uids(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static bool is_among(uint32_t uid, struct census_persons persons)
{
    return bsearch(&uid, persons.uids, persons.count, sizeof *persons.uids, compare_uids) != NULL;
}

static bool has_uid_among(const struct census_process *p, struct census_persons persons)
{
    for (size_t i = 0; i < ARRAY_SIZE(p->uids); i++)
        if (is_among(p->uids[i], persons))
            return true;
    return false;
}

/* Most processes are somebody else's, which one small file tells; or a daemon's or the kernel's, which two
 * do. Of a person's who are dead already, which one more tells, there are many while they are being ended. */
int census_read_of_persons(int proc, uint32_t pid, struct census_persons persons, struct census_process *ret)
{
    struct census_process p = {.pid = pid,
                               .audit_session = CENSUS_UNSET,
                               .uids = {CENSUS_UNSET, CENSUS_UNSET, CENSUS_UNSET, CENSUS_UNSET}};
    int r = read_number(proc, pid, "loginuid", &p.login_uid);
    if (r < 0)
        return r;
    if (p.login_uid != CENSUS_UNSET && !is_among(p.login_uid, persons))
        return 0;
    bool set = p.login_uid != CENSUS_UNSET;
    if (!set && (r = census_read_uids(proc, pid, p.uids)) < 0)
        return r;
    if (!set && !has_uid_among(&p, persons))
        return 0;
    if ((r = read_stat(proc, &p)) < 0 ||
        (set && persons.whole && (r = census_read_uids(proc, pid, p.uids)) < 0) ||
        (!persons.unplaced && (r = read_session_and_cgroup(proc, &p)) < 0))
        return r;
    *ret = p;
    return 1;
}

bool census_is_still(int proc, const struct census_process *seen)
{
    struct census_process now = {.pid = seen->pid};
    return read_stat(proc, &now) == 0 && now.start_time == seen->start_time &&
           read_number(proc, seen->pid, "loginuid", &now.login_uid) == 0 && now.login_uid == seen->login_uid;
}

ssize_t census_cmdline(int proc, uint32_t pid, char *text, size_t size)
{
    char path[64];
    size_t used = 0;
    (void)snprintf(path, sizeof path, "%u/cmdline", pid);
    int fd cleanup_close = openat(proc, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? -ESRCH : -errno;
    while (used < size) {
        ssize_t n = read(fd, text + used, size - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        used += (size_t)n;
    }
    return (ssize_t)used;
}

int census_read_login_uid(int proc, uint32_t pid, uint32_t *ret)
{
    return read_number(proc, pid, "loginuid", ret);
}
