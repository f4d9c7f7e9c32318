#include "broker/reaper/killing.h"

#include "broker/common/files.h"
#include "broker/common/process.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Passes by pidfd before the rest is gathered into a leaf: a fork bomb outruns single signals. */
#define PASSES_BEFORE_GATHERING 3

/* By pidfd, and only if it still is the process that the census saw. */
static void kill_process(int proc, const struct census_process *seen)
{
    int fd cleanup_close = process_pidfd((pid_t)seen->pid);
    if (fd >= 0 && census_is_still(proc, seen))
        (void)syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
}

void killing_each(const struct killing *k, const struct look *l)
{
    for (size_t i = 0; i < l->census.count; i++)
        if (l->marked[i])
            kill_process(k->cgroups->proc, &l->census.processes[i]);
}

static uint64_t leaf_number(const struct killing *k)
{
    /* Leaves of endings without a session number must not meet those of sessions. */
    return k->target->session != 0 ? k->target->session : UINT64_MAX - k->target->uid;
}

/* Into one leaf, so that one write kills them with whatever they fork meanwhile. */
static void gather(struct killing *k, const struct look *l)
{
    char path[64];
    for (size_t i = 0; i < l->census.count; i++)
        if (l->marked[i])
            (void)cgroups_adopt(k->cgroups, leaf_number(k), l->census.processes[i].pid);
    cgroups_leaf_path(leaf_number(k), path);
    if (cgroups_kill(k->cgroups, path, k->target->uid) == CGROUPS_SHARED)
        k->shared = true;
}

static bool is_marked(const struct look *l, const struct census_process *p)
{
    return l->marked[p - l->census.processes];
}

/* Of one cgroup, or of none. It is killed whole only if all that belong to the person in it belong to the
 * target; else one by one who does. */
static void kill_group(struct killing *k, const struct look *l, const struct census_process *const *group,
                       size_t n)
{
    const char *path = group[0]->cgroup;
    size_t marked = 0;
    int r = CGROUPS_NOT_OURS;
    for (size_t i = 0; i < n; i++)
        marked += is_marked(l, group[i]);
    if (path != NULL && marked == n)
        r = cgroups_kill(k->cgroups, path, k->target->uid);
    k->shared = k->shared || r == CGROUPS_SHARED;
    for (size_t i = 0; r != CGROUPS_KILLED && i < n; i++)
        if (is_marked(l, group[i]))
            kill_process(k->cgroups->proc, group[i]);
}

/* Those of the user manager first: the kernel takes longer to end it than all others (ending.c). */
static int turn(const struct census_process *p)
{
    return p->cgroup == NULL ? 1 : strstr(p->cgroup, "/user@") != NULL ? 0 : 2;
}

static int compare_cgroups(const struct census_process *x, const struct census_process *y)
{
    if (turn(x) != turn(y) || x->cgroup == NULL)
        return turn(x) - turn(y);
    return strcmp(x->cgroup, y->cgroup);
}

static int by_cgroup(const void *a, const void *b)
{
    return compare_cgroups(*(const struct census_process *const *)a,
                           *(const struct census_process *const *)b);
}

/* By cgroup, sorted: a person may make as many as they have processes, and all endings wait for this. */
static void kill_marked(struct killing *k, const struct look *l)
{
    size_t n = l->census.count;
    const struct census_process **sorted cleanup_free = calloc(n + 1, sizeof(const struct census_process *));
    if (sorted == NULL) {
        killing_each(k, l);
        return;
    }
    for (size_t i = 0; i < n; i++)
        sorted[i] = &l->census.processes[i];
    qsort(sorted, n, sizeof(const struct census_process *), by_cgroup);
    for (size_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && compare_cgroups(sorted[first], sorted[end]) == 0; end++)
            ;
        kill_group(k, l, sorted + first, end - first);
    }
}

void killing_all(struct killing *k, const struct look *l)
{
    k->passes++;
    kill_marked(k, l);
    if (k->passes > PASSES_BEFORE_GATHERING)
        gather(k, l);
}

/* Then it never had another's uid since it began to run its program: what had, the kernel gives to root
 * (proc(5), "dumpable"). This is told in a moment, while uids stand in the largest file. */
static bool has_own_files(const struct killing *k, const struct census_process *p)
{
    char path[24];
    struct stat st;
    (void)snprintf(path, sizeof path, "%" PRIu32 "/stat", p->pid);
    return fstatat(k->cgroups->proc, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_uid == k->target->uid;
}

/* tlog, below sshd, holds the terminal that its person sees: its saved uid is the recorder's. */
static bool is_recorder(const struct killing *k, const struct census_process *p)
{
    uint32_t uids[4];
    return !has_own_files(k, p) && census_read_uids(k->cgroups->proc, p->pid, uids) == 0 &&
           uids[2] != k->target->uid && uids[2] != 0;
}

/* sshd's monitor and its child for this connection, and what records. What stands in their place without
 * being them wins some milliseconds. */
static bool relays(const struct killing *k, const struct census_process *p)
{
    return k->target->leader != 0 &&
           (p->pid == k->target->leader || p->parent == k->target->leader || is_recorder(k, p));
}

/* One by one: they share a cgroup with those who relay. */
void killing_but_relays(struct killing *k, const struct look *l)
{
    census_done(&k->spared);
    for (size_t i = 0; i < l->census.count; i++) {
        const struct census_process *p = &l->census.processes[i];
        if (!l->marked[i])
            continue;
        if (relays(k, p))
            (void)census_add_copy(&k->spared, p); /* else the next look finds it */
        else
            kill_process(k->cgroups->proc, p);
    }
}

size_t killing_relays(struct killing *k)
{
    size_t n = k->spared.count;
    for (size_t i = 0; i < n; i++)
        kill_process(k->cgroups->proc, &k->spared.processes[i]);
    census_done(&k->spared);
    return n;
}

void killing_over(const struct killing *k)
{
    cgroups_drop_leaf(k->cgroups, leaf_number(k));
}

void killing_done(struct killing *k)
{
    census_done(&k->spared);
}
