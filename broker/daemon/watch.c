#include "broker/daemon/watch.h"

#include "broker/common/clock.h"
#include "broker/daemon/handlers_control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct watcher {
    struct broker *broker;
    struct watcher *next;
    struct control_call *call;
    const char *staff;
    json_t *changes; /* replies that wait for the caller */
};

static void finish(struct watcher *w)
{
    for (struct watcher **at = &w->broker->watchers; *at; at = &(*at)->next)
        if (*at == w) {
            *at = w->next;
            break;
        }
    control_reply(w->call, NULL);
    json_decref(w->changes);
    free(w);
}

static void on_gone(void *userdata)
{
    finish(userdata);
}

static void on_ready(void *userdata)
{
    struct watcher *w = userdata;
    json_t *change;

    if (json_array_size(w->changes) == 0 || !control_stream_is_ready(w->call))
        return;
    change = json_incref(json_array_get(w->changes, 0));
    (void)json_array_remove(w->changes, 0);
    control_stream_send(w->call, change);
}

static const struct control_stream_events events = {.ready = on_ready, .gone = on_gone};

/* Takes `sessions` over. */
static void put(struct watcher *w, const char *change, json_t *sessions)
{
    json_t *reply =
        json_pack("{ss so so}", "change", change, "at", control_time(clock_wall()), "sessions", sessions);

    /* Without it, the caller would believe what is not so: they are hung up on. */
    if (json_array_size(w->changes) >= WATCH_BEHIND_MAX || json_array_append(w->changes, reply) < 0)
        finish(w);
    else
        on_ready(w);
    json_decref(reply);
}

int watch_begin(struct broker *b, struct control_call *call, const char *staff, json_t *sessions)
{
    struct watcher *w = calloc(1, sizeof(*w));

    if (w)
        w->changes = json_array();
    if (!w || !w->changes) {
        free(w);
        json_decref(sessions);
        return -ENOMEM;
    }
    w->broker = b;
    w->next = b->watchers;
    w->call = call;
    w->staff = staff;
    b->watchers = w;
    control_stream_begin(call, &events, w);
    put(w, "live", sessions);
    return 0;
}

void watch_tell(struct broker *b, const struct session *s, const char *change)
{
    struct watcher *next;

    if (!b->watchers || s->released)
        return;
    for (struct watcher *w = b->watchers; w; w = next) {
        json_t *session;

        next = w->next;
        if (w->staff && strcmp(w->staff, s->staff) != 0)
            continue;
        session = control_session(b, s);
        if (strcmp(change, WATCH_ENDED) == 0) {
            (void)json_object_set_new(session, "state", json_string("ended"));
            (void)json_object_set_new(session, "ended", control_time(clock_wall()));
        }
        put(w, change, json_pack("[o]", session));
    }
}
