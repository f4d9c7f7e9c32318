/*
 * Weekly hours against a model that knows nothing of rings and spans: it looks at the local calendar of
 * one instant, and finds ends and openings by walking minute by minute.
 */
#include "policy/base/cleanup.h"
#include "policy/engine/hours.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define WEEK           10080 /* minutes */
#define TWO_WEEKS      20160
#define MON_2026_11_16 ((when_t)1794787200) /* 2026-11-16T00:00:00Z, a Monday */

enum { MON = 1, TUE = 2, WED = 4, FRI = 16, SAT = 32, SUN = 64, MON_FRI = 31, EVERY_DAY = 127 };

static when_t at(const char *text)
{
    when_t t;

    assert_int_equal(when_parse(text, strlen(text), &t), 0);
    return t;
}

static struct grant with_hours(const struct grant_hours *hours, size_t n)
{
    return (struct grant){.hours = hours, .n_hours = n};
}

static bool line_contains(const struct grant_hours *h, when_t t)
{
    when_t local = t + (when_t)h->offset_minutes * 60;
    when_t day = local >= 0 ? local / 86400 : -((-local + 86399) / 86400);
    unsigned weekday = (unsigned)((day % 7 + 10) % 7);
    unsigned before = (weekday + 6) % 7;
    int minute = (int)((local - day * 86400) / 60);

    if (h->start_minute < h->end_minute)
        return (h->days & (1u << weekday)) && minute >= h->start_minute && minute < h->end_minute;
    return ((h->days & (1u << weekday)) && minute >= h->start_minute) ||
           ((h->days & (1u << before)) && minute < h->end_minute);
}

static bool model_contains(const struct grant *g, when_t t)
{
    for (size_t i = 0; i < g->n_hours; i++)
        if (line_contains(&g->hours[i], t))
            return true;
    return false;
}

/* Compares at minute offsets 0, step, 2 * step ... of the week that begins on MON_2026_11_16, each also
 * at its last second. */
static void compare_week(const struct grant *g, int step)
{
    static bool open[TWO_WEEKS + 1];
    static int change[TWO_WEEKS + 1]; /* minutes until open[] changes, or -1 */

    for (int m = 0; m <= TWO_WEEKS; m++)
        open[m] = model_contains(g, MON_2026_11_16 + (when_t)m * 60);
    change[TWO_WEEKS] = -1;
    for (int m = TWO_WEEKS - 1; m >= 0; m--)
        change[m] = open[m] != open[m + 1] ? 1 : change[m + 1] < 0 ? -1 : change[m + 1] + 1;

    for (int m = 0; m < WEEK; m += step)
        for (int second = 0; second < 60; second += 59) {
            when_t minute = MON_2026_11_16 + (when_t)m * 60;
            when_t t = minute + second;
            when_t changes = change[m] < 0 ? WHEN_NEVER : minute + (when_t)change[m] * 60;

            assert_int_equal(hours_contain(g, t), open[m]);
            assert_int_equal(hours_until(g, t), open[m] ? changes : t);
            assert_int_equal(hours_next_opening(g, t), open[m] ? t : changes);
        }
}

static void test_one_line_against_model(void **state)
{
    static const uint16_t starts[] = {0, 1, 539, 720, 1320, 1439};
    static const uint16_t ends[] = {0, 1, 540, 721, 1439, 1440};
    static const uint8_t days[] = {MON, WED, SUN, MON_FRI, SAT | SUN, MON | SUN, EVERY_DAY};
    static const int16_t offsets[] = {0, 480, -210, 345, 840, -720};
    int configurations = 0;

    (void)state;
    for (size_t s = 0; s < ARRAY_SIZE(starts); s++)
        for (size_t e = 0; e < ARRAY_SIZE(ends); e++)
            for (size_t d = 0; d < ARRAY_SIZE(days); d++)
                for (size_t o = 0; o < ARRAY_SIZE(offsets); o++) {
                    struct grant_hours h = {days[d], starts[s], ends[e], offsets[o]};
                    struct grant g = with_hours(&h, 1);

                    if (starts[s] == ends[e])
                        continue;
                    compare_week(&g, 53);
                    configurations++;
                }
    assert_true(configurations > 1000);
}

