#include "broker/review/html.h"
#include "broker/review/html_escape.h"
#include "policy/base/cleanup.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* The page of a review as text; what a browser makes of it is tests/page. */

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char *escaped(const char *text, size_t length)
{
    struct buf out = BUF_INIT;
    char *result;

    html_escape(&out, text, length);
    result = buf_steal_text(&out);
    assert_non_null(result);
    return result;
}

static void assert_escaped(const char *text, const char *expected)
{
    cleanup_free char *result = escaped(text, strlen(text));

    assert_string_equal(result, expected);
}

static void test_marks_of_html(void **state)
{
    (void)state;
    assert_escaped("<b a='1' c=\"2\">&amp;</b>",
                   "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;amp;&lt;/b&gt;");
    assert_escaped("张三 zhang.san", "张三 zhang.san");
    assert_escaped("", "");
}

static void test_what_cannot_be_seen(void **state)
{
    (void)state;
    assert_escaped("a\u202egnp\u200b\ufeff\n", "a[U+202E]gnp[U+200B][U+FEFF][U+000A]");
    assert_escaped("\x1b[2J\x7f", "[U+001B][2J[U+007F]");
    assert_escaped("\xff\xc0\xaf\xed\xa0\x80", "[\\xff][\\xc0][\\xaf][\\xed][\\xa0][\\x80]");
}

static void test_nul_is_shown(void **state)
{
    cleanup_free char *result = escaped("a\0b", 3);

    (void)state;
    assert_string_equal(result, "a[U+0000]b");
}

static void test_marks_do_not_pile_up(void **state)
{
    (void)state;
    assert_escaped("e\u0301\u0302", "e\u0301\u0302");
    assert_escaped("e\u0301\u0302\u0303\u0304z", "e\u0301\u0302[U+0303][U+0304]z");
}

static void test_long_text_is_cut(void **state)
{
    char text[HTML_ESCAPE_LIMIT + 6];
    cleanup_free char *result = NULL, *whole = NULL;

    (void)state;
    memset(text, 'x', sizeof(text));
    whole = escaped(text, HTML_ESCAPE_LIMIT);
    assert_int_equal(strlen(whole), HTML_ESCAPE_LIMIT);
    result = escaped(text, sizeof(text));
    assert_string_equal(result + HTML_ESCAPE_LIMIT, "… [+6]");
}

static json_t *load(const char *text)
{
    json_t *review = json_loads(text, 0, NULL);

    assert_non_null(review);
    return review;
}

static char *page_of(json_t *review)
{
    const struct html_options options = {.digest = DIGEST, .sign_command = "hufuctl review sign <FILE>"};
    struct buf out = BUF_INIT;
    char *page;

    assert_int_equal(html_write(review, &options, &out), 0);
    page = buf_steal_text(&out);
    assert_non_null(page);
    json_decref(review);
    return page;
}

static void assert_has(const char *page, const char *text)
{
    if (!strstr(page, text))
        fail_msg("the page lacks %s", text);
}

static void assert_lacks(const char *page, const char *text)
{
    if (strstr(page, text))
        fail_msg("the page has %s", text);
}

static void test_nothing_but_the_frame(void **state)
{
    cleanup_free char *page = page_of(load("{\"hufu-review\": 1}"));

    (void)state;
    assert_has(
        page,
        "Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:;");
    assert_has(page, "lang=\"en\"");
    assert_has(page, "<code><bdi>" DIGEST "</bdi></code>");
    assert_has(page, "SHA-256 0123456789abcdef…");
    assert_has(page, "hufuctl review sign &lt;FILE&gt;");
    assert_has(page, "There was no session in this period.");
    assert_has(page, "Ledgers that verify: 0 of 0.");
    assert_has(page, "</html>\n");
}

static void test_what_is_no_review(void **state)
{
    static const char *const texts[] = {"{}", "[]", "{\"hufu-review\": 2}", "{\"hufu-review\": \"1\"}",
                                        "{\"hufu-review\": 1, \"utc_offset_minutes\": 100000}"};
    const struct html_options options = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        cleanup_buf struct buf out = BUF_INIT;
        json_t *review = load(texts[i]);

        assert_int_equal(html_write(review, &options, &out), -EINVAL);
        json_decref(review);
    }
}

