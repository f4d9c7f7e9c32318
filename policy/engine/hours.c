#include "policy/engine/hours.h"

/*
 * Everything a line of hours can say starts and ends on a whole minute of UTC, since offsets are whole
 * minutes. So a week is a ring of 10080 minutes, a line is up to seven spans on it (one a day, running
 * into the next day where it ends before it starts), and an instant is the minute that it lies in.
 *
 * Joining: from the minute asked about, step to the furthest end of any span that contains it, and so
 * on until no span contains the place reached. Having gone once around the ring, there is no end.
 */

enum {
    MINUTE_SECONDS = 60,
    DAY_MINUTES = 24 * 60,
    DAYS = 7,
    WEEK_MINUTES = DAYS * DAY_MINUTES,
    EPOCH_MINUTE = 3 * DAY_MINUTES, /* of the week: 1970-01-01 was a Thursday */
};

/* Instants outside of what documents can name (years 1970-9999) would only invite overflow. */
#define HOURS_LAST ((when_t)253402300799)

static bool in_range(when_t t)
{
    return t >= 0 && t <= HOURS_LAST;
}

static int32_t minute_of_week(when_t t)
{
    return (int32_t)((t / MINUTE_SECONDS + EPOCH_MINUTE) % WEEK_MINUTES);
}

/* Minutes from `from` forward to `to` on the ring: 0..10079. */
static int32_t minutes_ahead(int32_t from, int32_t to)
{
    int32_t d = (to - from) % WEEK_MINUTES;

    return d < 0 ? d + WEEK_MINUTES : d;
}

/* Minutes from the first to the last of a span, 1..1440. */
static int32_t length_of(const struct grant_hours *h)
{
    int32_t length = (int32_t)h->end_minute - (int32_t)h->start_minute;

    return length <= 0 ? length + DAY_MINUTES : length;
}

/* Where in the UTC week the span of a local day begins. */
static int32_t start_on_day(const struct grant_hours *h, int32_t day)
{
    return minutes_ahead(0, day * DAY_MINUTES + h->start_minute - h->offset_minutes);
}

/* Minutes for which the line's span that contains minute `m` still goes on; none are left if none contains
 * it. As no span is longer than a day, it is the one that began last. */
static int32_t rest_of(const struct grant_hours *h, int32_t m)
{
    int32_t local = minutes_ahead(0, m + h->offset_minutes), day = local / DAY_MINUTES;
    int32_t gone = local % DAY_MINUTES - h->start_minute;

    if (gone < 0) {
        gone += DAY_MINUTES;
        day = day == 0 ? DAYS - 1 : day - 1;
    }
    return h->days & (1u << day) ? length_of(h) - gone : 0;
}

/* Most minutes for which one span that contains minute `m` still goes on; 0 if none contains it. */
static int32_t longest_rest(const struct grant *g, int32_t m)
{
    int32_t longest = 0;

    for (size_t i = 0; i < g->n_hours; i++) {
        int32_t rest = rest_of(&g->hours[i], m);

        if (rest > longest)
            longest = rest;
    }
    return longest;
}

/* Minutes until the next span begins, WEEK_MINUTES if there is none. */
static int32_t next_start(const struct grant *g, int32_t m)
{
    int32_t nearest = WEEK_MINUTES;

    for (size_t i = 0; i < g->n_hours; i++)
        for (int32_t day = 0; day < DAYS; day++) {
            int32_t ahead;

            if (!(g->hours[i].days & (1u << day)))
                continue;
            ahead = minutes_ahead(m, start_on_day(&g->hours[i], day));
            if (ahead < nearest)
                nearest = ahead;
        }
    return nearest;
}

static when_t whole_minutes_after(when_t t, int32_t minutes)
{
    return (t / MINUTE_SECONDS + minutes) * MINUTE_SECONDS;
}

bool hours_contain(const struct grant *g, when_t t)
{
    return in_range(t) && (g->any_hours || longest_rest(g, minute_of_week(t)) > 0);
}

when_t hours_until(const struct grant *g, when_t t)
{
    int32_t start, gone, rest;

    if (!in_range(t))
        return t;
    if (g->any_hours)
        return WHEN_NEVER;
    start = minute_of_week(t);
    for (gone = 0; gone < WEEK_MINUTES; gone += rest) {
        rest = longest_rest(g, (start + gone) % WEEK_MINUTES);
        if (rest == 0)
            break;
    }
    if (gone == 0)
        return t;
    return gone >= WEEK_MINUTES ? WHEN_NEVER : whole_minutes_after(t, gone);
}

when_t hours_next_opening(const struct grant *g, when_t t)
{
    int32_t ahead;

    if (!in_range(t))
        return WHEN_NEVER;
    if (hours_contain(g, t))
        return t;
    ahead = next_start(g, minute_of_week(t));
    return ahead == WEEK_MINUTES ? WHEN_NEVER : whole_minutes_after(t, ahead);
}
