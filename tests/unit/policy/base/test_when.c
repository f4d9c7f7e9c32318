/*
 * Instants, against the C library's calendar where it can be asked.
 */
#include "policy/base/cleanup.h"
#include "policy/base/when.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void test_every_day(void **state)
{
    (void)state;
    for (time_t t = 43217; t < (time_t)253402300800; t += 86400) {
        struct tm tm;
        char expected[WHEN_TEXT_SIZE], text[WHEN_TEXT_SIZE];
        when_t back;

        assert_non_null(gmtime_r(&t, &tm));
        assert_int_equal(strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%SZ", &tm), 20);
        when_format(t, text);
        if (memcmp(text, expected, sizeof(text)) != 0)
            fail_msg("%lld is %s, not %s", (long long)t, expected, text);
        assert_int_equal(when_parse(text, 20, &back), 0);
        assert_true(back == t);
        assert_int_equal(when_weekday(t, 0), (tm.tm_wday + 6) % 7);
    }
}

static void test_ends_of_time(void **state)
{
    char text[WHEN_TEXT_SIZE];
    when_t t;

    (void)state;
    assert_int_equal(when_parse("1970-01-01T00:00:00Z", 20, &t), 0);
    assert_true(t == 0);
    assert_int_equal(when_parse("9999-12-31T23:59:59Z", 20, &t), 0);
    assert_true(t == 253402300799);
    when_format(t, text);
    assert_string_equal(text, "9999-12-31T23:59:59Z");
    when_format(t + 1, text);
    assert_string_equal(text, "never");
    when_format(-1, text);
    assert_string_equal(text, "never");
    when_format(WHEN_NEVER, text);
    assert_string_equal(text, "never");
    when_format(INT64_MIN, text);
    assert_string_equal(text, "never");
}

static void test_refused(void **state)
{
    static const char *const bad[] = {
        "1969-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z",
        "2026-04-31T00:00:00Z", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
        "2028-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z", "2026-01-01t00:00:00Z", "2026-01-01T00:00:00z",
        "2026-01-01 00:00:00Z", "2026/01/01T00:00:00Z", "2026-01-01T00.00.00Z",
        " 026-01-01T00:00:00Z", "+026-01-01T00:00:00Z", "2026-01-01T00:00:0 Z",
        "2026-01-01T00:00:00 ", "2026-1-001T00:00:00Z", "2026-01-01T00:00:00Z ",
        "2026-01-01T00:00:00",  "20260101T000000Z",     "",
        "2026-01-0:T00:00:00Z", "2026-01-01T0/:00:00Z", "202:-01-01T00:00:00Z",
    };
    when_t t = 1;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        if (when_parse(bad[i], strlen(bad[i]), &t) != -EINVAL)
            fail_msg("accepted %s", bad[i]);
        assert_true(t == 0);
    }
    /* The length counts, not a NUL. */
    assert_int_equal(when_parse("2026-01-01T00:00:00Z", 19, &t), -EINVAL);
    assert_int_equal(when_parse("2026-01-01T00:00:00Z\0", 21, &t), -EINVAL);
    assert_int_equal(when_parse("2000-02-29T00:00:00Z", 20, &t), 0);
}

static void test_last_day_of_each_month(void **state)
{
    static const unsigned last[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    when_t t;

    (void)state;
    for (unsigned i = 0; i < 12; i++)
        for (unsigned day = 1; day <= 99; day++) {
            char text[40];

            (void)snprintf(text, sizeof(text), "2026-%02u-%02uT00:00:00Z", i + 1, day);
            assert_int_equal(when_parse(text, 20, &t), day <= last[i] ? 0 : -EINVAL);
        }
}

static void test_weekday_at_an_offset(void **state)
{
    const when_t monday = 1794787200; /* 2026-11-16T00:00:00Z */

    (void)state;
    assert_int_equal(when_weekday(monday, 0), 0);
    assert_int_equal(when_weekday(monday - 1, 0), 6);
    assert_int_equal(when_weekday(monday - 1, 1), 0);
    assert_int_equal(when_weekday(monday, -1), 6);
    assert_int_equal(when_weekday(monday + 86399, 0), 0);
    assert_int_equal(when_weekday(monday + 86399, 14 * 3600), 1);
    assert_int_equal(when_weekday(monday, -12 * 3600), 6);
    assert_int_equal(when_weekday(0, 0), 3);
    assert_int_equal(when_weekday(0, -1), 2);
    assert_int_equal(when_weekday(-1, 0), 2);
    assert_int_equal(when_weekday(-86400, 0), 2);
    assert_int_equal(when_weekday(-86401, 0), 1);
    /* The offset makes whole days of it. */
    assert_int_equal(when_weekday(-36000, -14 * 3600), 2);
    assert_int_equal(when_weekday(-36001, -14 * 3600), 1);
    assert_int_equal(when_weekday(36000, 14 * 3600), 4);
    /* No overflow at the ends. */
    assert_in_range(when_weekday(INT64_MAX, 14 * 3600), 0, 6);
    assert_in_range(when_weekday(INT64_MIN, -12 * 3600), 0, 6);
}

static void test_intervals_are_half_open(void **state)
{
    const struct when_interval i = {.from = 10, .until = 20}, empty = {.from = 10, .until = 10};

    (void)state;
    assert_false(when_interval_contains(i, 9));
    assert_true(when_interval_contains(i, 10));
    assert_true(when_interval_contains(i, 19));
    assert_false(when_interval_contains(i, 20));
    assert_false(when_interval_contains(empty, 10));
    assert_true(when_min(1, 2) == 1 && when_min(2, 1) == 1);
    assert_true(when_min(WHEN_NEVER, 2) == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_day),
        cmocka_unit_test(test_ends_of_time),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_last_day_of_each_month),
        cmocka_unit_test(test_weekday_at_an_offset),
        cmocka_unit_test(test_intervals_are_half_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
