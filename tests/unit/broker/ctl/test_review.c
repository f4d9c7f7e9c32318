// LAYERS: test_support review
// LIBRARIES: jansson

#include "broker/ctl/review_paper.h"
#include "broker/ctl/review_period.h"
#include "broker/ctl/review_text.h"
#include "broker/review/html.h"
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The review's text, its files, and which period is meant. */

#define SAMPLE "tests/unit/broker/review/sample.json"

static json_t *sample(void)
{
    json_t *review = json_load_file(SAMPLE, 0, NULL);

    assert_non_null(review);
    return review;
}

static char *text_of(const json_t *review, int expected)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    assert_int_equal(review_text_print(out, review), expected);
    (void)fclose(out);
    return text;
}

static void check_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in the text", part);
}

/* Every row of the value is in the text, so that a terminal is enough. */
static void test_text_is_complete(void **state)
{
    static const char *const members[] = {"sessions",   "revocations", "ended_rights", "sudo",
                                          "recordings", "incidents",   "approvers",    "expiring",
                                          "register",   "forged",      "reviews"};
    static const char *const columns[] = {"number", "why",  "proof", "command", "path", "text",
                                          "person", "name", "staff", "message", "note"};
    json_t *review = sample(), *row;
    cleanup_free char *text = text_of(review, 0);
    size_t i;

    (void)state;
    for (size_t k = 0; k < ARRAY_SIZE(members); k++)
        json_array_foreach(json_object_get(review, members[k]), i, row)
        {
            const json_t *value = json_object_get(row, columns[k]);
            char number[24];

            (void)snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
            check_has(text, json_is_string(value) ? json_string_value(value) : number);
        }
    check_has(text, "record 2917: its hash is not that of its content");
    check_has(text, "2026-10-01 00:00 to 2026-11-01 00:00. Times are UTC+08:00");
    check_has(text, "never: transfer; used: shell,exec; granted: shell,exec,transfer,forward");
    check_has(text, "--since 2026-09-30T16:00:00Z --until 2026-10-31T16:00:00Z > review.json");
    check_has(text, "hufuctl review sign review.json");
    check_has(text, "ledgers that are not verified");
    check_has(text, "NOT PROVEN");
    check_has(text, "MISSING");
    json_decref(review);
}

/* Somebody else made the file: nothing of it steers the terminal. */
static void poison(json_t *value)
{
    const char *key;
    json_t *member;
    size_t i;

    json_object_foreach(value, key, member)
    {
        if (json_is_string(member))
            assert_int_equal(json_string_set(member, "\x1b[2J\r\n\xe2\x80\xae<b>"), 0);
        else
            poison(member);
    }
    json_array_foreach(value, i, member)
    {
        if (json_is_string(member))
            assert_int_equal(json_string_set(member, "\x1b[2J\r\n\xe2\x80\xae<b>"), 0);
        else
            poison(member);
    }
}

static void test_text_is_harmless(void **state)
{
    json_t *review = sample();
    char *text;

    (void)state;
    poison(review);
    text = text_of(review, 0);
    for (const char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 && *c != '\n')
            fail_msg("octet %02x", (unsigned)(unsigned char)*c);
    assert_null(strstr(text, "\xe2\x80\xae"));
    free(text);
    json_decref(review);
    review = json_object();
    text = text_of(review, -EINVAL);
    free(text);
    json_decref(review);
}

/* ---- files ---- */

static char *put(const char *octets)
{
    char *path = strdup("/tmp/hufu-review-XXXXXX");
    int fd = path ? mkstemp(path) : -1;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, octets, strlen(octets)), (ssize_t)strlen(octets));
    (void)close(fd);
    return path;
}

static enum exit_code read_back(const char *octets, struct sign_off *x)
{
    FILE *null = fopen("/dev/null", "w");
    struct cli cli = {.out = null, .error = null};
    cleanup_free char *path = put(octets);
    enum exit_code code = review_paper_read(&cli, path, x);

    (void)unlink(path);
    (void)fclose(null);
    return code;
}

