#include "tests/crash/check.h"
#include "tests/crash/load.h"
#include "tests/crash/plans.h"
#include "tests/crash/supervisor.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A round: one store, many lives of hufud, each of which ends with a kill. Between two of them the disk is
 * looked at; after each start, hufud. Clients go on over all of it, and are held only while that is done.
 */
#define ROUND_KILLS  45
#define SETTLE_EVERY 9  /* lives */
#define MORE_KILLS   90 /* if a failpoint was not reached by chance */
#define PATIENCE_MS  30000
#define DISK_EVERY   6 /* rounds: one on a real disk, whose fsync takes its time */

struct round {
    struct lane *lane;
    struct supervisor supervisor;
    struct reaper *reaper;
    struct client clients[LOAD_CLIENTS];
    struct chain chain;
    struct around around;
};

/* True: hufud lives, and all that clients had begun has been answered. */
static bool hold_clients(struct round *r)
{
    for (unsigned waited = 0; !lane_quiet(r->lane, 50); waited += 50) {
        if (supervisor_await_death(&r->supervisor, 0))
            return false;
        if (waited > PATIENCE_MS)
            lane_violation(r->lane, "hufud is back, and clients are not answered");
    }
    return true;
}

/* What the hufud before said as it stopped has been heard by then. */
static bool look_at_hufud(struct round *r, bool settle)
{
    if (!hold_clients(r))
        return false;
    atomic_store(&r->lane->stopping, false);
    return check_alive(r->lane) && (!settle || check_settled(r->lane, r->reaper));
}

static void begin_life(struct lane *l, const struct plan *p)
{
    (void)pthread_mutex_lock(&l->lock);
    l->life++;
    l->facts.refused = 0;
    l->facts.covering = (struct covering){0};
    l->wish = plan_wish(p);
    l->plan_name = p->kind == PLAN_RANDOM ? NULL : plan_failpoint_name(p->at);
    l->plan_hit = p->hit;
    (void)pthread_mutex_unlock(&l->lock);
}

/* How it died, for the counts; and that it died of nothing else. */
static void note_death(struct round *r, const struct plan *p, bool by_us, int status)
{
    struct totals *t = r->lane->totals;

    if (p->kind == PLAN_STOP && WIFEXITED(status) && WEXITSTATUS(status) == 0 && plan_may_miss(p)) {
        atomic_fetch_add(&t->unreached, 1);
        return;
    }
    if (p->kind == PLAN_STOP && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        lane_violation(r->lane, "hufud stopped without passing %s", p->setting);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
        lane_violation(r->lane, "hufud ended by itself: %s %d", WIFSIGNALED(status) ? "signal" : "status",
                       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    atomic_fetch_add(&t->kills, 1);
    if (!by_us && p->kind == PLAN_RANDOM)
        lane_violation(r->lane, "hufud was killed, and not by us");
    if (!by_us)
        atomic_fetch_add(&t->at[p->at], 1);
    else if (p->kind == PLAN_RANDOM)
        atomic_fetch_add(&t->random, 1);
    else
        atomic_fetch_add(&t->unreached, 1);
}

static void stop_it(struct round *r)
{
    atomic_store(&r->lane->stopping, true);
    supervisor_signal(&r->supervisor, SIGTERM);
    if (!supervisor_await_death(&r->supervisor, PATIENCE_MS))
        lane_violation(r->lane, "hufud was told to stop, and does not");
}

static void live(struct round *r, const struct plan *p, bool settle)
{
    struct supervisor *s = &r->supervisor;
    bool settled = false, by_us = false;

    begin_life(r->lane, p);
    if (supervisor_start(s, p->kind == PLAN_RANDOM ? NULL : p->setting) && look_at_hufud(r, settle)) {
        settled = settle;
        if (!settled) {
            lane_go_on(r->lane);
            (void)supervisor_await_death(s, p->load_ms);
        }
    }
    if (p->kind == PLAN_STOP && !supervisor_await_death(s, 0))
        stop_it(r);
    lane_pause(r->lane);
    if (!supervisor_await_death(s, 0)) {
        supervisor_signal(s, SIGKILL);
        by_us = true;
        (void)supervisor_await_death(s, PATIENCE_MS);
    }
    note_death(r, p, by_us, supervisor_reap(s));
    check_disk(r->lane, &r->chain, &r->around, settled);
}

static void settle(struct round *r)
{
    const struct plan p = {.kind = PLAN_RANDOM};

    live(r, &p, true);
}

/* ---- a round ---- */

static void begin_round(struct round *r)
{
    struct lane *l = r->lane;

    lane_make_folder(l, l->round % DISK_EVERY == 5 ? "/var/tmp" : "/dev/shm");
    supervisor_prepare(&r->supervisor, l, true);
    l->paused = true;
    l->over = false;
    r->reaper = reaper_start(l);
    r->around = (struct around){journal_start(l), provider_start(l)};
    load_start(l, r->clients);
}

static void end_round(struct round *r)
{
    struct lane *l = r->lane;

    load_stop(l, r->clients);
    r->reaper = reaper_stop(r->reaper);
    r->around.journal = journal_stop(r->around.journal);
    r->around.provider = provider_stop(r->around.provider);
    for (size_t i = 0; i < PROCESSES_MAX; i++)
        if (l->processes.all[i].pid != 0)
            process_end(l, &l->processes.all[i]);
    supervisor_done(&r->supervisor);
    facts_done(&l->facts);
    lane_remove_folder(l);
}

static void run_round(struct lane *l, unsigned n, unsigned *plans, uint64_t *random)
{
    struct round r = {.lane = l};

    begin_round(&r);
    for (unsigned i = 1; i < n; i++) {
        const struct plan p = plan_next(l, random, (*plans)++);

        if (i % SETTLE_EVERY == 0)
            settle(&r);
        else
            live(&r, &p, false);
    }
    settle(&r);
    end_round(&r);
}

static bool is_any_left(const struct totals *t)
{
    for (unsigned i = 0; i < FAILPOINT_COUNT; i++)
        if (t->at[i] == 0)
            return true;
    return false;
}

void lane_run(struct lane *l, unsigned n)
{
    uint64_t random = l->seed + l->number * 7919;
    unsigned plans = (unsigned)lane_draw(&random, 1000);

    for (unsigned done = 0; done < n || (done < n + MORE_KILLS && is_any_left(l->totals));
         done += ROUND_KILLS, l->round++) {
        births_run(l, l->round);
        run_round(l, done < n && n - done < ROUND_KILLS ? n - done : ROUND_KILLS, &plans, &random);
    }
}
