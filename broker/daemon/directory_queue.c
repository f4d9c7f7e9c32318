#include "broker/daemon/directory_internal.h"

/*
 * From the queue to the taker. One trust file at a time, the lowest epoch first, and nothing else of the site
 * meanwhile; then one status at a time; revocations whenever they come; grants when none of those is on its
 * way, so that nobody is admitted before what takes away is known.
 */

#define GRANTS_AT_ONCE 24 /* the rest is for revocations */

static struct directory_queue *queue_of(struct directory *d, uint8_t type)
{
    switch ((enum document_type)type) {
    case DOCUMENT_TRUST:
        return &d->trust;
    case DOCUMENT_STATUS:
        return &d->status;
    case DOCUMENT_REVOCATION:
        return &d->revocations;
    case DOCUMENT_GRANT:
    case DOCUMENT_APPROVAL:
        break;
    }
    return &d->grants;
}

static size_t on_their_way(const struct directory_queue *q)
{
    return q->n + q->under_way;
}

bool directory_is_quiet(const struct directory *d)
{
    return on_their_way(&d->trust) + on_their_way(&d->status) + on_their_way(&d->revocations) +
               on_their_way(&d->grants) ==
           0;
}

struct directory_task *directory_task_free(struct directory_task *t)
{
    if (!t)
        return NULL;
    t->directory->held -= t->size;
    trust_set_free(t->trust);
    trust_set_free(t->next_trust);
    free(t);
    return NULL;
}

/* ---- queues ---- */

static void append(struct directory_queue *q, struct directory_task *t)
{
    struct directory_task **at = q->end;

    if (t->entry.type == DOCUMENT_TRUST)
        for (at = &q->first; *at && (*at)->entry.version <= t->entry.version;)
            at = &(*at)->next;
    t->next = *at;
    *at = t;
    if (!t->next)
        q->end = &t->next;
    q->n++;
}

static struct directory_task *take_first(struct directory_queue *q)
{
    struct directory_task *t = q->first;

    if (!t)
        return NULL;
    q->first = t->next;
    if (!q->first)
        q->end = &q->first;
    t->next = NULL;
    q->n--;
    q->under_way++;
    return t;
}

void directory_enqueue(struct directory *d, struct directory_task *t)
{
    struct directory_published *p =
        t->entry.type == DOCUMENT_GRANT ? directory_make_published(d, &t->entry.id) : NULL;

    if (p)
        p->tasks++;
    else if (t->entry.type == DOCUMENT_GRANT)
        t->uncounted = true;
    d->left += t->of_refresh;
    append(queue_of(d, t->entry.type), t);
    directory_pump_soon(d);
    directory_press(d);
}

void directory_left_queue(struct directory_task *t)
{
    queue_of(t->directory, t->entry.type)->under_way--;
}

static struct directory_task *next_task(struct directory *d)
{
    size_t under_way =
        d->trust.under_way + d->status.under_way + d->revocations.under_way + d->grants.under_way;

    if (d->broker->stopping || under_way >= DIRECTORY_UNDER_WAY_MAX)
        return NULL;
    if (d->revocations.first)
        return take_first(&d->revocations);
    if (on_their_way(&d->trust) > 0)
        return d->trust.under_way == 0 ? take_first(&d->trust) : NULL;
    if (on_their_way(&d->status) > 0)
        return d->status.under_way == 0 ? take_first(&d->status) : NULL;
    if (d->revocations.under_way > 0 || d->grants.under_way >= GRANTS_AT_ONCE)
        return NULL;
    return take_first(&d->grants);
}

void directory_pump_soon(struct directory *d)
{
    if (!d->pumping)
        (void)sd_event_source_set_enabled(d->pump, SD_EVENT_ONESHOT);
}

/* ---- the pump: some at each turn of the loop, so that logins never wait ---- */

static int on_pump(sd_event_source *source, void *userdata)
{
    struct directory *d = userdata;
    struct directory_task *t = NULL;

    (void)source;
    d->pumping = true;
    for (unsigned i = 0; i < DIRECTORY_SLICE && (t = next_task(d)) != NULL; i++)
        directory_begin_task(t);
    d->pumping = false;
    if (t)
        directory_pump_soon(d);
    directory_press(d);
    directory_settled(d);
    return 0;
}

static void empty(struct directory_queue *q)
{
    struct directory_task *next;

    for (struct directory_task *t = q->first; t; t = next) {
        next = t->next;
        directory_task_free(t);
    }
    *q = (struct directory_queue){.end = &q->first};
}

int directory_task_init(struct directory *d)
{
    int r;

    d->trust.end = &d->trust.first;
    d->status.end = &d->status.first;
    d->revocations.end = &d->revocations.first;
    d->grants.end = &d->grants.first;
    r = sd_event_add_defer(d->broker->event, &d->pump, on_pump, d);
    if (r >= 0)
        r = sd_event_source_set_enabled(d->pump, SD_EVENT_OFF);
    return r < 0 ? r : 0;
}

void directory_task_done(struct directory *d)
{
    d->pump = sd_event_source_disable_unref(d->pump);
    empty(&d->trust);
    empty(&d->status);
    empty(&d->revocations);
    empty(&d->grants);
}