/* Page and JSON name one review. */
static void test_page_and_value(void **state)
{
    json_t *review = sample();
    cleanup_free char *octets = NULL, *page = NULL;
    cleanup_buf struct buf b = BUF_INIT;
    char sha256[SIGN_OFF_SHA256_SIZE];
    struct sign_off of_value, of_page;

    (void)state;
    assert_int_equal(review_paper_octets(review, &octets, sha256), 0);
    assert_int_equal(html_write(review, &(struct html_options){.digest = sha256}, &b), 0);
    page = buf_steal_text(&b);
    assert_int_equal(read_back(octets, &of_value), EXIT_DONE);
    assert_int_equal(read_back(page, &of_page), EXIT_DONE);
    assert_string_equal(of_value.sha256, sha256);
    assert_string_equal(of_page.sha256, sha256);
    assert_int_equal(of_value.from, of_page.from);
    assert_int_equal(of_value.until, of_page.until);
    assert_int_equal(of_value.until - of_value.from, 31 * 86400);
    json_decref(review);
}

/* What a review says cannot stand for the page's own elements. */
static void test_no_review(void **state)
{
    static const char *const wrong[] = {
        "",
        "{}",
        "[]",
        "{\"hufu-review\":1}",
        "<html></html>",
        "{\"hufu-review\":1,\"period\":{\"from\":\"x\",\"until\":\"2026-10-31T16:00:00Z\"}}",
        "<html><head></head><body><meta name=\"hufu-review-sha256\" "
        "content=\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"/></body></html>"};
    struct sign_off x;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        assert_int_equal(read_back(wrong[i], &x), EXIT_REFUSED);
}

/* ---- period ---- */

static void check_period(const char *since, const char *until, const char *period, when_t reviewed,
                         enum exit_code code, const char *from, const char *to)
{
    FILE *null = fopen("/dev/null", "w");
    struct cli cli = {.out = null, .error = null, .now = 1795255200}; /* 2026-11-21T10:00:00Z */
    struct review_period p;
    char text[WHEN_TEXT_SIZE];

    assert_int_equal(review_period_settle(&cli, since, until, period, reviewed, &p), code);
    (void)fclose(null);
    if (code != EXIT_DONE)
        return;
    when_format(p.from, text);
    assert_string_equal(text, from);
    when_format(p.until, text);
    assert_string_equal(text, to);
    assert_int_equal(p.utc_offset_minutes, 480);
}

static void test_period(void **state)
{
    (void)state;
    assert_int_equal(setenv("TZ", "CST-8", 1), 0);
    tzset();
    check_period(NULL, NULL, NULL, 0, EXIT_DONE, "2026-10-21T10:00:00Z", "2026-11-21T10:00:00Z");
    check_period(NULL, NULL, NULL, 1795000000, EXIT_DONE, "2026-11-18T11:06:40Z", "2026-11-21T10:00:00Z");
    check_period(NULL, NULL, NULL, 1795255200, EXIT_REFUSED, "", "");
    check_period(NULL, NULL, "month", 0, EXIT_DONE, "2026-09-30T16:00:00Z", "2026-10-31T16:00:00Z");
    check_period(NULL, NULL, "quarter", 0, EXIT_DONE, "2026-06-30T16:00:00Z", "2026-09-30T16:00:00Z");
    check_period(NULL, NULL, "week", 0, EXIT_DONE, "2026-11-08T16:00:00Z", "2026-11-15T16:00:00Z");
    check_period("2026-11-01T00:00:00+08:00", "2026-11-02T00:00:00+08:00", NULL, 0, EXIT_DONE,
                 "2026-10-31T16:00:00Z", "2026-11-01T16:00:00Z");
    check_period(NULL, NULL, "year", 0, EXIT_USAGE, "", "");
    check_period("2026-11-01T00:00:00Z", NULL, "month", 0, EXIT_USAGE, "", "");
    check_period("2026-11-02T00:00:00Z", "2026-11-02T00:00:00Z", NULL, 0, EXIT_USAGE, "", "");
    check_period("yesterday", NULL, NULL, 0, EXIT_USAGE, "", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_is_complete), cmocka_unit_test(test_text_is_harmless),
        cmocka_unit_test(test_page_and_value),   cmocka_unit_test(test_no_review),
        cmocka_unit_test(test_period),
    };

    assert_non_null(setlocale(LC_ALL, "C.UTF-8"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
