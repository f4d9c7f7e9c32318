#include "broker/review/used_hours.h"

#include <stdio.h>
#include <string.h>

#define DAY          ((when_t)86400)
#define WEEK_MINUTES ((size_t)7 * 24 * 60)

static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* Minutes of a week at an offset, in which some session was open. */
struct week {
    bool used[WEEK_MINUTES];
    bool any;
};

static size_t minute_of_week(when_t t, int offset_minutes)
{
    when_t local = t + (when_t)offset_minutes * 60;

    return (size_t)when_weekday(t, offset_minutes * 60) * 24 * 60 + (size_t)((local % DAY + DAY) % DAY / 60);
}

static void mark(struct week *w, when_t from, when_t until, int offset_minutes)
{
    size_t at = minute_of_week(from, offset_minutes);
    when_t left = (until > from ? until - from : 0) / 60 + 1;

    w->any = true;
    for (when_t i = 0; i < left && i < (when_t)WEEK_MINUTES; i++)
        w->used[(at + (size_t)i) % WEEK_MINUTES] = true;
}

static void mark_sessions(struct review *v, const char *grant, int offset_minutes, struct week *w)
{
    size_t n;
    const struct session_row **rows = sessions_of(v, grant, &n);

    for (size_t i = 0; i < n; i++) {
        const struct session_row *s = rows[i];
        when_t from, until;

        if (!sessions_in_period(v, s))
            continue;
        from = s->opened_us != 0 ? model_seconds(s->opened_us) : v->settings.from;
        until = s->ended_us != 0 ? model_seconds(s->ended_us) : v->settings.until;
        mark(w, from > v->settings.from ? from : v->settings.from, when_min(until, v->settings.until),
             offset_minutes);
    }
}

static bool line_was_used(const struct grant_hours *h, const struct week *w)
{
    size_t length = h->end_minute > h->start_minute ? (size_t)(h->end_minute - h->start_minute)
                                                    : (size_t)(24 * 60 - h->start_minute + h->end_minute);

    for (size_t day = 0; day < 7; day++)
        for (size_t i = 0; (h->days & (1U << day)) != 0 && i < length; i++)
            if (w->used[(day * 24 * 60 + h->start_minute + i) % WEEK_MINUTES])
                return true;
    return false;
}

static void format_line(uint8_t mask, unsigned start, unsigned end, int offset, char text[static 64])
{
    unsigned first = 0, last = 6;
    unsigned east = (unsigned)(offset < 0 ? -offset : offset);
    char which[16];

    while (first < 6 && (mask & (1U << first)) == 0)
        first++;
    while (last > first && (mask & (1U << last)) == 0)
        last--;
    (void)snprintf(which, sizeof(which), first == last ? "%s" : "%s-%s", days[first], days[last]);
    (void)snprintf(text, 64, "%s %02u:%02u-%02u:%02u %c%02u:%02u", which, start / 60, start % 60, end / 60,
                   end % 60, offset < 0 ? '-' : '+', east / 60, east % 60);
}

/* Whole hours around all that was used, on the days on which it was. */
static void describe_used(const struct week *w, int offset_minutes, char text[static 64])
{
    unsigned first = 24 * 60, last = 0;
    uint8_t mask = 0;

    for (unsigned i = 0; i < WEEK_MINUTES; i++) {
        unsigned minute = i % (24 * 60);

        if (!w->used[i])
            continue;
        mask |= (uint8_t)(1U << (i / (24 * 60)));
        first = minute < first ? minute : first;
        last = minute > last ? minute : last;
    }
    format_line(mask, first / 60 * 60, (last / 60 + 1) * 60, offset_minutes, text);
}

static json_t *any_json(struct review *v, const struct known_grant *k)
{
    cleanup_free struct week *w = calloc(1, sizeof(*w));
    char text[64];

    if (!w)
        return NULL;
    mark_sessions(v, k->id, v->settings.utc_offset_minutes, w);
    if (!w->any)
        return NULL;
    describe_used(w, v->settings.utc_offset_minutes, text);
    return json_pack("{ss s[s] s[s] s[]}", "field", "hours", "granted", "any", "used", text, "never");
}

json_t *used_hours_json(struct review *v, const struct known_grant *k)
{
    const struct grant *g = k->grant;
    json_t *granted, *used, *never;

    if (g->any_hours)
        return any_json(v, k);
    granted = json_array();
    used = json_array();
    never = json_array();
    for (size_t i = 0; i < g->n_hours; i++) {
        const struct grant_hours *h = &g->hours[i];
        cleanup_free struct week *w = calloc(1, sizeof(*w));
        char text[64];

        if (!w)
            continue;
        mark_sessions(v, k->id, h->offset_minutes, w);
        format_line(h->days, h->start_minute, h->end_minute, h->offset_minutes, text);
        (void)json_array_append_new(granted, json_string(text));
        (void)json_array_append_new(line_was_used(h, w) ? used : never, json_string(text));
    }
    if (json_array_size(never) > 0)
        return json_pack("{ss so so so}", "field", "hours", "granted", granted, "used", used, "never", never);
    json_decref(granted);
    json_decref(used);
    json_decref(never);
    return NULL;
}
