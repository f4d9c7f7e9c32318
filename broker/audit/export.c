#include "broker/audit/export.h"

#include "broker/audit/flat_json.h"
#include "policy/base/ident.h"

#include <errno.h>
#include <string.h>

#define US_PER_SECOND 1000000

const char *const export_member_names[EXPORT_MEMBERS] = {
    [EXPORT_SEQUENCE] = "sequence",
    [EXPORT_TIME] = "time",
    [EXPORT_EVENT] = "event",
    [EXPORT_RESULT] = "result",
    [EXPORT_REASON] = "reason",
    [EXPORT_STAFF] = "staff",
    [EXPORT_VENDOR] = "vendor",
    [EXPORT_ACCOUNT] = "account",
    [EXPORT_SERVICE] = "service",
    [EXPORT_ADDRESS] = "address",
    [EXPORT_TTY] = "tty",
    [EXPORT_GRANT] = "grant",
    [EXPORT_VERSION] = "version",
    [EXPORT_TICKET] = "ticket",
    [EXPORT_SESSION] = "session",
    [EXPORT_DEADLINE] = "deadline",
    [EXPORT_LATENCY] = "latency_us",
    [EXPORT_REFERENCE] = "reference",
    [EXPORT_ACTOR] = "actor",
    [EXPORT_DETAIL] = "detail",
    [EXPORT_RECORD_FORMAT] = "format",
    [EXPORT_COUNT] = "count",
    [EXPORT_COUNTED_FIRST] = "first",
    [EXPORT_SOURCES] = "sources",
    [EXPORT_PREVIOUS] = "previous",
    [EXPORT_HASH] = "hash",
};

void export_format_time(int64_t at_us, char text[static EXPORT_TIME_SIZE])
{
    char whole[WHEN_TEXT_SIZE];
    unsigned us = (unsigned)(at_us % US_PER_SECOND);

    when_format((when_t)(at_us / US_PER_SECOND), whole);
    if (at_us < 0 || strlen(whole) != WHEN_TEXT_SIZE - 1) {
        memcpy(text, whole, sizeof(whole));
        return;
    }
    memcpy(text, whole, WHEN_TEXT_SIZE - 2);
    text += WHEN_TEXT_SIZE - 2;
    *text = '.';
    for (int i = 6; i > 0; i--, us /= 10)
        text[i] = (char)('0' + us % 10);
    text[7] = 'Z';
    text[8] = '\0';
}

static void put_time(struct buf *b, enum export_member member, int64_t at_us)
{
    char text[EXPORT_TIME_SIZE];

    export_format_time(at_us, text);
    flat_json_put_text(b, export_member_names[member], text);
}

static void put_counted_first(struct buf *b, int64_t first_us)
{
    if (first_us == 0)
        flat_json_put_null(b, export_member_names[EXPORT_COUNTED_FIRST]);
    else
        put_time(b, EXPORT_COUNTED_FIRST, first_us);
}

/* Whole seconds; WHEN_NEVER is "never". */
static void put_deadline(struct buf *b, when_t deadline)
{
    char text[WHEN_TEXT_SIZE];

    when_format(deadline, text);
    if (deadline == 0)
        flat_json_put_null(b, export_member_names[EXPORT_DEADLINE]);
    else
        flat_json_put_text(b, export_member_names[EXPORT_DEADLINE], text);
}

/* A number that this version has no name for stays one. */
static void put_reason(struct buf *b, enum reason reason)
{
    const char *name = reason_name(reason);

    if (name)
        flat_json_put_text(b, export_member_names[EXPORT_REASON], name);
    else if (reason == 0)
        flat_json_put_null(b, export_member_names[EXPORT_REASON]);
    else
        flat_json_put_number(b, export_member_names[EXPORT_REASON], (uint64_t)reason);
}

static void put_actor(struct buf *b, uint32_t actor)
{
    if (actor == UINT32_MAX)
        flat_json_put_null(b, export_member_names[EXPORT_ACTOR]);
    else
        flat_json_put_number(b, export_member_names[EXPORT_ACTOR], actor);
}

static void put_text(struct buf *b, enum export_member member, const char *text)
{
    flat_json_put_text(b, export_member_names[member], text ? text : "");
}

