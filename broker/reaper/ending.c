#include "broker/reaper/ending.h"

#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/common/process.h"
#include "broker/reaper/departure.h"
#include "broker/reaper/look.h"
#include "broker/reaper/terminals.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Passes by pidfd before the rest is gathered into a leaf: a fork bomb outruns single signals. */
#define PASSES_BEFORE_GATHERING 3
/* How soon to look again, unless it is heard before that those who were seen have gone: whoever was born
 * meanwhile is seen then. A look while a hundred are dying only takes the processors that they need for that.
 */
#define FIRST_PAUSE_US   20000
#define LONGEST_PAUSE_US 50000
#define UNHEARD_PAUSE_US 500 /* when nothing can be heard */

struct ending {
    sd_event_source *timer;
    struct departure *departure;
    struct sight *sight;
    struct sight_wish wish;
    struct look early; /* whom it killed before the first look */
    const struct cgroups *cgroups;
    struct reap_target target;
    uint32_t cookie;
    ending_done *done;
    void *userdata;
    uint64_t started_us;
    uint64_t pause_us;
    uint64_t relayed_until_us; /* until then whoever relays the last words lives on; 0: nobody does */
    char text[sizeof(((struct reap_request *)NULL)->text)];
    uint32_t terminals; /* took them */
    bool begun;
    bool heard;      /* it will be, when those who were seen last have gone */
    unsigned passes; /* that killed everybody */
    unsigned empty;  /* censuses in a row that found nobody */
    uint32_t ended;  /* found at the first pass */
    bool shared;     /* a cgroup of the session holds a process that is not the person's any more */
};

static struct ending *ending_free(struct ending *e)
{
    if (e != NULL) {
        (void)sd_event_source_disable_unref(e->timer);
        (void)departure_free(e->departure);
        sight_forget(&e->wish);
        look_done(&e->early);
    }
    free(e);
    return NULL;
}

void ending_scan(int proc, const struct leases *leases, const struct reap_target *target,
                 struct reap_reply *reply)
{
    struct look l cleanup_look = {0};
    if (look_take(proc, leases, target, &l) < 0) {
        reply->result = REAP_FAILED;
        return;
    }
    look_list(&l, reply);
    reply->result = reply->n_total > 0 ? REAP_SURVIVORS : REAP_GONE;
}

/* By pidfd, and only if it still is the process that the census saw. */
static void kill_process(int proc, const struct census_process *seen)
{
    int fd cleanup_close = process_pidfd((pid_t)seen->pid);
    if (fd >= 0 && census_is_still(proc, seen))
        (void)syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
}

static uint64_t leaf_number(const struct ending *e)
{
    /* Leaves of endings without a session number must not meet those of sessions. */
    return e->target.session != 0 ? e->target.session : UINT64_MAX - e->target.uid;
}

/* Into one leaf, so that one write kills them with whatever they fork meanwhile. */
static void gather(struct ending *e, const struct look *l)
{
    char path[64];
    for (size_t i = 0; i < l->census.count; i++)
        if (l->marked[i])
            (void)cgroups_adopt(e->cgroups, leaf_number(e), l->census.processes[i].pid);
    cgroups_leaf_path(leaf_number(e), path);
    if (cgroups_kill(e->cgroups, path, e->target.uid) == CGROUPS_SHARED)
        e->shared = true;
}

static bool is_marked(const struct look *l, const struct census_process *p)
{
    return l->marked[p - l->census.processes];
}

/* Of one cgroup, or of none. It is killed whole only if all that belong to the person in it belong to the
 * target; else one by one who does. */
static void kill_group(struct ending *e, const struct look *l, const struct census_process *const *group,
                       size_t n)
{
    const char *path = group[0]->cgroup;
    size_t marked = 0;
    int r = CGROUPS_NOT_OURS;
    for (size_t i = 0; i < n; i++)
        marked += is_marked(l, group[i]);
    if (path != NULL && marked == n)
        r = cgroups_kill(e->cgroups, path, e->target.uid);
    e->shared = e->shared || r == CGROUPS_SHARED;
    for (size_t i = 0; r != CGROUPS_KILLED && i < n; i++)
        if (is_marked(l, group[i]))
            kill_process(e->cgroups->proc, group[i]);
}

/* Those of the user manager first, as in kill_manager(). */
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

