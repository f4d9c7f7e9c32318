#include "tests/unit/broker/review/period.h"

/* A review of nothing has every part, and all are empty. */
static void test_empty(void **state)
{
    static const char *const arrays[] = {"ledgers",
                                         "sessions",
                                         "longest",
                                         "sources",
                                         "grants",
                                         "revocations",
                                         "ended_rights",
                                         "sudo",
                                         "recordings",
                                         "incidents",
                                         "approvers",
                                         "expiring",
                                         "register",
                                         "forged",
                                         "reviews",
                                         "hosts",
                                         "refusals.by_reason",
                                         "refusals.by_staff",
                                         "refusals.by_source",
                                         "denied.items"};
    static const char *const counts[] = {"sessions",    "people",   "vendors",  "refusals", "forged",
                                         "revocations", "unproven", "commands", "denied",   "recordings"};
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = period_json(v);

    (void)state;
    check_number(value, "hufu-review", 1);
    check_text(value, "period.from", "2026-10-31T16:00:00Z");
    check_text(value, "period.until", "2026-11-30T16:00:00Z");
    check_text(value, "made_at", "2026-12-02T02:00:00Z");
    check_text(value, "site", "cn.example.finance");
    check_number(value, "utc_offset_minutes", 480);
    for (size_t i = 0; i < ARRAY_SIZE(arrays); i++)
        check_size(value, arrays[i], 0);
    for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
        check_number(at(value, "summary"), counts[i], 0);
    check_number(value, "denied.available", 1);
}

static void test_period_is_an_interval(void **state)
{
    struct review_settings settings = {.from = FROM, .until = FROM};
    struct review *v = NULL;

    (void)state;
    assert_int_equal(review_new(&settings, &v), -EINVAL);
    settings.until = FROM - 1;
    assert_int_equal(review_new(&settings, &v), -EINVAL);
    assert_null(v);
}

static void test_one(void **state)
{
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;

    (void)state;
    period_session(v, 7, FROM + HOUR, FROM + 3 * HOUR);
    value = period_json(v);
    check_size(value, "sessions", 1);
    check_text(value, "sessions.0.host", HOST);
    check_number(value, "sessions.0.number", 7);
    check_text(value, "sessions.0.staff", "zhang.san");
    check_text(value, "sessions.0.vendor", "acme");
    check_text(value, "sessions.0.grant", GRANT);
    check_text(value, "sessions.0.ticket", "CHG-2026-1142");
    check_text(value, "sessions.0.source", "10.1.2.17");
    check_text(value, "sessions.0.opened", "2026-10-31T17:00:00Z");
    check_text(value, "sessions.0.ended", "2026-10-31T19:00:00Z");
    check_text(value, "sessions.0.reason", "logged-out");
    check_number(value, "sessions.0.seconds", 7200);
    check_number(value, "sessions.0.proven", 1);
    check_number(value, "sessions.0.proof_us", 7000);
    check_number(value, "summary.sessions", 1);
    check_number(value, "summary.people", 1);
    check_number(value, "summary.vendors", 1);
    check_number(value, "longest.0.seconds", 7200);
}

/* Over both edges, open at the end, over before it, begun behind it. */
static void test_edges(void **state)
{
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;

    (void)state;
    period_session(v, 1, FROM - DAY, FROM - 1);
    period_session(v, 2, FROM - HOUR, FROM);
    period_session(v, 3, FROM - HOUR, UNTIL + HOUR);
    period_session(v, 4, UNTIL - 1, 0);
    period_session(v, 5, UNTIL, UNTIL + HOUR);
    value = period_json(v);
    check_size(value, "sessions", 3);
    check_number(value, "sessions.0.number", 2);
    check_number(value, "sessions.1.number", 3);
    check_text(value, "sessions.1.ended", "2026-11-30T17:00:00Z");
    check_number(value, "sessions.2.number", 4);
    check_text(value, "sessions.2.ended", NULL);
    check_text(value, "sessions.2.proven", NULL);
    check_number(value, "sessions.2.seconds", 1);
}