/* A digest that is none does not reach the style sheet, where text cannot be escaped. */
static void test_digest_in_the_style_sheet(void **state)
{
    const struct html_options options = {.digest = "\"}body{display:none}"};
    cleanup_buf struct buf out = BUF_INIT;
    cleanup_free char *page = NULL;
    json_t *review = load("{\"hufu-review\": 1}");

    (void)state;
    assert_int_equal(html_write(review, &options, &out), 0);
    page = buf_steal_text(&out);
    assert_lacks(page, "\"}body{");
    json_decref(review);
}

/* Members of the wrong type are missing ones. */
static void test_wrong_types(void **state)
{
    cleanup_free char *page = page_of(load(
        "{\"hufu-review\": 1, \"site\": 7, \"hosts\": {\"a\": 1}, \"period\": [], \"sessions\": [1, null, "
        "\"x\", {}],"
        "\"refusals\": {\"by_reason\": [[], {\"hours\": \"x\"}]}, \"grants\": [{\"wider\": [3]}],"
        "\"revocations\": [{\"took_us\": \"x\"}, {\"took_us\": -1}], \"approvers\": [{\"approvals\": -4}],"
        "\"denied\": [], \"recordings\": [0], \"sources\": [{\"seen\": [4]}], \"reviews\": [[]]}"));

    (void)state;
    assert_has(page, "</html>\n");
}

static void test_link_of_a_recording(void **state)
{
    cleanup_free char *page = page_of(
        load("{\"hufu-review\": 1, \"recordings\": [{\"path\": \"/rec/a b\\\".cast\", \"there\": true},"
             "{\"path\": \"javascript:alert(1)\", \"there\": false}, {\"path\": \"//elsewhere/x\", "
             "\"there\": null}]}"));

    (void)state;
    assert_has(page, "<a href=\"file:///rec/a%20b%22.cast\">");
    assert_lacks(page, "href=\"javascript");
    assert_lacks(page, "href=\"file:////elsewhere");
    assert_has(page, "not there");
    assert_has(page, "on its host");
}

static void test_times(void **state)
{
    cleanup_free char *page = page_of(
        load("{\"hufu-review\": 1, \"utc_offset_minutes\": 330, \"made_at\": \"2026-12-31T20:00:05.250000Z\","
             "\"period\": {\"from\": \"2026-12-01T00:00:00Z\", \"until\": \"yesterday\"}}"));

    (void)state;
    assert_has(page, "<time datetime=\"2026-12-31T20:00:05Z\">2027-01-01 01:30:05</time> "
                     "<small class=\"utc\">12-31 20:00:05Z</small>");
    assert_has(page, "2026-12-01 05:30:00</time> <small class=\"utc\">00:00:00Z</small>");
    assert_has(page, "yesterday");
    assert_has(page, "UTC+05:30");
}

/* A host's records may bear any time: one that has no text where the page is read is a word, and nothing of
 * what lay in memory behind it. */
static void test_times_beyond_all_years(void **state)
{
    cleanup_free char *page = page_of(load(
        "{\"hufu-review\": 1, \"utc_offset_minutes\": 480, \"made_at\": \"9999-12-31T23:59:59.000000Z\"}"));

    (void)state;
    assert_has(page, "<time datetime=\"9999-12-31T23:59:59Z\">never</time>");
    assert_has(page, "</html>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks_of_html),
        cmocka_unit_test(test_what_cannot_be_seen),
        cmocka_unit_test(test_nul_is_shown),
        cmocka_unit_test(test_marks_do_not_pile_up),
        cmocka_unit_test(test_long_text_is_cut),
        cmocka_unit_test(test_nothing_but_the_frame),
        cmocka_unit_test(test_what_is_no_review),
        cmocka_unit_test(test_digest_in_the_style_sheet),
        cmocka_unit_test(test_wrong_types),
        cmocka_unit_test(test_link_of_a_recording),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_times_beyond_all_years),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