/* By cgroup, sorted: a person may make as many as they have processes, and all endings wait for this. Whoever
 * was missed is seen by the next look. */
static void kill_marked(struct ending *e, const struct look *l)
{
    size_t n = l->census.count;
    const struct census_process **sorted cleanup_free = calloc(n + 1, sizeof(const struct census_process *));
    for (size_t i = 0; sorted == NULL && i < n; i++)
        if (l->marked[i])
            kill_process(e->cgroups->proc, &l->census.processes[i]);
    if (sorted == NULL)
        return;
    for (size_t i = 0; i < n; i++)
        sorted[i] = &l->census.processes[i];
    qsort(sorted, n, sizeof(const struct census_process *), by_cgroup);
    for (size_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && compare_cgroups(sorted[first], sorted[end]) == 0; end++)
            ;
        kill_group(e, l, sorted + first, end - first);
    }
}

/* tlog, below sshd, holds the terminal that its person sees: its saved uid is the recorder's. */
static bool is_recorder(const struct ending *e, const struct census_process *p)
{
    uint32_t uids[4];
    return census_read_uids(e->cgroups->proc, p->pid, uids) == 0 && uids[2] != e->target.uid && uids[2] != 0;
}

/* sshd's monitor and its child for this connection, and what records. What stands in their place without
 * being them wins some milliseconds. */
static bool relays(const struct ending *e, const struct census_process *p)
{
    return e->target.leader != 0 &&
           (p->pid == e->target.leader || p->parent == e->target.leader || is_recorder(e, p));
}

/* One by one: they share a cgroup with those who relay. */
static void kill_but_relays(const struct ending *e, const struct look *l)
{
    for (size_t i = 0; i < l->census.count; i++) {
        const struct census_process *p = &l->census.processes[i];
        if (l->marked[i] && !relays(e, p))
            kill_process(e->cgroups->proc, p);
    }
}

static bool is_relaying(const struct ending *e)
{
    return clock_boot_us() < e->relayed_until_us;
}

static void say_farewell(struct ending *e, const struct look *l)
{
    bool relayed = false;
    if (e->text[0] == '\0')
        return;
    e->terminals = terminals_tell(l, e->target.uid, e->text, &relayed);
    if (relayed)
        e->relayed_until_us = clock_boot_us() + ENDING_FAREWELL_US;
}

static void kill_all(struct ending *e, const struct look *l)
{
    if (is_relaying(e)) {
        kill_but_relays(e, l);
        return;
    }
    e->passes++;
    kill_marked(e, l);
    if (e->passes > PASSES_BEFORE_GATHERING)
        gather(e, l);
}

/* Whoever is left is shown whole. */
static void list_left(const struct ending *e, const struct look *left, struct reap_reply *reply)
{
    uint32_t uids[4];
    look_list(left, reply);
    for (uint32_t i = 0; i < reply->n_processes; i++)
        if (census_read_uids(e->cgroups->proc, reply->processes[i].pid, uids) == 0)
            reply->processes[i].uid = uids[0];
}

static void finish(struct ending *e, enum reap_result result, const struct look *left)
{
    struct reap_reply reply = {
        .cookie = e->cookie,
        .result = result,
        .took_us = clock_boot_us() - e->started_us,
        .ended = e->ended,
        .terminals = e->terminals,
        .session = e->target.session,
    };
    if (left != NULL)
        list_left(e, left, &reply);
    if (result == REAP_DONE) {
        cgroups_drop_leaf(e->cgroups, leaf_number(e));
        if (e->shared)
            reply.result = REAP_NOT_PROVABLE;
    }
    e->done(e->userdata, &reply);
    (void)ending_free(e);
}

static bool is_in(const struct look *l, const struct census_process *p)
{
    for (size_t i = 0; i < l->census.count; i++)
        if (l->census.processes[i].pid == p->pid && l->census.processes[i].start_time == p->start_time)
            return true;
    return false;
}

static uint32_t count_early_gone(const struct ending *e, const struct look *l)
{
    uint32_t n = 0;
    for (size_t i = 0; i < e->early.census.count; i++)
        n += e->early.marked[i] && !is_in(l, &e->early.census.processes[i]);
    return n;
}

