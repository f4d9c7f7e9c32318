#include "broker/review/html.h"
#include "policy/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What the sections of the page say, row by row, and that many rows stay a page. */

static json_t *review_with(const char *member, json_t *value)
{
    json_t *review = json_pack("{s:i, s:{s:s, s:s}}", "hufu-review", 1, "period", "from",
                               "2026-11-01T00:00:00Z", "until", "2026-12-01T00:00:00Z");

    assert_non_null(review);
    assert_non_null(value);
    assert_int_equal(json_object_set_new(review, member, value), 0);
    return review;
}

static char *page_with(const char *member, json_t *value)
{
    const struct html_options options = {0};
    json_t *review = review_with(member, value);
    struct buf out = BUF_INIT;
    char *page;

    assert_int_equal(html_write(review, &options, &out), 0);
    page = buf_steal_text(&out);
    assert_non_null(page);
    json_decref(review);
    return page;
}

static json_t *load(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

    assert_non_null(value);
    return value;
}

static size_t times(const char *page, const char *text)
{
    size_t n = 0;

    for (const char *at = strstr(page, text); at; at = strstr(at + 1, text))
        n++;
    return n;
}

/* A row that makes a finding, and the same one harmless. */
static const struct {
    const char *member, *bad, *good, *finding;
} findings[] = {
    {"ledgers", "[{\"host\": \"h\", \"verified\": false}]", "[{\"host\": \"h\", \"verified\": true}]",
     "Ledgers that do not verify"},
    {"forged", "[{\"unit\": \"u\"}]", "[]", "Records forged into the journal"},
    {"sessions", "[{\"staff\": \"s\", \"ended\": \"x\", \"proven\": false}]",
     "[{\"staff\": \"s\", \"ended\": \"x\", \"proven\": true}]", "Sessions whose end is not proven"},
    {"ended_rights", "[{\"proven\": false}]", "[{\"proven\": true}]", "Rights that ended without proof"},
    {"revocations", "[{\"proven\": false}]", "[{\"proven\": true}]", "Revocations without proof"},
    {"revocations", "[{\"took_us\": 10000001}]", "[{\"took_us\": 10000000}]", "Revocations that took longer"},
    {"sources", "[{\"seen\": [{\"inside\": true}, {\"inside\": false}]}]",
     "[{\"seen\": [{\"inside\": true}]}]", "People seen from addresses outside"},
    {"refusals", "{\"by_source\": [{\"count\": 20}]}", "{\"by_source\": [{\"count\": 19}]}",
     "Addresses with 20 refusals or more"},
    {"refusals", "{\"by_staff\": [{\"count\": 20}]}", "{\"by_staff\": [{\"count\": 19}]}",
     "People with 20 refusals or more"},
    {"grants", "[{\"used\": false}]", "[{\"used\": true}]", "Grants that were never used"},
    {"grants", "[{\"used\": true, \"wider\": [{\"field\": \"host\"}]}]", "[{\"used\": true, \"wider\": []}]",
     "Grants wider than what was used"},
    {"register", "[{\"lapsed\": true, \"grants_live\": 1}]", "[{\"lapsed\": false, \"grants_live\": 1}]",
     "vettings of people with live grants"},
    {"register", "[{\"lapsed\": true, \"grants_live\": 0}]", "[{\"lapsed\": false, \"grants_live\": 0}]",
     "vettings of people without grants"},
    {"expiring", "[{\"days\": -1}]", "[{\"days\": 0}]", "documents that have expired"},
    {"expiring", "[{\"days\": 30}]", "[{\"days\": 31}]", "documents that expire within 30 days"},
    {"recordings", "[{\"there\": false}]", "[{\"there\": null}]", "Recordings that are not where"},
    {"incidents", "[{\"event\": \"clock-step\"}]", "[]", "Read each of them."},
    {"sudo", "[{\"allowed\": false}]", "[{\"allowed\": true}]", "Commands that sudo was refused"},
    {"denied", "{\"available\": true, \"items\": [{\"what\": \"open\"}]}",
     "{\"available\": true, \"items\": []}", "Ask what was looked for."},
    {"denied", "{\"available\": false}", "{\"available\": true}", "denied are not part of this review"},
    {"forged_unread", "\"no journal\"", "null", "Nobody looked for records forged"},
    {"sessions", "[{\"ended\": null, \"seconds\": 86400}]", "[{\"ended\": null, \"seconds\": 86399}]",
     "Sessions open for a day or longer"},
    {"reviews", "[{\"until\": \"2026-10-31T00:00:00Z\"}]", "[{\"until\": \"2026-11-01T00:00:00Z\"}]",
     "Nobody has reviewed the time"},
};

static void test_each_finding(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(findings); i++) {
        cleanup_free char *bad = page_with(findings[i].member, load(findings[i].bad));
        cleanup_free char *good = page_with(findings[i].member, load(findings[i].good));

        if (!strstr(bad, findings[i].finding))
            fail_msg("%s does not say: %s", findings[i].bad, findings[i].finding);
        if (strstr(good, findings[i].finding))
            fail_msg("%s says: %s", findings[i].good, findings[i].finding);
    }
}

static void test_verdict_of_ledgers(void **state)
{
    cleanup_free char *one = page_with("ledgers", load("[{\"verified\": true}]"));
    cleanup_free char *two = page_with("ledgers", load("[{\"verified\": true}, {\"verified\": true}]"));
    cleanup_free char *bad = page_with("ledgers", load("[{\"verified\": true}, {\"verified\": \"true\"}]"));

    (void)state;
    assert_non_null(strstr(one, "The ledger verifies."));
    assert_non_null(strstr(two, "All 2 ledgers verify."));
    assert_non_null(strstr(bad, "Ledgers that verify: 1 of 2."));
}

