#include "broker/daemon/waiting.h"

#include <errno.h>

struct waiter {
    struct waiting *waiting;
    struct waiter *next;
    uint32_t uid;
    sd_event_source *timer;
    waiting_resume *resume;
    void *userdata;
};

struct waiting {
    sd_event *event;
    struct waiter *waiters;
};

int waiting_new(sd_event *event, struct waiting **ret)
{
    struct waiting *w = calloc(1, sizeof(*w));

    if (!w)
        return -ENOMEM;
    w->event = sd_event_ref(event);
    *ret = w;
    return 0;
}

static void resume(struct waiter *x)
{
    for (struct waiter **at = &x->waiting->waiters; *at; at = &(*at)->next)
        if (*at == x) {
            *at = x->next;
            break;
        }
    sd_event_source_disable_unref(x->timer);
    x->resume(x->userdata);
    free(x);
}

struct waiting *waiting_free(struct waiting *w)
{
    if (!w)
        return NULL;
    while (w->waiters)
        resume(w->waiters);
    sd_event_unref(w->event);
    free(w);
    return NULL;
}

static int on_timer(sd_event_source *source, uint64_t now, void *userdata)
{
    (void)source;
    (void)now;
    resume(userdata);
    return 0;
}

int waiting_add(struct waiting *w, uint32_t uid, waiting_resume *call, void *userdata)
{
    struct waiter *x = calloc(1, sizeof(*x));
    int r;

    if (!x)
        return -ENOMEM;
    *x = (struct waiter){.waiting = w, .uid = uid, .resume = call, .userdata = userdata, .next = w->waiters};
    r = sd_event_add_time_relative(w->event, &x->timer, CLOCK_BOOTTIME, WAITING_MAX_US, 1000, on_timer, x);
    if (r < 0) {
        free(x);
        return r;
    }
    w->waiters = x;
    return 0;
}

void waiting_wake(struct waiting *w, uint32_t uid)
{
    for (struct waiter *x = w ? w->waiters : NULL; x; x = x->next)
        if (x->uid == uid)
            (void)sd_event_source_set_time(x->timer, 0);
}
