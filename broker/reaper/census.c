#include "broker/reaper/census.h"

#include "broker/common/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define PROC_FILE_SIZE 8192

void census_process_done(struct census_process *p)
{
    free(p->cgroup);
    p->cgroup = NULL;
}

void census_done(struct census *c)
{
    for (size_t i = 0; i < c->count; i++)
        census_process_done(&c->processes[i]);
    free(c->processes);
    *c = (struct census){0};
}

/* Reads /proc/PID/NAME into `text`, NUL-terminated. A process may go at any moment: -ESRCH. */
static int read_proc(int proc, uint32_t pid, const char *name, char text[static PROC_FILE_SIZE])
{
    char path[64];
    (void)snprintf(path, sizeof path, "%u/%s", pid, name);
    int fd cleanup_close = openat(proc, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? -ESRCH : -errno;
    size_t used = 0;
    while (used < PROC_FILE_SIZE - 1) {
        ssize_t n = read(fd, text + used, PROC_FILE_SIZE - 1 - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        used += (size_t)n;
    }
    text[used] = '\0';
    return 0;
}

/* A number in a file of its own. A kernel without audit has no such file: the value is unset then. */
static int read_number(int proc, uint32_t pid, const char *name, uint32_t *ret)
{
    char text[PROC_FILE_SIZE];
    int r = read_proc(proc, pid, name, text);
    *ret = CENSUS_UNSET;
    if (r == -ESRCH && read_proc(proc, pid, "stat", text) == 0)
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

int census_read(int proc, uint32_t pid, struct census_process *ret)
{
    char text[PROC_FILE_SIZE];
    struct census_process p = {.pid = pid};
    int r = read_proc(proc, pid, "stat", text);
    if (r < 0 || (r = parse_stat(text, &p)) < 0)
        return r;
    if ((r = read_proc(proc, pid, "status", text)) < 0 || (r = parse_uids(text, p.uids)) < 0)
        return r;
    if ((r = read_number(proc, pid, "loginuid", &p.login_uid)) < 0 ||
        (r = read_number(proc, pid, "sessionid", &p.audit_session)) < 0)
        return r;
    if (read_proc(proc, pid, "cgroup", text) == 0)
        p.cgroup = parse_cgroup(text);
    *ret = p;
    return 0;
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

static int append(struct census *c, const struct census_process *p)
{
    if (c->count == c->capacity) {
        size_t capacity = c->capacity == 0 ? 64 : c->capacity * 2;
        struct census_process *grown = reallocarray(c->processes, capacity, sizeof *grown);
        if (grown == NULL)
            return -ENOMEM;
        c->processes = grown;
        c->capacity = capacity;
    }
    c->processes[c->count++] = *p;
    return 0;
}

static int consider(int proc, uint32_t pid, uint32_t uid, struct census *c)
{
    uint32_t login_uid = CENSUS_UNSET;
    int r = read_number(proc, pid, "loginuid", &login_uid);
    if (r == -ESRCH)
        return 0;
    if (r < 0)
        return r;
    /* Most processes are somebody else's: one small file tells. */
    if (login_uid != uid && login_uid != CENSUS_UNSET)
        return 0;
    struct census_process p;
    r = census_read(proc, pid, &p);
    if (r == -ESRCH)
        return 0;
    if (r < 0)
        return r;
    if (!census_is_of_person(&p, uid)) {
        census_process_done(&p);
        return 0;
    }
    r = append(c, &p);
    if (r < 0)
        census_process_done(&p);
    return r;
}

static void close_dir_p(DIR **d)
{
    if (*d != NULL)
        (void)closedir(*d);
}

int census_take(int proc, uint32_t uid, struct census *ret)
{
    struct census c cleanup_census = {0};
    int fd = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    DIR *dir cleanup(close_dir_p) = fdopendir(fd);
    if (dir == NULL) {
        int r = -errno;
        (void)close(fd);
        return r;
    }
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(dir);
        if (entry == NULL && errno != 0)
            return -errno;
        if (entry == NULL)
            break;
        char *end = NULL;
        unsigned long pid = strtoul(entry->d_name, &end, 10);
        if (pid == 0 || pid > UINT32_MAX || *end != '\0')
            continue;
        int r = consider(proc, (uint32_t)pid, uid, &c);
        if (r < 0)
            return r;
    }
    *ret = c;
    c = (struct census){0};
    return 0;
}

bool census_is_job(const char *cgroup)
{
    static const char *const units[] = {"/system.slice/cron.service", "/system.slice/crond.service",
                                        "/system.slice/atd.service"};
    if (cgroup == NULL)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        size_t length = strlen(units[i]);
        if (strncmp(cgroup, units[i], length) == 0 && (cgroup[length] == '\0' || cgroup[length] == '/'))
            return true;
    }
    return false;
}

static const struct census_process *find(const struct census *c, uint32_t pid)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->processes[i].pid == pid)
            return &c->processes[i];
    return NULL;
}

