// LAYERS: reaper client wire common base
// LIBRARIES: pam
// LINK: -Wl,--wrap=fopen
// COVERS: broker/reaper/census_process.c
// COVERS: broker/reaper/census.c:census_take,census_add,add,census_is_job
// COVERS: broker/reaper/census.c:proc_hides,census_check_sight
// COVERS: broker/reaper/cgroups.c:cgroups_may_kill,mount_of_line,cgroups_open,judge_member
// COVERS: broker/reaper/cgroups.c:judge_members,cgroups_kill
// COVERS: pam_module/caller.c:parse_decimal,caller_parse_stat,caller_parse_audit
// OPTIONS: -max_len=4096
// CUTS: 16
/*
 * Files of /proc with any content, cut at form feeds into stat, status, cgroup, loginuid, sessionid,
 * cmdline, mountinfo and a cgroup's cgroup.procs: a process names itself as it likes, and other kernels write
 * other lines. The reaper's and the module's reader of a start time agree; what cannot be read is no process
 * of anybody's; whom a census finds is that person's; a cgroup is killed if it holds nobody else.
 */
#include "broker/reaper/census.h"
#include "broker/reaper/cgroups.h"
#include "pam_module/caller.h"
#include "policy/base/cleanup.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#define PID   1301
#define UID   20001
#define SCOPE "session-c1.scope"

static const char *const names[] = {"stat", "status", "cgroup", "loginuid", "sessionid", "cmdline"};
enum { STAT, STATUS, CGROUP, LOGINUID, SESSIONID, CMDLINE, FILES };
/* Of another folder: the first process, which anybody may see, and mounts; and a session's cgroup. */
static const char *const others[] = {
    "self/mountinfo", "1/stat",      "1/status",           "1/cgroup",
    "1/loginuid",     "1/sessionid", SCOPE "/cgroup.kill", SCOPE "/cgroup.procs"};
static const char *const folders[] = {"self", "1", SCOPE};

static int proc = -1, beside = -1;
static char root[] = "/tmp/hufu-fuzz-proc-XXXXXX", other_root[] = "/tmp/hufu-fuzz-proc-XXXXXX";

static void clear_up(void)
{
    char path[64];

    for (size_t i = 0; i < FILES; i++) {
        (void)snprintf(path, sizeof(path), "%s/%u/%s", root, PID, names[i]);
        (void)unlink(path);
    }
    (void)snprintf(path, sizeof(path), "%s/%u", root, PID);
    (void)rmdir(path);
    (void)unlinkat(proc, "loadavg", 0);
    (void)rmdir(root);
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        (void)unlinkat(beside, others[i], 0);
    for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
        (void)unlinkat(beside, folders[i], AT_REMOVEDIR);
    (void)rmdir(other_root);
}

