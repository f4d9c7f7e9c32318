#include "broker/daemon/follow.h"

#include "broker/daemon/handlers_control.h"

#include <errno.h>
#include <stdlib.h>

#define FOLLOW_PAGE 100 /* records of a reply: what a caller who does not read costs */

struct follower {
    struct broker *broker;
    struct follower *next;
    struct control_call *call; /* NULL: gone; freed when nothing is being read for it any more */
    struct record_filter filter;
    follow_json *json;
    uint64_t looked; /* the ledger's end when reading began: all up to there has been looked at */
    bool reading, begun;
};

static void unlink_follower(struct follower *f)
{
    for (struct follower **at = &f->broker->followers; *at; at = &(*at)->next)
        if (*at == f) {
            *at = f->next;
            break;
        }
}

/* Nobody listens any more; `error` says why, or 0. */
static void finish(struct follower *f, int error)
{
    struct control_call *call = f->call;

    unlink_follower(f);
    f->call = NULL;
    if (error < 0)
        control_store_unavailable(call, error);
    else
        control_reply(call, NULL);
    if (!f->reading)
        free(f);
}

static json_t *page(const struct follower *f, const struct record *rows, size_t n)
{
    json_t *records = json_array();

    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(records, f->json(&rows[f->filter.newest_first ? n - 1 - i : i]));
    return json_pack("{so}", "records", records);
}

/* Where to go on: behind the last one found; with nothing left to find, behind all that was looked at. */
static void advance(struct follower *f, const struct record *rows, size_t n)
{
    uint64_t last = n == 0 ? 0 : rows[f->filter.newest_first ? 0 : n - 1].sequence;

    if ((f->filter.newest_first || n < f->filter.limit) && f->looked > last)
        last = f->looked;
    if (last > f->filter.after)
        f->filter.after = last;
    f->filter.newest_first = false;
    f->filter.limit = FOLLOW_PAGE;
}

static void go_on(struct follower *f);

static void on_rows(void *userdata, int result, const struct record *rows, size_t n)
{
    struct follower *f = userdata;
    json_t *reply;
    bool first = !f->begun;

    f->reading = false;
    if (!f->call) {
        free(f);
        return;
    }
    if (result < 0) {
        finish(f, result);
        return;
    }
    reply = page(f, rows, n);
    advance(f, rows, n);
    f->begun = true;
    if (first || n > 0) {
        control_stream_send(f->call, reply);
    } else {
        json_decref(reply);
        go_on(f);
    }
}

/* Reads on, if there is anything to be read and the caller has taken what there was. */
static void go_on(struct follower *f)
{
    struct broker *b = f->broker;
    int r;

    if (f->reading || b->stopping || !control_stream_is_ready(f->call) ||
        (f->begun && f->filter.after >= b->last_sequence))
        return;
    f->looked = b->last_sequence;
    f->reading = true;
    r = store_read(b->store, &f->filter, on_rows, f);
    if (r < 0) {
        f->reading = false;
        finish(f, r);
    }
}

static void on_ready(void *userdata)
{
    go_on(userdata);
}

static void on_gone(void *userdata)
{
    finish(userdata, 0);
}

static const struct control_stream_events events = {.ready = on_ready, .gone = on_gone};

int follow_begin(struct broker *b, struct control_call *call, const struct record_filter *filter,
                 follow_json *json)
{
    struct follower *f = calloc(1, sizeof(*f));

    if (!f)
        return -ENOMEM;
    *f = (struct follower){.broker = b, .next = b->followers, .call = call, .filter = *filter, .json = json};
    if (f->filter.limit > FOLLOW_PAGE && !f->filter.newest_first)
        f->filter.limit = FOLLOW_PAGE;
    b->followers = f;
    control_stream_begin(call, &events, f);
    go_on(f);
    return 0;
}

void follow_wake(struct broker *b)
{
    struct follower *next;

    for (struct follower *f = b->followers; f; f = next) {
        next = f->next;
        go_on(f);
    }
}