static void test_two_lines_against_model(void **state)
{
    static const struct grant_hours lines[] = {
        {MON_FRI, 540, 1080, 480},
        {MON_FRI, 1080, 540, 480},
        {SAT | SUN, 0, 1440, 0},
        {SUN, 1320, 360, 0},
        {EVERY_DAY, 720, 780, -60},
        {FRI, 1439, 1, 840},
        {MON, 0, 1, 0},
        {EVERY_DAY, 0, 1440, 345},
    };

    (void)state;
    for (size_t a = 0; a < ARRAY_SIZE(lines); a++)
        for (size_t b = 0; b < ARRAY_SIZE(lines); b++) {
            struct grant_hours pair[] = {lines[a], lines[b]};
            struct grant g = with_hours(pair, 2);

            compare_week(&g, 7);
        }
}

/* Every minute of the week, for the shapes people use. */
static void test_every_minute_against_model(void **state)
{
    struct grant_hours office[] = {{MON_FRI, 540, 1080, 480}};
    struct grant_hours nights[] = {{EVERY_DAY, 1320, 360, -300}};
    struct grant_hours joined[] = {{FRI, 1080, 1440, 0}, {SAT | SUN, 0, 1440, 0}, {MON, 0, 480, 0}};
    struct grant g;

    (void)state;
    g = with_hours(office, ARRAY_SIZE(office));
    compare_week(&g, 1);
    g = with_hours(nights, ARRAY_SIZE(nights));
    compare_week(&g, 1);
    g = with_hours(joined, ARRAY_SIZE(joined));
    compare_week(&g, 1);
}

static void test_first_and_last_second(void **state)
{
    struct grant_hours h = {MON_FRI, 540, 1080, 480};
    struct grant g = with_hours(&h, 1);

    (void)state;
    assert_false(hours_contain(&g, at("2026-11-20T00:59:59Z")));
    assert_true(hours_contain(&g, at("2026-11-20T01:00:00Z")));
    assert_int_equal(hours_until(&g, at("2026-11-20T01:00:00Z")), at("2026-11-20T10:00:00Z"));
    assert_true(hours_contain(&g, at("2026-11-20T09:59:59Z")));
    assert_int_equal(hours_until(&g, at("2026-11-20T09:59:59Z")), at("2026-11-20T10:00:00Z"));
    assert_false(hours_contain(&g, at("2026-11-20T10:00:00Z")));
    assert_int_equal(hours_until(&g, at("2026-11-20T10:00:00Z")), at("2026-11-20T10:00:00Z"));
    /* after Friday's end, Monday's beginning */
    assert_int_equal(hours_next_opening(&g, at("2026-11-20T10:00:00Z")), at("2026-11-23T01:00:00Z"));
}

/* The night that starts on Sunday runs into the next week and belongs to Sunday. */
static void test_over_midnight_and_week_end(void **state)
{
    struct grant_hours h = {SUN, 1320, 360, 0};
    struct grant g = with_hours(&h, 1);

    (void)state;
    assert_true(hours_contain(&g, at("2026-11-22T22:00:00Z")));
    assert_int_equal(hours_until(&g, at("2026-11-22T22:00:00Z")), at("2026-11-23T06:00:00Z"));
    assert_true(hours_contain(&g, at("2026-11-23T05:59:59Z")));
    assert_false(hours_contain(&g, at("2026-11-23T06:00:00Z")));
    assert_false(hours_contain(&g, at("2026-11-22T05:00:00Z"))); /* Saturday night is not granted */
    assert_int_equal(hours_next_opening(&g, at("2026-11-22T05:00:00Z")), at("2026-11-22T22:00:00Z"));
}