/* What was seen, and a kill of that. False: the ending is over and freed. */
static bool pass(struct ending *e, int r, const struct look *l)
{
    bool patience = clock_boot_us() - e->started_us < ENDING_PATIENCE_US;
    if (r < 0) {
        e->empty = 0;
        if (patience)
            return true;
        finish(e, REAP_FAILED, NULL);
        return false;
    }
    struct reap_reply seen = {0};
    look_list(l, &seen);
    if (!e->begun) {
        e->ended = seen.n_total + count_early_gone(e, l);
        say_farewell(e, l);
    }
    e->begun = true;
    e->empty = seen.n_total == 0 ? e->empty + 1 : 0;
    if (e->empty >= 2) {
        finish(e, REAP_DONE, NULL);
        return false;
    }
    if (seen.n_total > 0 && !patience) {
        finish(e, REAP_SURVIVORS, l);
        return false;
    }
    if (seen.n_total > 0) {
        kill_all(e, l);
        e->heard = departure_wait(e->departure, l) == 0;
    }
    return true;
}

/* When to look again: the dying need a moment; but who still relays then is waited for no longer than was
 * said. */
static uint64_t next_pause(struct ending *e)
{
    uint64_t now = clock_boot_us(), pause = e->heard ? e->pause_us : UNHEARD_PAUSE_US;
    if (now < e->relayed_until_us)
        return pause < e->relayed_until_us - now ? pause : e->relayed_until_us - now;
    e->pause_us = e->pause_us * 2 < LONGEST_PAUSE_US ? e->pause_us * 2 : LONGEST_PAUSE_US;
    return pause;
}

static int sleep_on(struct ending *e)
{
    int r = sd_event_source_set_time_relative(e->timer, next_pause(e));
    return r < 0 ? r : sd_event_source_set_enabled(e->timer, SD_EVENT_ONESHOT);
}

static void look_again(struct ending *e)
{
    if (sight_wish(e->sight, &e->wish) < 0)
        finish(e, REAP_FAILED, NULL);
}

/* Nobody seen once: again at once. */
static void on_seen(void *userdata, int r, const struct look *l)
{
    struct ending *e = userdata;
    if (!pass(e, r, l))
        return;
    if (e->empty > 0)
        look_again(e);
    else if (sleep_on(e) < 0)
        finish(e, REAP_FAILED, NULL);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    look_again(userdata);
    return 0;
}

static void on_gone(void *userdata)
{
    struct ending *e = userdata;
    (void)sd_event_source_set_enabled(e->timer, SD_EVENT_OFF);
    look_again(e);
}

/*
 * The user manager is killed before anybody is looked for, since it is the last to have gone: its end waits
 * in the kernel for all who may be using the inotify watches that it had, 8 ms and up to 30, and takes no
 * processor. Only by an ending that leaves no session of the person's: there is one of these a person.
 */
static void kill_manager(struct ending *e)
{
    uint32_t pids[CGROUPS_MANAGER_MAX];
    if (e->target.scope != REAP_PERSON && e->target.scope != REAP_LEFTOVERS)
        return;
    size_t n = cgroups_manager(e->cgroups, e->target.uid, pids);
    if (n == 0 || sight_glance(e->sight, pids, n, &e->target, &e->early) < 0)
        return;
    for (size_t i = 0; i < e->early.census.count; i++)
        if (e->early.marked[i])
            kill_process(e->cgroups->proc, &e->early.census.processes[i]);
}

int ending_start(struct sight *sight, const struct cgroups *cgroups, const struct ending_order *order,
                 ending_done *done, void *userdata)
{
    struct ending *e = calloc(1, sizeof *e);
    if (e == NULL)
        return -ENOMEM;
    *e = (struct ending){
        .sight = sight,
        .cgroups = cgroups,
        .target = *order->target,
        .cookie = order->cookie,
        .done = done,
        .userdata = userdata,
        .started_us = clock_boot_us(),
        .pause_us = FIRST_PAUSE_US,
    };
    e->wish = (struct sight_wish){.target = &e->target, .seen = on_seen, .userdata = e};
    (void)snprintf(e->text, sizeof e->text, "%s", order->text);
    int r = sd_event_add_time(sight_event(sight), &e->timer, CLOCK_BOOTTIME, UINT64_MAX, 1, on_timer, e);
    if (r >= 0)
        r = departure_new(sight_event(sight), on_gone, e, &e->departure);
    if (r >= 0)
        r = sight_wish(sight, &e->wish);
    if (r < 0) {
        (void)ending_free(e);
        return r;
    }
    kill_manager(e);
    return 0;
}
