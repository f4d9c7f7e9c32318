#include "broker/daemon/clock_guard.h"

#define US_PER_SECOND 1000000

/* Microseconds that an honest clock may lose against the true time, of each 1000000: the largest correction
 * of frequency that the kernel itself knows (MAXFREQ), 500 ppm, is one in 2000. */
#define DRIFT_DIVISOR 2000

/* Clocks may say anything; sums end at the ends of the range. */
static int64_t sum(int64_t a, int64_t b)
{
    int64_t result;

    if (__builtin_add_overflow(a, b, &result))
        return a < 0 ? INT64_MIN : INT64_MAX;
    return result;
}

static int64_t difference(int64_t a, int64_t b)
{
    int64_t result;

    if (__builtin_sub_overflow(a, b, &result))
        return a < 0 ? INT64_MIN : INT64_MAX;
    return result;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t from_seconds(when_t t)
{
    int64_t result;

    if (__builtin_mul_overflow(t, US_PER_SECOND, &result))
        return t < 0 ? INT64_MIN : INT64_MAX;
    return result;
}

static int64_t passed(const struct clock_guard *g, const struct clock_sample *s)
{
    uint64_t us = s->boot_us > g->line.boot_us ? s->boot_us - g->line.boot_us : 0;

    return us < INT64_MAX ? (int64_t)us : INT64_MAX;
}

/* What the wall clock should say, by the line. */
static int64_t expected(const struct clock_guard *g, const struct clock_sample *s)
{
    return sum(g->line.wall_us, passed(g, s));
}

static void raise_highest(struct clock_guard *g, int64_t us)
{
    g->highest_us = larger(g->highest_us, us);
}

void clock_guard_init(struct clock_guard *g, uint32_t tolerance_seconds)
{
    *g = (struct clock_guard){.tolerance_us = (int64_t)tolerance_seconds * US_PER_SECOND,
                              .highest_us = INT64_MIN};
}

void clock_guard_load(struct clock_guard *g, int64_t highest_us, const struct clock_point *line)
{
    g->highest_us = highest_us;
    g->has_line = line != NULL;
    if (line)
        g->line = *line;
}

/* Without a line this boot begins here; with a clock that is behind already, at the highest, since it is no
 * earlier than that. */
static void begin_line(struct clock_guard *g, const struct clock_sample *s)
{
    bool behind = sum(s->wall_us, g->tolerance_us) < g->highest_us;

    g->line = (struct clock_point){behind ? g->highest_us : s->wall_us, s->boot_us};
    g->has_line = true;
}

static enum clock_standing judge(const struct clock_guard *g, const struct clock_sample *s)
{
    int64_t ahead = difference(s->wall_us, expected(g, s));

    if (ahead < -g->tolerance_us || sum(s->wall_us, g->tolerance_us) < g->highest_us)
        return CLOCK_BEHIND;
    return ahead > g->tolerance_us ? CLOCK_AHEAD : CLOCK_SURE;
}

static void take_line(struct clock_guard *g, const struct clock_sample *s)
{
    g->line = (struct clock_point){s->wall_us, s->boot_us};
    g->has_line = true;
    raise_highest(g, s->wall_us);
}

/* A step back within the tolerance is forgotten at once if the clock is synchronised, else slowly. */
static void move_line(struct clock_guard *g, const struct clock_sample *s)
{
    int64_t slow = difference(expected(g, s), passed(g, s) / DRIFT_DIVISOR);

    take_line(g, s);
    if (!s->synchronised)
        g->line.wall_us = larger(s->wall_us, slow);
}

static enum clock_news doubt(struct clock_guard *g, const struct clock_sample *s, enum clock_standing found)
{
    if (g->standing == found)
        return CLOCK_NOTHING_NEW;
    g->standing = found;
    g->expected_us = expected(g, s);
    if (found == CLOCK_BEHIND)
        g->expected_us = larger(g->expected_us, g->highest_us);
    g->found_us = s->wall_us;
    return CLOCK_IN_DOUBT;
}

static enum clock_news be_sure(struct clock_guard *g, bool stepped)
{
    enum clock_standing was = g->standing;

    g->standing = CLOCK_SURE;
    if (was == CLOCK_BEHIND || was == CLOCK_AHEAD)
        return CLOCK_SETTLED;
    return stepped ? CLOCK_STEPPED : CLOCK_NOTHING_NEW;
}

enum clock_news clock_guard_sample(struct clock_guard *g, const struct clock_sample *s)
{
    enum clock_standing found;

    if (!g->has_line)
        begin_line(g, s);
    found = judge(g, s);
    /* It was trusted until now, and so is what has passed since: that is what has to be caught up with. */
    if (found == CLOCK_BEHIND && g->standing == CLOCK_SURE)
        raise_highest(g, expected(g, s));
    if (found == CLOCK_SURE) {
        move_line(g, s);
        return be_sure(g, false);
    }
    if (!s->synchronised || s->wall_us < g->highest_us)
        return doubt(g, s, found);
    g->expected_us = expected(g, s);
    g->found_us = s->wall_us;
    take_line(g, s);
    return be_sure(g, found == CLOCK_AHEAD);
}

int64_t clock_guard_at_least(const struct clock_guard *g, const struct clock_sample *s)
{
    return larger(s->wall_us, g->has_line ? expected(g, s) : g->highest_us);
}

static bool status_settles(const struct clock_guard *g, int64_t issued_us, int64_t expires_us,
                           const struct clock_sample *s)
{
    int64_t not_before = g->standing == CLOCK_AHEAD ? s->wall_us : g->highest_us;

    return sum(s->wall_us, g->tolerance_us) >= larger(issued_us, g->highest_us) && s->wall_us < expires_us &&
           sum(issued_us, g->tolerance_us) >= not_before;
}

enum clock_news clock_guard_trusted(struct clock_guard *g, when_t issued, when_t expires,
                                    const struct clock_sample *s)
{
    int64_t issued_us = from_seconds(issued);
    bool doubtful = g->standing == CLOCK_BEHIND || g->standing == CLOCK_AHEAD;

    if (doubtful && status_settles(g, issued_us, from_seconds(expires), s)) {
        take_line(g, s);
        raise_highest(g, issued_us);
        return be_sure(g, false);
    }
    raise_highest(g, issued_us);
    return clock_guard_sample(g, s);
}

int64_t clock_guard_confirm(struct clock_guard *g, const struct clock_sample *s)
{
    int64_t was = g->highest_us;

    g->highest_us = s->wall_us;
    take_line(g, s);
    g->standing = CLOCK_SURE;
    return was;
}
