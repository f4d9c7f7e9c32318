#include "tests/unit/broker/review/period.h"

#include <stdio.h>

static void test_counts(void **state)
{
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;
    struct record r;

    (void)state;
    /* 2026-11-02 03:30 at UTC+8 */
    for (unsigned i = 0; i < 3; i++)
        period_refusal(v, REASON_EXPIRED, FROM + DAY + 3 * HOUR + 1800);
    period_refusal(v, REASON_WRONG_SOURCE, FROM + DAY);
    r = period_record(EVENT_LOGIN, false, FROM + 2 * DAY);
    r.staff = r.account = "li.lei";
    r.vendor = "";
    r.address = "10.9.9.9";
    r.reason = REASON_EXPIRED;
    period_take(v, &r);
    value = period_json(v);
    check_number(value, "refusals.total", 5);
    check_number(value, "summary.refusals", 5);
    check_text(value, "refusals.by_reason.0.reason", "expired");
    check_text(value, "refusals.by_reason.0.sentence", "Your authorisation has expired.");
    check_number(value, "refusals.by_reason.0.count", 4);
    check_number(value, "refusals.by_reason.0.people", 2);
    check_number(value, "refusals.by_reason.0.sources", 2);
    check_size(value, "refusals.by_reason.0.hours", 24);
    check_number(value, "refusals.by_reason.0.hours.3", 3);
    check_number(value, "refusals.by_reason.0.hours.0", 1);
    check_text(value, "refusals.by_reason.1.reason", "wrong-source");
    check_text(value, "refusals.by_staff.0.staff", "zhang.san");
    check_text(value, "refusals.by_staff.0.vendor", "acme");
    check_number(value, "refusals.by_staff.0.count", 4);
    check_text(value, "refusals.by_staff.0.first", "2026-11-01T16:00:00Z");
    check_text(value, "refusals.by_staff.0.last", "2026-11-01T19:30:00Z");
    check_number(at(value, "refusals.by_staff.0.reasons"), "expired", 3);
    check_text(value, "refusals.by_source.0.address", "10.1.2.17");
    check_number(value, "refusals.by_source.0.people", 1);
}

/* What is no refusal, and what is outside of the period. */
static void test_not_counted(void **state)
{
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;
    struct record r = period_record(EVENT_LOGIN, true, FROM);

    (void)state;
    period_take(v, &r);
    r = period_record(EVENT_COMMAND_END, false, FROM);
    period_take(v, &r);
    period_refusal(v, REASON_EXPIRED, FROM - 1);
    period_refusal(v, REASON_EXPIRED, UNTIL);
    value = period_json(v);
    check_number(value, "refusals.total", 0);
    period_refusal(v, REASON_EXPIRED, FROM);
    period_refusal(v, REASON_EXPIRED, UNTIL - 1);
    json_decref(value);
    value = period_json(v);
    check_number(value, "refusals.total", 2);
}

/* A record that stands for many counts as many, from as many sources as it says. */
static void test_repeated(void **state)
{
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;
    struct record r = period_record(EVENT_KEY, false, FROM + 2 * HOUR);

    (void)state;
    r.count = 1000;
    r.first_us = (FROM + HOUR) * 1000000;
    r.sources = 77;
    period_take(v, &r);
    value = period_json(v);
    check_number(value, "refusals.total", 1000);
    check_number(value, "refusals.by_reason.0.count", 1000);
    check_number(value, "refusals.by_reason.0.sources", 77);
    check_number(value, "refusals.by_staff.0.count", 1000);
    check_text(value, "refusals.by_staff.0.first", "2026-10-31T17:00:00Z");
    check_text(value, "refusals.by_staff.0.last", "2026-10-31T18:00:00Z");
    check_number(value, "refusals.by_source.0.count", 1000);
}

/* Whoever is outside can choose addresses without end. */
static void test_many_sources(void **state)
{
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;
    char address[40];

    (void)state;
    for (unsigned i = 0; i < 70000; i++) {
        struct record r = period_record(EVENT_LOGIN, false, FROM + i);

        (void)snprintf(address, sizeof(address), "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
        r.address = address;
        period_take(v, &r);
    }
    value = period_json(v);
    check_number(value, "refusals.total", 70000);
    check_size(value, "refusals.by_source", 200);
    check_number(value, "refusals.sources_left_out", 70000 - 200);
}

/* No text reaches anybody with a character in it that cannot be seen. */
static void test_hostile_counts(void **state)
{
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;
    struct record r;

    (void)state;
    period_begin_at(5);
    for (size_t i = 0; i < 3; i++) {
        r = period_record(EVENT_LOGIN, false, FROM + HOUR);
        r.reason = REASON_NO_GRANT;
        r.count = UINT64_MAX;
        period_take(v, &r);
    }
    value = period_json(v);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(value, "refusals"), "total")),
                     3 * (json_int_t)UINT32_MAX);
}

static void test_hostile_texts(void **state)
{
    static const char evil[] = "a\x1b[31m\r\n\x01\xff\xe2\x80\xae<b>&\"";
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;
    cleanup_free char *text = NULL;
    static const char *const events[] = {EVENT_LOGIN,   EVENT_SESSION_OPEN, EVENT_SESSION_CLOSE,
                                         EVENT_COMMAND, EVENT_COMMAND_END,  EVENT_RECORDING,
                                         EVENT_LOCK,    EVENT_REVOKE,       EVENT_REVOCATION,
                                         EVENT_SWITCH,  EVENT_GRANT_CLOSE,  EVENT_REVIEW};

    (void)state;
    period_begin_at(5);
    for (size_t i = 0; i < 2 * ARRAY_SIZE(events); i++) {
        struct record r = period_record(events[i / 2], i % 2 == 0, FROM + HOUR);

        r.staff = r.vendor = r.account = r.service = r.address = r.tty = r.grant = r.ticket = r.reference =
            r.detail = evil;
        r.session = 1;
        period_take(v, &r);
    }
    assert_int_equal(review_take(v, evil, &(struct record){.event = evil, .result = evil, .sequence = 9}), 0);
    assert_int_equal(review_add_forgery(v, &(struct review_forgery){FROM, 1, 2, evil, evil}), 0);
    assert_int_equal(review_add_denied(v, &(struct review_denied){FROM, evil, evil, evil, evil, 1}), 0);
    assert_int_equal(review_denied_unavailable(v, evil), 0);
    assert_int_equal(
        review_add_ledger(v, &(struct review_ledger){evil, evil, 1, 2, 2, evil, false, evil, evil, 0}), 0);
    assert_int_equal(review_add_approval(v, &(struct review_approval){evil, evil, evil, FROM}), 0);
    assert_int_equal(review_add_approver(v, &(struct review_approver){evil, evil, MADE}), 0);
    assert_int_equal(review_add_expiry(v, &(struct review_expiry){evil, evil, MADE}), 0);
    assert_int_equal(review_add_person(v, &(struct review_person){evil, evil, 1, 2, 3}), 0);
    value = period_json(v);
    text = json_dumps(value, 0);
    assert_non_null(text);
    assert_null(strstr(text, "\\u00"));
    assert_null(strchr(text, '\x1b'));
    assert_null(strstr(text, "\xe2\x80\xae"));
    assert_null(strstr(text, "\\n"));
    assert_non_null(strstr(text, "<b>&"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),         cmocka_unit_test(test_not_counted),
        cmocka_unit_test(test_repeated),       cmocka_unit_test(test_many_sources),
        cmocka_unit_test(test_hostile_counts), cmocka_unit_test(test_hostile_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