/* The one that matters is the last of more than a table holds, and is shown. */
static void test_what_needs_somebody_comes_first(void **state)
{
    json_t *rows = json_array();
    cleanup_free char *page = NULL;

    (void)state;
    for (int i = 0; i < 150; i++)
        assert_int_equal(
            json_array_append_new(
                rows, json_pack("{s:s, s:b}", "how", i < 149 ? "expired" : "the-one", "proven", i < 149)),
            0);
    page = page_with("ended_rights", rows);
    assert_non_null(strstr(page, "the-one"));
    assert_int_equal(times(page, ">expired<"), 99);
    assert_non_null(strstr(page, "100 of 150, those first that need somebody"));
    assert_non_null(strstr(page, "member &quot;ended_rights&quot;"));
}

static json_t *many_sessions(size_t people, size_t each)
{
    json_t *rows = json_array();
    char staff[32], vendor[32], opened[32];

    for (size_t i = 0; i < people * each; i++) {
        (void)snprintf(staff, sizeof(staff), "staff-%zu", i % people);
        (void)snprintf(vendor, sizeof(vendor), "vendor-%zu", i % people % 70);
        (void)snprintf(opened, sizeof(opened), "2026-11-%02zuT%02zu:00:00Z", 1 + i % 30, i % 24);
        assert_int_equal(
            json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:i}", "staff", staff, "vendor", vendor,
                                                  "opened", opened, "seconds", 60)),
            0);
    }
    return rows;
}

/* Ten thousand sessions of two hundred people: bounded, each session is counted in some mark, and it is said
 * what was put together. */
static void test_ten_thousand_sessions(void **state)
{
    cleanup_free char *page = page_with("sessions", many_sessions(200, 50));

    (void)state;
    assert_true(strlen(page) < 1000000);
    assert_non_null(
        strstr(page, "There were sessions of 200 people. The 60 with the most have a lane of their own"));
    assert_non_null(strstr(page, "Other vendors"));
    assert_non_null(strstr(page, "100 of 10000, those first that need somebody"));
}

static void test_sixty_people_have_lanes_of_their_own(void **state)
{
    cleanup_free char *page = page_with("sessions", many_sessions(60, 3));

    (void)state;
    assert_null(strstr(page, "have a lane of their own"));
    assert_null(strstr(page, "Other vendors"));
    assert_int_equal(times(page, "class=\"e l\""), 60);
}

/* Sum of the marks of all lanes: single ones, and the numbers of common ones. */
static size_t marked(const char *page)
{
    size_t sum = times(page, "class=\"one\"") + times(page, "class=\"open\"");

    for (const char *at = strstr(page, "×"); at; at = strstr(at + 1, "×"))
        sum += strtoul(at + strlen("×"), NULL, 10);
    return sum;
}

static void test_no_session_is_dropped(void **state)
{
    /* The legend's marks: four single ones, and one of three. */
    const size_t legend = 4 + 3;
    cleanup_free char *few =
        page_with("sessions", load("[{\"opened\": null, \"ended\": null}, {}, {\"opened\": \"x\"}]"));
    cleanup_free char *many = page_with("sessions", many_sessions(200, 50));

    (void)state;
    assert_int_equal(marked(few), 3 + legend);
    assert_int_equal(marked(many), 10000 + legend);
}

static void test_reasons_beyond_the_picture_are_summed(void **state)
{
    json_t *rows = json_array();
    cleanup_free char *page = NULL;

    (void)state;
    for (int i = 0; i < 40; i++)
        assert_int_equal(json_array_append_new(rows, json_pack("{s:s, s:i, s:[i, i]}", "reason", "r", "count",
                                                               3, "hours", 1, 2)),
                         0);
    page = page_with("refusals", json_pack("{s:o}", "by_reason", rows));
    /* 29 rows of their own; 11 together are 33, of them 11 in the first hour and 22 in the second. */
    assert_non_null(strstr(page, ">other reasons</text>"));
    assert_non_null(strstr(page, ">33</text>"));
    assert_int_equal(times(page, ">11</text>"), 2); /* and the head of the column */
    assert_int_equal(times(page, ">22</text>"), 2);
}

static void test_uses_that_were_granted(void **state)
{
    cleanup_free char *page = page_with(
        "grants",
        load("[{\"uses\": \"50 per-host\", \"uses_taken\": 3}, {\"uses\": \"\", \"uses_taken\": 1}]"));

    (void)state;
    assert_non_null(strstr(page, "3 / 50 per-host<"));
    assert_non_null(strstr(page, "1 / –<"));
}

static void test_latencies(void **state)
{
    cleanup_free char *page = page_with(
        "revocations",
        load("[{\"took_us\": 40000}, {\"took_us\": 850}, {\"took_us\": 12345678}, {\"took_us\": null}]"));

    (void)state;
    assert_non_null(strstr(page, "<b>850 µs</b> the quickest"));
    assert_non_null(strstr(page, "<b>40 ms</b> median"));
    assert_non_null(strstr(page, "<b>12.34 s</b> the slowest"));
    assert_int_equal(times(page, "class=\"bar late\""), 1);
    assert_non_null(strstr(page, "Columns right of the dashed line took longer than 10 s."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_finding),
        cmocka_unit_test(test_verdict_of_ledgers),
        cmocka_unit_test(test_what_needs_somebody_comes_first),
        cmocka_unit_test(test_ten_thousand_sessions),
        cmocka_unit_test(test_sixty_people_have_lanes_of_their_own),
        cmocka_unit_test(test_no_session_is_dropped),
        cmocka_unit_test(test_reasons_beyond_the_picture_are_summed),
        cmocka_unit_test(test_uses_that_were_granted),
        cmocka_unit_test(test_latencies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