/* What was over before the period is forgotten, and the others are still found: there are many of both. */
static void test_many_are_forgotten(void **state)
{
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;

    (void)state;
    for (uint64_t i = 1; i <= 3000; i++)
        period_session(v, i, FROM - DAY, i % 3 == 0 ? 0 : FROM - HOUR);
    for (uint64_t i = 3; i <= 3000; i += 3) {
        struct record r = period_record(EVENT_SESSION_CLOSE, true, FROM + HOUR);

        r.session = i;
        period_take(v, &r);
    }
    value = period_json(v);
    check_size(value, "sessions", 1000);
    for (size_t i = 0; i < 1000; i++)
        assert_true(json_is_string(json_object_get(json_array_get(at(value, "sessions"), i), "ended")));
    check_size(value, "longest", 10);
}

/* The clock was set back: nothing lasts less than no time, and each record counts by its own time. */
static void test_clock_set_back(void **state)
{
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;

    (void)state;
    period_session(v, 1, FROM + 2 * HOUR, FROM + HOUR);
    period_refusal(v, REASON_EXPIRED, FROM - HOUR);
    period_refusal(v, REASON_EXPIRED, FROM + HOUR);
    value = period_json(v);
    check_number(value, "sessions.0.seconds", 0);
    check_number(value, "refusals.total", 1);
}

/* An ending without a beginning: before what was read, or of one that never began. */
static void test_no_beginning(void **state)
{
    for (uint64_t first = 1; first <= 2; first++) {
        cleanup(review_free_p) struct review *v = period_new();
        cleanup(json_decrefp) json_t *value = NULL;
        struct record r;

        (void)state;
        period_begin_at(first);
        r = period_record(EVENT_SESSION_CLOSE, true, FROM + HOUR);
        r.session = 9;
        period_take(v, &r);
        value = period_json(v);
        check_size(value, "sessions", first == 1 ? 0 : 1);
        if (first == 2) {
            check_text(value, "sessions.0.opened", NULL);
            check_number(value, "sessions.0.seconds", HOUR);
        }
    }
}

/* A store that was made anew counts from one again. */
static void test_number_again(void **state)
{
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;

    (void)state;
    period_session(v, 1, FROM + HOUR, FROM + 2 * HOUR);
    period_session(v, 1, FROM + 3 * HOUR, FROM + 5 * HOUR);
    value = period_json(v);
    check_size(value, "sessions", 2);
    check_number(value, "sessions.0.seconds", HOUR);
    check_number(value, "sessions.1.seconds", 2 * HOUR);
}

/* What was done in it: channels, commands, a recording; and that it could not be ended. */
static void test_contents(void **state)
{
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;
    static const struct {
        const char *event, *detail;
        bool success;
    } told[] = {{EVENT_CHANNEL, "shell", true},
                {EVENT_CHANNEL, "exec: make me root", true},
                {EVENT_CHANNEL, "transfer", false},
                {EVENT_RECORDING, "20261101T010000Z-1-ab.json", true},
                {EVENT_COMMAND, "/usr/bin/true, in /", true},
                {EVENT_COMMAND, "/usr/bin/false, in /", false},
                {EVENT_SESSION_REMAINS, "still there: 4711 (sleep)", false}};

    (void)state;
    period_session(v, 1, FROM + HOUR, 0);
    for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
        struct record r = period_record(told[i].event, told[i].success, FROM + 2 * HOUR);

        r.session = 1;
        r.detail = told[i].detail;
        period_take(v, &r);
    }
    value = period_json(v);
    check_list(value, "sessions.0.channels", "shell,exec");
    check_list(value, "sessions.0.recordings", "20261101T010000Z-1-ab.json");
    check_number(value, "sessions.0.commands", 1);
    check_number(value, "sessions.0.proven", 0);
    check_number(value, "summary.unproven", 1);
    check_number(value, "summary.recordings", 1);
    check_number(value, "summary.commands", 1);
    check_text(value, "recordings.0.there", NULL);
    check_text(value, "incidents.0.event", "session-remains");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_period_is_an_interval),
        cmocka_unit_test(test_one),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_many_are_forgotten),
        cmocka_unit_test(test_clock_set_back),
        cmocka_unit_test(test_no_beginning),
        cmocka_unit_test(test_number_again),
        cmocka_unit_test(test_contents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