static void put_beside(const char *name, const char *text, size_t size)
{
    int fd = openat(beside, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    demand(fd >= 0 && write(fd, text, size) == (ssize_t)size, "a file");
    (void)close(fd);
}

static void set_up_beside(void)
{
    demand(mkdtemp(other_root) && (beside = open(other_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0,
           "a folder");
    for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
        demand(mkdirat(beside, folders[i], 0700) == 0, "a folder");
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        put_beside(others[i], "1\n", 2);
    put_beside("loadavg", "0.00 0.00 0.00 1/2 1301\n", 24);
}

static void set_up(void)
{
    char path[32];
    int list;

    if (proc >= 0)
        return;
    (void)snprintf(path, sizeof(path), "%u", PID);
    demand(mkdtemp(root) && (proc = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0 &&
               mkdirat(proc, path, 0700) == 0,
           "a folder");
    demand((list = openat(proc, "loadavg", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) >= 0 &&
               dprintf(list, "0.00 0.00 0.00 1/2 %u\n", PID) > 0 && close(list) == 0,
           "a file");
    set_up_beside();
    (void)atexit(clear_up);
}

/* A part that is a single exclamation mark is a file that is not there. */
static void put(const char *name, const char *part, size_t size)
{
    char path[32];
    int fd;

    (void)snprintf(path, sizeof(path), "%u/%s", PID, name);
    if (size == 1 && *part == '!') {
        (void)unlinkat(proc, path, 0);
        return;
    }
    fd = openat(proc, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    demand(fd >= 0 && write(fd, part, size) == (ssize_t)size, "a file");
    (void)close(fd);
}

/* Fields with one blank between them. */
static bool is_as_the_kernel_writes(const char *stat, size_t size)
{
    const char *end = memrchr(stat, ')', size);

    if (!end || end + 1 == stat + size || end[1] != ' ' || memchr(stat, 0, size))
        return false;
    for (size_t i = (size_t)(end - stat); i + 1 < size; i++)
        if (stat[i] == '\t' || (stat[i] == '\n' && i + 1 < size) || (stat[i] == ' ' && stat[i + 1] == ' '))
            return false;
    return true;
}

static void judge(const struct census_process *p, const char *stat, size_t size)
{
    const struct reap_target target = {.scope = REAP_PERSON, .uid = UID, .audit_session = 7};
    const struct census_spared spared = {.audit_sessions = NULL, .count = 0};
    struct census one = {.processes = (struct census_process *)(uintptr_t)p, .count = 1};
    uint64_t start;

    demand(p->pid == PID && memchr(p->name, 0, sizeof(p->name)), "a process has a name");
    demand(!p->cgroup || p->cgroup[0] == '/', "a cgroup is a path");
    demand(!p->cgroup || strncmp(p->cgroup, "/..", 3) != 0, "a cgroup outside of our namespace");
    if (is_as_the_kernel_writes(stat, size) && caller_parse_stat(stat, size, &start) == 0)
        demand(start == p->start_time, "module and reaper agree on a start time");
    if (census_matches(&one, p, &target, spared))
        demand(census_is_of_person(p, UID), "a process of somebody else");
    if (p->login_uid != UID && p->login_uid != CENSUS_UNSET)
        demand(!census_is_of_person(p, UID), "a login uid decides");
    if (p->cgroup && cgroups_may_kill(p->cgroup, UID))
        demand(!census_is_job(p->cgroup) || strrchr(p->cgroup, '/') != p->cgroup, "a cgroup of everybody's");
}

static void take(const char *stat, size_t size)
{
    struct census_process p = {0};
    static const uint32_t uid = UID;
    const struct census_persons persons = {.uids = &uid, .count = 1, .whole = true};
    struct census c = {0};
    uint32_t login_uid;
    char text[256];
    int r = census_read(proc, PID, &p);

    if (r == 0)
        judge(&p, stat, size);
    demand(r == 0 || r == -ESRCH || r == -EBADMSG, "an error that no file makes");
    census_process_done(&p);
    demand(census_cmdline(proc, PID, text, sizeof(text)) <= (ssize_t)sizeof(text),
           "arguments within their room");
    (void)census_read_login_uid(proc, PID, &login_uid);
    if (census_take(proc, persons, &c) < 0)
        return;
    demand(c.count <= 1, "a process twice");
    for (size_t i = 0; i < c.count; i++)
        demand(census_is_of_person(&c.processes[i], UID), "somebody else in a census");
    census_done(&c);
}

static void try_audit(const char *text, size_t size)
{
    uint32_t number = 0;
    char again[16];

    if (caller_parse_audit(text, size, &number) < 0)
        return;
    (void)snprintf(again, sizeof(again), "%u", number);
    while (size > 1 && *text == '0' && text[1] >= '0' && text[1] <= '9') {
        text++;
        size--;
    }
    demand(strncmp(again, text, strlen(again)) == 0 && size <= strlen(again) + 1, "a number comes back");
}

/* ---- mounts ---- */

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
    char ours[64];

    if (strcmp(path, "/proc/self/mountinfo") != 0)
        return __real_fopen(path, mode);
    (void)snprintf(ours, sizeof(ours), "%s/self/mountinfo", other_root);
    return __real_fopen(ours, mode);
}

static void try_mounts(const char *text, size_t size)
{
    struct cgroups g;
    char reason[200] = "";
    struct statfs what;

    put_beside("self/mountinfo", text, size);
    if (census_check_sight(beside, reason) < 0)
        demand(strstr(reason, "hidepid") && memmem(text, size, "hidepid=", 8), "sight, and it is refused");
    else
        demand(reason[0] == '\0', "a reason for nothing");
    cgroups_open(&g, proc);
    demand(g.mount < 0 || (fstatfs(g.mount, &what) == 0 && what.f_type == CGROUP2_SUPER_MAGIC),
           "a hierarchy that is none");
    demand(g.mount < 0 || memmem(text, size, " - cgroup2 ", 11), "a hierarchy that nobody named");
    cgroups_close(&g);
}

/* ---- members of a cgroup ---- */

static bool is_killed(const char *path)
{
    const struct cgroups g = {.mount = beside, .proc = proc};
    char text[2] = "";
    int fd;

    put_beside(SCOPE "/cgroup.kill", "0", 1);
    (void)cgroups_kill(&g, path, UID);
    fd = openat(beside, SCOPE "/cgroup.kill", O_RDONLY | O_CLOEXEC);
    demand(fd >= 0 && read(fd, text, sizeof(text)) == 1, "a file");
    (void)close(fd);
    return text[0] == '1';
}

/* Every line is the number of a process that is theirs, or of one that is gone. */
static bool are_theirs(const char *text, size_t size)
{
    struct census_process p = {0};
    int r = census_read(proc, PID, &p);
    bool theirs = r == -ESRCH || (r == 0 && (census_is_of_person(&p, UID) || p.login_uid == UID));
    uint32_t login_uid;

    theirs = theirs || (census_read_login_uid(proc, PID, &login_uid) == 0 && login_uid == UID);
    census_process_done(&p);
    return theirs || !memmem(text, size, "1301\n", 5) || memmem(text, size, "11301\n", 6);
}

static void try_members(const char *text, size_t size)
{
    bool killed;

    put_beside(SCOPE "/cgroup.procs", text, size);
    killed = is_killed("/" SCOPE);
    demand(!killed || are_theirs(text, size), "somebody else was killed");
    demand(!killed || size == 0 || text[size - 1] == '\n', "a number that was cut off");
    demand(!killed || strspn(text, "0123456789\n") >= size, "what is no number was killed");
    demand(!is_killed("/user@20002.service"), "a cgroup of somebody else's");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *at = (const char *)data, *stat = "";
    size_t stat_size = 0;

    set_up();
    for (size_t i = 0; i < FILES; i++) {
        const char *end = size > 0 ? memchr(at, '\f', size) : NULL;
        size_t length = end ? (size_t)(end - at) : size;

        put(names[i], length > 0 ? at : "", length);
        if (i == STAT) {
            stat = at;
            stat_size = length;
        }
        if (i == LOGINUID && length > 0)
            try_audit(at, length);
        at += length + (end != NULL);
        size -= length + (end != NULL);
    }
    if (stat_size > 0)
        take(stat, stat_size);
    if (size > 0) {
        const char *end = memchr(at, '\f', size);
        size_t length = end ? (size_t)(end - at) : size;
        cleanup_free char *members = fuzz_text((const uint8_t *)at + length, size - length);

        try_mounts(at, length);
        if (end)
            try_members(members + 1, size - length - 1);
    }
    return 0;
}
