#include "broker/daemon/judging.h"

#include "broker/common/clock.h"
#include "broker/daemon/grants_waiters.h"
#include "broker/daemon/loading.h"
#include "broker/daemon/verdict_writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLICE_US 1000 /* who logs in meanwhile waits for no more than that */

struct judging {
    struct broker *broker;
    bool going, stopped;
    when_t now; /* of the change */
    struct hash_walk walk;
    uint64_t done; /* with some that came since, and are judged already */
    struct grants_waiters waiters;
    sd_event_source *source;
};

/* ---- who is asked about ---- */

static void judge(struct grant_entry *e, void *userdata)
{
    struct judging *j = userdata;

    grants_judge(j->broker->grants, j->broker->trust, j->now, e);
}

static int know(void *userdata, const struct ident_id *id)
{
    struct judging *j = userdata;
    struct grant_entry *e = grant_index_find(grants_index(j->broker->grants), id);

    if (e)
        judge(e, j);
    return 0;
}

static int know_staff(void *userdata, const char *staff)
{
    struct judging *j = userdata;
    struct grant_entry *e = grant_index_first_of(grants_index(j->broker->grants), staff);

    for (; e; e = e->next_of_staff)
        judge(e, j);
    return 0;
}

struct between {
    struct judging *judging;
    const struct ident_id *first, *last;
};

static void judge_between(struct grant_entry *e, void *userdata)
{
    const struct between *x = userdata;

    if (memcmp(&e->id, x->first, sizeof(e->id)) >= 0 && memcmp(&e->id, x->last, sizeof(e->id)) <= 0)
        judge(e, x->judging);
}

static int know_between(void *userdata, const struct ident_id *first, const struct ident_id *last)
{
    struct judging *j = userdata;

    grant_index_each(grants_index(j->broker->grants), judge_between, &(struct between){j, first, last});
    return 0;
}

static void when_whole(void *userdata, void (*done)(void *userdata, int result), void *done_userdata)
{
    struct judging *j = userdata;
    int r = j->stopped ? -ECANCELED : grants_waiters_add(&j->waiters, done, done_userdata);

    if (r < 0) {
        done(done_userdata, r);
        return;
    }
    /* In turns with everything else from now on: somebody waits. */
    if (j->source)
        (void)sd_event_source_set_priority(j->source, SD_EVENT_PRIORITY_NORMAL);
}

static const struct grants_source source = {know, know_staff, know_between, when_whole};

/* ---- the others, by and by ---- */

static void end(struct judging *j)
{
    struct broker *b = j->broker;

    j->going = false;
    grants_set_source(b->grants, NULL, NULL);
    if (j->source)
        (void)sd_event_source_set_enabled(j->source, SD_EVENT_OFF);
    verifier_forget(b->verifier);
    verdict_writer_go_on(b);
    grants_waiters_tell(&j->waiters, 0);
}

/* What was verified before the change is with the grants by now. */
static bool has_let_go(struct judging *j, uint64_t until_us)
{
    while (verifier_let_go(j->broker->verifier))
        if (clock_boot_us() >= until_us)
            return false;
    return true;
}

static void run(struct judging *j, size_t grants, uint64_t until_us)
{
    const struct grant_index *index = grants_index(j->broker->grants);

    for (; grants > 0 && grant_index_next(index, &j->walk, judge, j); grants--) {
        j->done++;
        if (clock_boot_us() >= until_us)
            break;
    }
    if (j->walk.over && has_let_go(j, until_us))
        end(j);
}

/* A source that stays on would be always first among those of its priority. */
static int next_turn(struct judging *j)
{
    return sd_event_source_set_enabled(j->source, SD_EVENT_ONESHOT);
}

static int on_idle(sd_event_source *s, void *userdata)
{
    struct judging *j = userdata;

    (void)s;
    run(j, SIZE_MAX, clock_boot_us() + SLICE_US);
    return j->going ? next_turn(j) : 0;
}

void judging_some(struct broker *b, size_t grants)
{
    if (judging_is(b))
        run(b->judging, grants, UINT64_MAX);
}

/* ---- begin and end ---- */

static int arm(struct judging *j)
{
    struct broker *b = j->broker;
    int r = 0;

    if (b->options.pace.by_hand)
        return 0;
    if (!j->source)
        r = sd_event_add_defer(b->event, &j->source, on_idle, j);
    /* Whoever waited already goes on waiting, and not for longer than necessary. */
    if (r >= 0)
        r = sd_event_source_set_priority(j->source, j->waiters.first ? SD_EVENT_PRIORITY_NORMAL
                                                                     : SD_EVENT_PRIORITY_IDLE);
    return r < 0 ? r : next_turn(j);
}

static struct judging *judging_of(struct broker *b)
{
    if (b->judging)
        return b->judging;
    b->judging = calloc(1, sizeof(*b->judging));
    if (b->judging) {
        b->judging->broker = b;
        grants_waiters_init(&b->judging->waiters);
    }
    return b->judging;
}

/* False: it has to be done at once. */
static bool begin(struct judging *j, when_t now)
{
    struct broker *b = j->broker;

    j->now = now;
    if (loading_is(b) || broker_has_few_grants(b) || arm(j) < 0)
        return false;
    j->walk = (struct hash_walk){0};
    j->done = 0;
    grants_set_source(b->grants, &source, j);
    j->going = true;
    return true;
}

void judging_begin(struct broker *b, when_t now)
{
    struct judging *j = judging_of(b);

    if (j && begin(j, now))
        return;
    grants_judge_all(b->grants, b->trust, now);
    if (judging_is(b))
        end(j);
}

bool judging_is(const struct broker *b)
{
    return b->judging && b->judging->going;
}

void judging_progress(const struct broker *b, uint64_t *done, uint64_t *of)
{
    *of = grant_index_count(grants_index(b->grants));
    *done = b->judging->done < *of ? b->judging->done : *of;
}

void judging_stop(struct broker *b)
{
    struct judging *j = b->judging;

    if (!j)
        return;
    j->stopped = true;
    j->source = sd_event_source_disable_unref(j->source);
    grants_waiters_tell(&j->waiters, -ECANCELED);
}

struct judging *judging_free(struct judging *j)
{
    if (!j)
        return NULL;
    sd_event_source_disable_unref(j->source);
    free(j);
    return NULL;
}
