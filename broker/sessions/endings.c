#include "broker/sessions/endings.h"

#include "broker/common/clock.h"

#include <errno.h>
#include <stdlib.h>

/* One order to the reaper that is not answered yet, or waits to be given again. The session is looked up by
 * its number: its owner may have removed it meanwhile. */
struct ending_order {
    struct endings *endings;
    struct ending_order *next, **at;
    struct registry *registry;
    uint64_t number;
    uint32_t uid;
    uint64_t since;
    bool asked;
    bool said; /* the reaper has had what the person is told */
    bool told; /* one outcome, at least */
    enum sweep sweep;
    uint32_t processes;
    sd_event_source *retry;
};

struct endings {
    sd_event *event;
    struct reaper_client *reaper;
    struct endings_events events;
    void *userdata;
    struct ending_order *orders;
};

int endings_new(sd_event *event, struct reaper_client *reaper, const struct endings_events *events,
                void *userdata, struct endings **ret)
{
    struct endings *e = calloc(1, sizeof(*e));

    if (!e)
        return -ENOMEM;
    e->event = sd_event_ref(event);
    e->reaper = reaper;
    e->events = *events;
    e->userdata = userdata;
    *ret = e;
    return 0;
}

static void order_free(struct ending_order *o)
{
    struct session *s = registry_find(o->registry, o->number);

    *o->at = o->next;
    if (o->next)
        o->next->at = o->at;
    if (s)
        s->order = NULL;
    sd_event_source_disable_unref(o->retry);
    free(o);
}

struct endings *endings_free(struct endings *e)
{
    if (!e)
        return NULL;
    while (e->orders)
        order_free(e->orders);
    sd_event_unref(e->event);
    free(e);
    return NULL;
}

void endings_mark(struct session *s, enum reason reason)
{
    if (s->state == SESSION_ENDING)
        return;
    registry_set_state(s, SESSION_ENDING);
    s->end_reason = reason;
    registry_unwatch(s);
}

static void order_give(struct ending_order *o, struct session *s);

static int on_retry(sd_event_source *source, uint64_t now, void *userdata)
{
    struct ending_order *o = userdata;
    struct session *s = registry_find(o->registry, o->number);

    (void)source;
    (void)now;
    if (s)
        order_give(o, s);
    else
        order_free(o);
    return 0;
}

static void order_again_later(struct ending_order *o)
{
    int r;

    if (!o->retry) {
        r = sd_event_add_time_relative(o->endings->event, &o->retry, CLOCK_BOOTTIME, ENDINGS_RETRY_US, 1000,
                                       on_retry, o);
        if (r >= 0)
            return;
        order_free(o); /* out of memory: endings_retry() makes a new one */
        return;
    }
    (void)sd_event_source_set_time_relative(o->retry, ENDINGS_RETRY_US);
    (void)sd_event_source_set_enabled(o->retry, SD_EVENT_ONESHOT);
}

/* The session is gone, but meanwhile it has become the person's last: then the rest goes, too. */
static bool order_widens(struct ending_order *o, struct session *s)
{
    return o->sweep <= SWEEP_STRAYS && o->endings->events.sweep(o->endings->userdata, s) > o->sweep;
}

/* What the reply says; without one it is an order that nobody carried out. */
static struct ending order_outcome(struct ending_order *o, const struct reap_reply *reply)
{
    struct ending e = {.result = REAP_FAILED, .away = !reply, .first = !o->told};

    if (reply) {
        e.result = reply->result == REAP_GONE ? REAP_DONE : reply->result;
        e.survivors = reply->processes;
        e.n_survivors = reply->n_processes;
        o->processes += reply->ended;
    }
    e.processes = o->processes;
    e.took_us = clock_boot_us() - o->since;
    return e;
}

static void on_answer(void *userdata, int result, const struct reap_reply *reply)
{
    struct ending_order *o = userdata;
    struct endings *endings = o->endings;
    struct session *s = registry_find(o->registry, o->number);
    struct ending e;

    o->asked = false;
    o->said = o->said || reply;
    if (!s ||
        result == -ECANCELED) { /* cancelled: hufud stops; the row says ENDING, and the next one goes on */
        order_free(o);
        return;
    }
    e = order_outcome(o, reply);
    if (e.result == REAP_DONE && order_widens(o, s)) {
        order_give(o, s);
        return;
    }
    o->told = true;
    if (e.result == REAP_DONE)
        order_free(o);
    else
        order_again_later(o);
    endings->events.outcome(endings->userdata, s, &e);
}

static void order_give(struct ending_order *o, struct session *s)
{
    static const enum reap_scope scopes[] = {[SWEEP_SESSION] = REAP_SESSION,
                                             [SWEEP_STRAYS] = REAP_STRAYS,
                                             [SWEEP_PERSON] = REAP_PERSON,
                                             [SWEEP_LEFTOVERS] = REAP_LEFTOVERS};
    struct reap_request request = {.type = FRAME_REAP_END};

    o->asked = true;
    o->sweep = o->endings->events.sweep(o->endings->userdata, s);
    request.target = session_target(s, scopes[o->sweep]);
    if (!o->said && o->endings->events.farewell)
        o->endings->events.farewell(o->endings->userdata, s, request.text, sizeof(request.text));
    if (o->retry)
        (void)sd_event_source_set_enabled(o->retry, SD_EVENT_OFF);
    reaper_client_ask(o->endings->reaper, &request, REAPER_END_US, on_answer, o);
}

int endings_start(struct endings *e, struct session *s, enum reason reason)
{
    struct ending_order *o = s->order;

    endings_mark(s, reason);
    if (o) {
        if (!o->asked)
            order_give(o, s);
        return 0;
    }
    o = calloc(1, sizeof(*o));
    if (!o)
        return -ENOMEM;
    o->endings = e;
    o->registry = s->registry;
    o->number = s->number;
    o->uid = s->uid;
    o->since = clock_boot_us();
    o->next = e->orders;
    o->at = &e->orders;
    if (o->next)
        o->next->at = &o->next;
    e->orders = o;
    s->order = o;
    order_give(o, s);
    return 0;
}

void endings_retry(struct endings *e, struct registry *r)
{
    struct session *next;

    for (struct session *s = registry_first(r); s; s = next) {
        next = registry_next(s);
        if (s->state == SESSION_ENDING)
            (void)endings_start(e, s, s->end_reason);
    }
}

bool endings_are_under_way(const struct endings *e, uint32_t uid)
{
    uint64_t now = clock_boot_us();

    for (const struct ending_order *o = e->orders; o; o = o->next)
        if (o->uid == uid && o->asked && now - o->since < ENDINGS_PATIENCE_US)
            return true;
    return false;
}