/* A day in the grant's own offset, not in UTC: Monday 00:30 at +08:00 is Sunday 16:30 UTC. */
static void test_day_of_offset(void **state)
{
    struct grant_hours h = {MON, 0, 60, 480};
    struct grant g = with_hours(&h, 1);

    (void)state;
    assert_true(hours_contain(&g, at("2026-11-22T16:30:00Z")));
    assert_int_equal(hours_until(&g, at("2026-11-22T16:30:00Z")), at("2026-11-22T17:00:00Z"));
    assert_false(hours_contain(&g, at("2026-11-23T00:30:00Z")));
}

static void test_spans_that_cover_the_week(void **state)
{
    struct grant_hours lines[] = {{EVERY_DAY, 0, 720, 0}, {EVERY_DAY, 720, 1440, 0}};
    struct grant g = with_hours(lines, 2);

    (void)state;
    assert_true(hours_contain(&g, MON_2026_11_16));
    assert_int_equal(hours_until(&g, MON_2026_11_16), WHEN_NEVER);
    g.n_hours = 1;
    assert_true(hours_contain(&g, MON_2026_11_16));
    assert_int_equal(hours_until(&g, MON_2026_11_16), MON_2026_11_16 + 43200);
}

static void test_any_none_and_out_of_range(void **state)
{
    struct grant any = {.any_hours = true};
    struct grant none = {0};
    struct grant_hours h = {EVERY_DAY, 60, 120, 0};
    struct grant daily = with_hours(&h, 1);
    when_t last = at("9999-12-31T23:59:59Z");

    (void)state;
    assert_true(hours_contain(&any, MON_2026_11_16));
    assert_int_equal(hours_until(&any, MON_2026_11_16), WHEN_NEVER);
    assert_true(hours_contain(&any, last));
    assert_false(hours_contain(&any, last + 1));
    assert_false(hours_contain(&any, WHEN_NEVER));
    assert_false(hours_contain(&any, -1));
    assert_int_equal(hours_until(&any, last + 1), last + 1);
    assert_int_equal(hours_until(&any, -1), -1);
    assert_int_equal(hours_next_opening(&any, INT64_MIN), WHEN_NEVER);
    assert_int_equal(hours_next_opening(&any, 0), 0);
    assert_int_equal(hours_next_opening(&daily, -1), WHEN_NEVER);
    assert_int_equal(hours_next_opening(&daily, last + 1), WHEN_NEVER);
    assert_int_equal(hours_next_opening(&daily, 0), 3600);

    assert_false(hours_contain(&none, MON_2026_11_16));
    assert_int_equal(hours_until(&none, MON_2026_11_16), MON_2026_11_16);
    assert_int_equal(hours_next_opening(&none, MON_2026_11_16), WHEN_NEVER);
}

static void test_leap_day(void **state)
{
    struct grant_hours h = {TUE, 0, 1440, 0}; /* 2028-02-29 is a Tuesday */
    struct grant g = with_hours(&h, 1);

    (void)state;
    assert_true(hours_contain(&g, at("2028-02-29T00:00:00Z")));
    assert_int_equal(hours_until(&g, at("2028-02-29T00:00:00Z")), at("2028-03-01T00:00:00Z"));
    assert_false(hours_contain(&g, at("2028-02-28T23:59:59Z")));
    assert_false(hours_contain(&g, at("2028-03-01T00:00:00Z")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_line_against_model),
        cmocka_unit_test(test_two_lines_against_model),
        cmocka_unit_test(test_every_minute_against_model),
        cmocka_unit_test(test_first_and_last_second),
        cmocka_unit_test(test_over_midnight_and_week_end),
        cmocka_unit_test(test_day_of_offset),
        cmocka_unit_test(test_spans_that_cover_the_week),
        cmocka_unit_test(test_any_none_and_out_of_range),
        cmocka_unit_test(test_leap_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
