#include "broker/reaper/ending.h"

#include "broker/common/clock.h"
#include "broker/reaper/departure.h"
#include "broker/reaper/early.h"
#include "broker/reaper/killing.h"
#include "broker/reaper/terminals.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

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
    struct killing killing;
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
    bool heard;     /* it will be, when those who were seen last have gone */
    unsigned empty; /* censuses in a row that found nobody */
    uint32_t ended; /* found at the first pass */
};

static struct ending *ending_free(struct ending *e)
{
    if (e != NULL) {
        (void)sd_event_source_disable_unref(e->timer);
        (void)departure_free(e->departure);
        sight_forget(&e->wish);
        look_done(&e->early);
        killing_done(&e->killing);
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

/* The marked ones. It is heard then when they have gone. */
static void end(struct ending *e, const struct look *l)
{
    if (is_relaying(e))
        killing_but_relays(&e->killing, l);
    else
        killing_all(&e->killing, l);
    e->heard = departure_wait(e->departure, l) == 0;
}

/* Whoever is left is shown whole. */
static void list_left(const struct ending *e, const struct look *left, struct reap_reply *reply)
{
    uint32_t uids[4];
    look_list(left, reply);
    for (uint32_t i = 0; i < reply->n_processes; i++)
        if (census_read_uids(e->killing.cgroups->proc, reply->processes[i].pid, uids) == 0)
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
        killing_over(&e->killing);
        if (e->killing.shared)
            reply.result = REAP_NOT_PROVABLE;
    }
    e->done(e->userdata, &reply);
    (void)ending_free(e);
}

static int compare_pids(const void *a, const void *b)
{
    const struct census_process *x = a, *y = b;
    return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* A look is ascending by pid, as /proc is. */
static bool is_in(const struct look *l, const struct census_process *p)
{
    const struct census *c = &l->census;
    const struct census_process *found =
        c->count == 0 ? NULL : bsearch(p, c->processes, c->count, sizeof *p, compare_pids);
    return found != NULL && found->start_time == p->start_time;
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
        if (e->terminals == 0)
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
    if (seen.n_total > 0)
        end(e, l);
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

/* From now on: the loop's own time is that of the beginning of its turn, which may have been long. */
static int sleep_on(struct ending *e)
{
    int r = sd_event_source_set_time(e->timer, clock_boot_us() + next_pause(e));
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
    struct ending *e = userdata;
    (void)source;
    (void)usec;
    /* Who relayed is known: a look first would cost them what it takes. */
    if (is_relaying(e) || killing_relays(&e->killing) == 0 || sleep_on(e) < 0)
        look_again(e);
    return 0;
}

static void on_gone(void *userdata)
{
    struct ending *e = userdata;
    (void)sd_event_source_set_enabled(e->timer, SD_EVENT_OFF);
    look_again(e);
}

/*
 * Who can be found without a look is killed before the first one, when nobody of the person's stays. The user
 * manager before all others, since it is the last to have gone: its end waits in the kernel for all who may
 * be using the inotify watches that it had, 8 ms and up to 30, and takes no processor. True: whoever else was
 * there is dying, and the first look waits for that like the others.
 */
static bool end_early(struct ending *e)
{
    struct reap_reply seen = {0};
    if (e->target.scope != REAP_PERSON && e->target.scope != REAP_LEFTOVERS)
        return false;
    if (early_manager(e->sight, e->killing.cgroups, &e->target, &e->early) == 0 &&
        e->early.census.count > 0) {
        killing_each(&e->killing, &e->early);
        /* Its end begins when it has a processor, which may be this one. */
        (void)sched_yield();
    }
    if (e->target.scope != REAP_PERSON ||
        early_slice(e->sight, e->killing.cgroups, &e->target, &e->early) < 0)
        return false;
    look_list(&e->early, &seen);
    if (seen.n_total == 0)
        return false;
    say_farewell(e, &e->early);
    end(e, &e->early);
    return true;
}

int ending_start(struct sight *sight, const struct cgroups *cgroups, const struct ending_order *order,
                 ending_done *done, void *userdata)
{
    struct ending *e = calloc(1, sizeof *e);
    if (e == NULL)
        return -ENOMEM;
    *e = (struct ending){
        .sight = sight,
        .killing = {.cgroups = cgroups},
        .target = *order->target,
        .cookie = order->cookie,
        .done = done,
        .userdata = userdata,
        .started_us = clock_boot_us(),
        .pause_us = FIRST_PAUSE_US,
    };
    e->killing.target = &e->target;
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
    if (end_early(e) && sleep_on(e) == 0)
        sight_forget(&e->wish);
    return 0;
}
