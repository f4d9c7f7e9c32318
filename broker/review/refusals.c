#include "broker/common/i18n.h"
#include "broker/common/reason_text.h"
#include "broker/review/model.h"
#include "broker/review/tally.h"

#include <stdio.h>
#include <string.h>

/* Who was refused what, when, from where. Whoever is outside can choose addresses, so that what is kept of
 * them is bounded: how many there were beyond that is still counted. */

#define HOURS      24
#define LISTED_MAX 200 /* sources, the busiest first */
#define PEOPLE_MAX 1000

bool refusals_are(const struct fact *f)
{
    static const char *const events[] = {
        EVENT_LOGIN,   EVENT_SESSION_OPEN, EVENT_SWITCH, EVENT_JOB,          EVENT_KEY,
        EVENT_CHANNEL, EVENT_COMMAND,      EVENT_UNLOCK, EVENT_USER_MANAGER, EVENT_REQUEST_REFUSED};

    for (size_t i = 0; !f->success && i < ARRAY_SIZE(events); i++)
        if (model_is(f, events[i]))
            return true;
    return false;
}

static const char *reason_of(const struct fact *f)
{
    const char *name = reason_name(f->r->reason);

    return name ? name : "";
}

/* False without memory: then the whole is not to be believed. */
static void count(struct review *v, json_t *counts, const char *key, uint64_t n)
{
    if (!counts || (*key != '\0' && !tally_add(counts, key, n) && json_object_size(counts) < TALLY_KEYS_MAX))
        model_failed(v);
}

static void count_hour(struct review *v, json_t *row, const struct fact *f)
{
    json_t *hours = tally_array(row, "hours");
    when_t local = f->at + (when_t)v->settings.utc_offset_minutes * 60;
    size_t hour = (size_t)(((local % 86400 + 86400) % 86400) / 3600);

    for (size_t i = json_array_size(hours); i < HOURS; i++)
        model_append(v, hours, json_integer(0));
    (void)json_integer_set(json_array_get(hours, hour),
                           json_integer_value(json_array_get(hours, hour)) + (json_int_t)f->count);
}

/* What a record that stands for many says of their sources counts as well: it names but one of them. */
static void count_sources(struct review *v, json_t *row, const struct fact *f)
{
    uint64_t counted = f->sources;

    count(v, tally_object(row, "sources"), f->address, f->count);
    if (counted > tally_count(row, "most_sources"))
        (void)json_object_set_new(row, "most_sources", json_integer((json_int_t)counted));
}

static void take_reason(struct review *v, const struct fact *f)
{
    json_t *row = tally_object(tally_object(v->refusals, "reasons"), reason_of(f));

    if (!row) {
        model_failed(v);
        return;
    }
    count(v, row, "count", f->count);
    count(v, tally_object(row, "people"), f->staff, f->count);
    count_sources(v, row, f);
    count_hour(v, row, f);
}

static void take_staff(struct review *v, const struct fact *f)
{
    json_t *all = tally_object(v->refusals, "staff");
    json_t *row = *f->staff ? tally_object(all, f->staff) : NULL;
    when_t first = f->first;

    if (!row)
        return;
    count(v, row, "count", f->count);
    count(v, tally_object(row, "reasons"), reason_of(f), f->count);
    if (!json_object_get(row, "first") || json_integer_value(json_object_get(row, "first")) > first)
        (void)json_object_set_new(row, "first", json_integer(first));
    if (json_integer_value(json_object_get(row, "last")) < f->at)
        (void)json_object_set_new(row, "last", json_integer(f->at));
}

static void take_source(struct review *v, const struct fact *f)
{
    json_t *row;

    if (*f->address == '\0')
        return;
    row = tally_object(tally_object(v->refusals, "sources"), f->address);
    if (!row) {
        count(v, v->refusals, "left_out", 1);
        return;
    }
    count(v, row, "count", f->count);
    if (json_object_size(json_object_get(row, "people")) < PEOPLE_MAX)
        count(v, tally_object(row, "people"), f->staff, f->count);
}

void refusals_take(struct review *v, const struct fact *f)
{
    if (!refusals_are(f))
        return;
    count(v, v->refusals, "total", f->count);
    take_reason(v, f);
    take_staff(v, f);
    take_source(v, f);
}

/* ---- the value ---- */

/* What the person was told. */
static const char *sentence_of(const char *name)
{
    enum reason reason;
    const struct reason_text *text = reason_from_name(name, &reason) == 0 ? reason_text_of(reason) : NULL;

    return text ? _(text->sentence) : "";
}

static json_t *reason_json(const char *reason, const json_t *row)
{
    json_int_t sources = (json_int_t)json_object_size(json_object_get(row, "sources"));
    json_int_t most = (json_int_t)tally_count(row, "most_sources");

    return json_pack("{ss ss sI sI sI so}", "reason", reason, "sentence", sentence_of(reason), "count",
                     (json_int_t)tally_count(row, "count"), "people",
                     (json_int_t)json_object_size(json_object_get(row, "people")), "sources",
                     sources > most ? sources : most, "hours", json_deep_copy(json_object_get(row, "hours")));
}

static json_t *staff_json(const struct review *v, const char *staff, const json_t *row)
{
    return json_pack("{ss ss sI so so so}", "staff", staff, "vendor", model_vendor_of(v, staff), "count",
                     (json_int_t)tally_count(row, "count"), "first",
                     model_time(json_integer_value(json_object_get(row, "first"))), "last",
                     model_time(json_integer_value(json_object_get(row, "last"))), "reasons",
                     json_deep_copy(json_object_get(row, "reasons")));
}

static json_t *source_json(const char *address, const json_t *row)
{
    return json_pack("{ss sI sI}", "address", address, "count", (json_int_t)tally_count(row, "count"),
                     "people", (json_int_t)json_object_size(json_object_get(row, "people")));
}

/* Rows by name, then the greatest counts first. */
static json_t *sorted(struct review *v, const char *member, char kind)
{
    const json_t *all = json_object_get(v->refusals, member);
    cleanup(json_decrefp) json_t *keys = tally_keys(all);
    json_t *rows = json_array(), *key;
    size_t i;

    json_array_foreach(keys, i, key)
    {
        const char *name = json_string_value(key);
        const json_t *row = json_object_get(all, name);

        model_append(v, rows,
                     kind == 'r'   ? reason_json(name, row)
                     : kind == 's' ? staff_json(v, name, row)
                                   : source_json(name, row));
    }
    if (tally_sort_by_count(rows, "count") < 0)
        model_failed(v);
    return rows;
}

json_t *refusals_json(struct review *v)
{
    json_t *sources = sorted(v, "sources", 'a');
    json_int_t left_out = (json_int_t)tally_count(v->refusals, "left_out");

    while (json_array_size(sources) > LISTED_MAX) {
        (void)json_array_remove(sources, json_array_size(sources) - 1);
        left_out++;
    }
    return json_pack("{sI so so so sI}", "total", (json_int_t)tally_count(v->refusals, "total"), "by_reason",
                     sorted(v, "reasons", 'r'), "by_staff", sorted(v, "staff", 's'), "by_source", sources,
                     "sources_left_out", left_out);
}
