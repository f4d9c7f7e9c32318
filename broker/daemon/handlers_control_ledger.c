#include "broker/audit/export.h"
#include "broker/daemon/handlers_control.h"

#include <errno.h>
#include <stdlib.h>

/* What one reply costs the loop: some milliseconds at most. */
#define CHUNK_RECORDS 512
#define CHUNK_OCTETS  ((size_t)256 * 1024)

struct ledger_reading {
    struct broker *broker;
    struct control_call *call; /* NULL: gone; freed when nothing is being read for it any more */
    uint64_t after, upto;      /* what is still to come */
    uint64_t first, last;      /* of the ledger, when reading began */
    bool more, reading, begun;
};

/* ---- one chunk ---- */

/* A record's octets, as they were hashed, with their length before them and its hashes behind. What no
 * version has written is no octets at all, which no reader takes for a record. */
static void put_record(struct buf *b, const struct record *r)
{
    size_t at = b->size, size;

    buf_put_u32(b, 0);
    if (record_format_label(r->format))
        record_encode(r, b);
    size = b->size - at - sizeof(uint32_t);
    buf_put(b, r->previous, RECORD_HASH_SIZE);
    buf_put(b, r->hash, RECORD_HASH_SIZE);
    for (size_t i = 0; buf_error(b) == 0 && i < sizeof(uint32_t); i++)
        b->data[at + i] = (uint8_t)(size >> (8 * (sizeof(uint32_t) - 1 - i)));
}

/* As many as fit, at least one; `after` moves behind them. NULL without memory. */
static char *encode(struct ledger_reading *l, const struct record *rows, size_t n)
{
    cleanup_buf struct buf b = BUF_INIT;

    for (size_t i = 0; i < n && b.size < CHUNK_OCTETS; i++) {
        put_record(&b, &rows[i]);
        l->after = rows[i].sequence;
    }
    return buf_error(&b) < 0 ? NULL : ident_base64_encode(b.data, b.size);
}

static json_t *reply_of(struct ledger_reading *l, const struct record *rows, size_t n)
{
    cleanup_free char *octets = encode(l, rows, n);
    const struct broker *b = l->broker;

    if (!octets)
        return NULL;
    return json_pack("{ss ss sI sI ss so}", "host", b->host.name, "ledger", b->about.id, "first",
                     (json_int_t)l->first, "last", (json_int_t)l->last, "octets", octets, "segments",
                     l->begun ? json_null() : export_segments(b->about.segments, b->about.n_segments));
}

/* ---- reading ---- */

static void unlink_reading(struct ledger_reading *l)
{
    l->call = NULL;
    if (!l->reading)
        free(l);
}

static void finish(struct ledger_reading *l, json_t *reply)
{
    control_reply(l->call, reply);
    unlink_reading(l);
}

static void fail(struct ledger_reading *l, int error)
{
    control_store_unavailable(l->call, error);
    unlink_reading(l);
}

static void go_on(struct ledger_reading *l);

static void on_rows(void *userdata, int result, const struct record *rows, size_t n)
{
    struct ledger_reading *l = userdata;
    json_t *reply;

    l->reading = false;
    if (!l->call) {
        free(l);
        return;
    }
    if (result < 0) {
        fail(l, result);
        return;
    }
    reply = reply_of(l, rows, n);
    l->begun = true;
    /* Nothing where there should be something is for whoever verifies to say. */
    if (!l->more || n == 0 || l->after >= l->upto)
        finish(l, reply);
    else
        control_stream_send(l->call, reply);
}

static void go_on(struct ledger_reading *l)
{
    struct record_filter filter = {.after = l->after, .before = l->upto + 1, .limit = CHUNK_RECORDS};
    int r;

    if (l->reading || (l->more && (l->broker->stopping || !control_stream_is_ready(l->call))))
        return;
    l->reading = true;
    r = store_read(l->broker->store, &filter, on_rows, l);
    if (r < 0) {
        l->reading = false;
        fail(l, r);
    }
}

static void on_ready(void *userdata)
{
    go_on(userdata);
}

static void on_gone(void *userdata)
{
    finish(userdata, NULL);
}

static const struct control_stream_events events = {.ready = on_ready, .gone = on_gone};

/* ---- the method ---- */

void control_ledger_read(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    json_int_t after = 0, upto = 0;
    const struct varlink_field fields[] = {{"after", VARLINK_INT, true, &after},
                                           {"upto", VARLINK_INT, true, &upto}};
    struct ledger_reading *l;

    if (!control_read(call, parameters, fields, ARRAY_SIZE(fields)))
        return;
    l = b->store ? calloc(1, sizeof(*l)) : NULL;
    if (!l) {
        control_store_unavailable(call, b->store ? -ENOMEM : b->store_error);
        return;
    }
    *l = (struct ledger_reading){.broker = b,
                                 .call = call,
                                 .after = (uint64_t)after,
                                 .upto = b->last_sequence,
                                 .first = store_ledger_first(b->store),
                                 .last = b->last_sequence,
                                 .more = control_call_is_more(call)};
    if (upto > 0 && (uint64_t)upto < l->upto)
        l->upto = (uint64_t)upto;
    if (l->more)
        control_stream_begin(call, &events, l);
    go_on(l);
}