/* Below the leader, by parents as the kernel knows them; a chain longer than the census is a race. */
static bool descends(const struct census *c, const struct census_process *p, const struct reap_target *target)
{
    for (size_t steps = 0; p != NULL && steps <= c->count; steps++) {
        if (p->pid == target->leader)
            return p->start_time == target->leader_start;
        if (p->parent == target->leader)
            return true;
        p = find(c, p->parent);
    }
    return false;
}

static bool is_spared(const struct census_process *p, struct census_spared spared)
{
    for (size_t i = 0; i < spared.count; i++)
        if (p->login_uid != CENSUS_UNSET && p->audit_session == spared.audit_sessions[i])
            return true;
    return false;
}

bool census_matches(const struct census *c, const struct census_process *p, const struct reap_target *target,
                    struct census_spared spared)
{
    if (!census_is_of_person(p, target->uid))
        return false;
    switch (target->scope) {
    case REAP_PERSON:
        return true;
    case REAP_STRAYS:
        return !is_spared(p, spared);
    case REAP_LEFTOVERS:
        return !is_spared(p, spared) && !census_is_job(p->cgroup);
    case REAP_SESSION:
        if (target->audit_session != CENSUS_UNSET)
            return p->audit_session == target->audit_session;
        /* No audit session to go by (pam_loginuid missing): the leader's tree, by uid. */
        return p->audit_session == CENSUS_UNSET && descends(c, p, target);
    }
    return false;
}

static bool proc_hides(int proc)
{
    char text[PROC_FILE_SIZE];
    int fd cleanup_close = openat(proc, "self/mountinfo", O_RDONLY | O_CLOEXEC);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "re");
    if (f == NULL)
        return true;
    fd = -1;
    bool hides = false;
    while (fgets(text, sizeof text, f) != NULL) {
        const char *type = strstr(text, " - proc ");
        const char *option = type == NULL ? NULL : strstr(type, "hidepid=");
        if (option != NULL && strncmp(option, "hidepid=0", 9) != 0 &&
            strncmp(option, "hidepid=off", 11) != 0 && strstr(text, " /proc ") != NULL)
            hides = true;
    }
    (void)fclose(f);
    return hides;
}

int census_check_sight(int proc, char reason[static 200])
{
    static const char *const files[] = {"stat", "status", "cgroup", "loginuid", "sessionid"};
    char text[PROC_FILE_SIZE];
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        int r = read_proc(proc, 1, files[i], text);
        if (r < 0) {
            (void)snprintf(reason, 200, "cannot read /proc/1/%s (is it mounted with hidepid?): %s", files[i],
                           strerror(-r));
            return -EPERM;
        }
    }
    if (proc_hides(proc)) {
        (void)snprintf(reason, 200,
                       "/proc is mounted with hidepid: processes that cannot be seen would count as gone");
        return -EPERM;
    }
    return 0;
}