static void put_number(struct buf *b, enum export_member member, uint64_t number)
{
    flat_json_put_number(b, export_member_names[member], number);
}

static void put_hash(struct buf *b, enum export_member member, const uint8_t hash[static RECORD_HASH_SIZE])
{
    char text[2 * RECORD_HASH_SIZE + 1];

    ident_format_hex(hash, RECORD_HASH_SIZE, text);
    flat_json_put_text(b, export_member_names[member], text);
}

void export_put_record(struct buf *b, const struct record *r)
{
    size_t begin = b->size;

    put_number(b, EXPORT_SEQUENCE, r->sequence);
    put_time(b, EXPORT_TIME, r->at_us);
    put_text(b, EXPORT_EVENT, r->event);
    put_text(b, EXPORT_RESULT, r->result);
    put_reason(b, r->reason);
    put_text(b, EXPORT_STAFF, r->staff);
    put_text(b, EXPORT_VENDOR, r->vendor);
    put_text(b, EXPORT_ACCOUNT, r->account);
    put_text(b, EXPORT_SERVICE, r->service);
    put_text(b, EXPORT_ADDRESS, r->address);
    put_text(b, EXPORT_TTY, r->tty);
    put_text(b, EXPORT_GRANT, r->grant);
    put_number(b, EXPORT_VERSION, r->version);
    put_text(b, EXPORT_TICKET, r->ticket);
    put_number(b, EXPORT_SESSION, r->session);
    put_deadline(b, r->deadline);
    put_number(b, EXPORT_LATENCY, r->latency_us);
    put_text(b, EXPORT_REFERENCE, r->reference);
    put_actor(b, r->actor);
    put_text(b, EXPORT_DETAIL, r->detail);
    put_number(b, EXPORT_RECORD_FORMAT, r->format);
    put_number(b, EXPORT_COUNT, r->count);
    put_counted_first(b, r->first_us);
    put_number(b, EXPORT_SOURCES, r->sources);
    put_hash(b, EXPORT_PREVIOUS, r->previous);
    put_hash(b, EXPORT_HASH, r->hash);
    if (buf_error(b) == 0)
        b->data[begin] = '{'; /* the first member's comma */
    buf_puts(b, "}\n");
}

/* A line of what json_pack() made, which is taken over. */
static void put_line(struct buf *b, json_t *object)
{
    cleanup_free char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

    json_decref(object);
    if (!text && b->error == 0)
        b->error = -ENOMEM;
    if (!text)
        return;
    buf_puts(b, text);
    buf_puts(b, "\n");
}

json_t *export_segments(const struct sealed_segment *segments, size_t n)
{
    json_t *array = json_array();

    for (size_t i = 0; i < n; i++) {
        char hash[2 * RECORD_HASH_SIZE + 1];

        ident_format_hex(segments[i].hash, RECORD_HASH_SIZE, hash);
        if (json_array_append_new(array, json_pack("{sI sI ss ss}", "first", (json_int_t)segments[i].first,
                                                   "last", (json_int_t)segments[i].last, "hash", hash,
                                                   "sealed", segments[i].sealed)) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

void export_put_head(struct buf *b, const struct export_head *head)
{
    char exported[WHEN_TEXT_SIZE];

    when_format(head->exported, exported);
    put_line(b, json_pack("{si ss ss sI sI ss? ss so sO?}", "hufu-ledger", EXPORT_FORMAT, "host", head->host,
                          "ledger", head->ledger, "first", (json_int_t)head->first, "last",
                          (json_int_t)head->last, "key", head->key, "exported", exported, "segments",
                          export_segments(head->segments, head->n_segments), "filter", head->filter));
}

void export_put_end(struct buf *b, uint64_t records, uint64_t sequence,
                    const uint8_t hash[static RECORD_HASH_SIZE])
{
    char text[2 * RECORD_HASH_SIZE + 1];

    ident_format_hex(hash, RECORD_HASH_SIZE, text);
    put_line(b, json_pack("{sb sI sI ss}", "end", 1, "records", (json_int_t)records, "sequence",
                          (json_int_t)sequence, "hash", text));
}
