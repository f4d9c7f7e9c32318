#include "broker/reaper/census.h"

#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/reaper/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void census_done(struct census *c)
{
    for (size_t i = 0; i < c->count; i++)
        census_process_done(&c->processes[i]);
    free(c->processes);
    *c = (struct census){0};
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

/* 0, -ESRCH, other -errno. */
static int add(int proc, uint32_t pid, struct census_persons persons, struct census *c)
{
    struct census_process p;
    int r = census_read_of_persons(proc, pid, persons, &p);
    if (r <= 0)
        return r;
    r = append(c, &p);
    if (r < 0)
        census_process_done(&p);
    return r;
}

int census_add(int proc, uint32_t pid, struct census_persons persons, struct census *c)
{
    int r = add(proc, pid, persons, c);
    return r == -ESRCH ? 0 : r;
}

int census_take(int proc, struct census_persons persons, struct census *ret)
{
    struct census c cleanup_census = {0};
    struct walk w cleanup_walk = {.entries = -1, .loadavg = -1};
    uint64_t end = clock_boot_us() + CENSUS_PATIENCE_US;
    uint32_t pid;
    bool gone = false;
    int r = walk_begin(proc, &w);
    if (r < 0)
        return r;
    while (!c.cut && (r = walk_next(&w, gone, &pid)) > 0) {
        r = add(proc, pid, persons, &c);
        gone = r == -ESRCH;
        if (r < 0 && !gone)
            return r;
        c.cut = clock_boot_us() > end;
    }
    if (r < 0 && r != -ESRCH)
        return r;
    c.cut = c.cut || w.began_anew;
    *ret = c;
    c = (struct census){0};
    return 0;
}

int census_add_copy(struct census *c, const struct census_process *p)
{
    struct census_process copy = *p;
    copy.cgroup = p->cgroup == NULL ? NULL : strdup(p->cgroup);
    int r = p->cgroup != NULL && copy.cgroup == NULL ? -ENOMEM : append(c, &copy);
    if (r < 0)
        census_process_done(&copy);
    return r;
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
    char text[CENSUS_FILE_SIZE];
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
    char text[CENSUS_FILE_SIZE];
    struct walk w cleanup_walk = {.entries = -1, .loadavg = -1};
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        int r = census_read_file(proc, 1, files[i], text);
        if (r < 0) {
            (void)snprintf(reason, 200, "cannot read /proc/1/%s (is it mounted with hidepid?): %s", files[i],
                           strerror(-r));
            return -EPERM;
        }
    }
    int r = walk_begin(proc, &w);
    if (r < 0) {
        (void)snprintf(reason, 200, "cannot read /proc/loadavg (is it mounted with subset=pid?): %s",
                       strerror(-r));
        return -EPERM;
    }
    if (proc_hides(proc)) {
        (void)snprintf(reason, 200,
                       "/proc is mounted with hidepid: processes that cannot be seen would count as gone");
        return -EPERM;
    }
    return 0;
}
