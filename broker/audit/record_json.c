#include "broker/audit/record_json.h"

#include "policy/base/ident.h"
#include "policy/base/when.h"

#include <stdio.h>

/* "2026-11-21T00:00:00.123456Z" */
static json_t *time_us(int64_t at_us)
{
    char text[WHEN_TEXT_SIZE], precise[WHEN_TEXT_SIZE + 8];
    int64_t seconds = at_us / 1000000, rest = at_us % 1000000;

    if (rest < 0) {
        seconds--;
        rest += 1000000;
    }
    when_format((when_t)seconds, text);
    (void)snprintf(precise, sizeof(precise), "%.19s.%06dZ", text, (int)rest);
    return json_string(precise);
}

static json_t *deadline_json(when_t deadline)
{
    char text[WHEN_TEXT_SIZE];

    if (deadline == 0)
        return json_null();
    when_format(deadline, text); /* "never" for one without an end */
    return json_string(text);
}

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *actor_json(uint32_t actor)
{
    return actor == UINT32_MAX ? json_null() : json_integer((json_int_t)actor);
}

static json_t *chain_json(const struct record *r)
{
    char previous[2 * RECORD_HASH_SIZE + 1], hash[2 * RECORD_HASH_SIZE + 1];

    ident_format_hex(r->previous, sizeof(r->previous), previous);
    ident_format_hex(r->hash, sizeof(r->hash), hash);
    return json_pack("{sI sI so sI ss ss}", "format", (json_int_t)r->format, "count", (json_int_t)r->count,
                     "first", r->count != 0 ? time_us(r->first_us) : json_null(), "sources",
                     (json_int_t)r->sources, "previous", previous, "hash", hash);
}

json_t *record_json(const struct record *r)
{
    json_t *chain = chain_json(r);
    json_t *all = json_pack(
        "{sI so ss ss so ss ss ss ss ss ss ss sI ss sI so sI ss so ss}", "sequence", (json_int_t)r->sequence,
        "time", time_us(r->at_us), "event", record_text(r, 0), "result", record_text(r, 1), "reason",
        text_or_null(reason_name(r->reason)), "staff", record_text(r, 2), "vendor", record_text(r, 3),
        "account", record_text(r, 4), "service", record_text(r, 5), "address", record_text(r, 6), "tty",
        record_text(r, 7), "grant", record_text(r, 8), "version", (json_int_t)r->version, "ticket",
        record_text(r, 9), "session", (json_int_t)r->session, "deadline", deadline_json(r->deadline),
        "latency_us", (json_int_t)r->latency_us, "reference", record_text(r, 10), "actor",
        actor_json(r->actor), "detail", record_text(r, 11));

    if (!all || !chain || json_object_update(all, chain) < 0) {
        json_decref(all);
        all = NULL;
    }
    json_decref(chain);
    return all;
}
