// LAYERS: test_support
// LIBRARIES: jansson

#include "broker/ctl/findings.h"
#include "tests/unit/broker/ctl/invoke.h"
#include "tests/unit/unit.h"

#include <string.h>

/* What status says of a dozen things that are wrong, on one screen. */

static json_t *finding(const char *severity, int number, const char *more)
{
    cleanup_free char *message = issue_text("number %d%s", number, more);

    return json_pack("{s:s, s:s, s:s}", "severity", severity, "subject", "s", "message", message);
}

static char *printed(json_t *findings, size_t room, size_t *lines)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);

    must(f != NULL);
    assert_int_equal(findings_print(f, findings, room), 0);
    must(fclose(f) == 0);
    *lines = 0;
    for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
        (*lines)++;
    return text;
}

static json_t *dozen(void)
{
    json_t *findings = json_array();

    for (int i = 0; i < 4; i++)
        must(json_array_append_new(findings, finding("note", 100 + i, "")) == 0 &&
             json_array_append_new(findings, finding("warning", 200 + i, "")) == 0 &&
             json_array_append_new(findings, finding("problem", 300 + i, "")) == 0);
    return findings;
}

static void test_gravest_first(void **state)
{
    json_t *findings = dozen();
    size_t lines;
    cleanup_free char *text = printed(findings, FINDINGS_ALL, &lines);

    (void)state;
    assert_int_equal(lines, 12);
    assert_true(strstr(text, "problem: s: number 303") < strstr(text, "warning: s: number 200"));
    assert_true(strstr(text, "warning: s: number 203") < strstr(text, "note: s: number 100"));
    json_decref(findings);
}

/* Who copies it gets all of it. */
static void test_a_command_is_not_broken(void **state)
{
    static const char command[] = "install -m 640 /usr/share/hufu/audit/50-hufu.rules "
                                  "/etc/audit/rules.d/50-hufu.rules && augenrules --load";
    static const char sentence[] =
        "Look at what stands in the file, and at the service that it names, and then "
        "start that service.";
    json_t *findings = json_pack("[{s:s, s:s, s:s, s:s}, {s:s, s:s, s:s, s:s}]", "severity", "note",
                                 "subject", "s", "message", "one", "advice", command, "severity", "note",
                                 "subject", "s", "message", "two", "advice", sentence);
    size_t lines;
    cleanup_free char *text = printed(findings, FINDINGS_ALL, &lines);
    /* The command is two rows of the terminal, so what follows does not fit into five. */
    cleanup_free char *room = printed(findings, 5, &lines);

    (void)state;
    assert_non_null(strstr(text, command));
    assert_null(strstr(text, sentence));
    assert_non_null(strstr(text, "Look at what stands"));
    assert_null(strstr(room, "Look at what stands"));
    json_decref(findings);
}

static void test_what_does_not_fit_is_counted(void **state)
{
    json_t *findings = dozen();

    (void)state;
    for (size_t room = 2; room <= 14; room++) {
        size_t lines;
        cleanup_free char *text = printed(findings, room, &lines);
        cleanup_free char *counted = issue_text("  and %zu more: `hufuctl status --all`\n", 13 - room);

        assert_true(lines <= room);
        assert_ptr_equal(strstr(text, "  problem: s: number 300\n"), text);
        if (room < 12)
            assert_says(text, counted);
        else
            assert_null(strstr(text, "more"));
    }
    json_decref(findings);
}

/* One that needs several lines counts as that; the first is shown even where it fits nowhere. */
static void test_long_ones(void **state)
{
    static const char more[] =
        " with words and words and words and words and words and words and words and words";
    json_t *findings = json_array();
    size_t lines;
    cleanup_free char *text = NULL, *first = NULL;

    (void)state;
    for (int i = 0; i < 5; i++)
        must(json_array_append_new(findings, finding("problem", i, more)) == 0);
    text = printed(findings, 7, &lines);
    assert_int_equal(lines, 7);
    assert_says(text, "and 2 more");
    first = printed(findings, 1, &lines);
    assert_says(first, "number 0");
    assert_says(first, "and 4 more");
    json_decref(findings);
}

/* Nobody's message steers the terminal, and a severity that is not known is not hidden. */
static void test_hostile_finding(void **state)
{
    json_t *findings = json_array();
    size_t lines;
    cleanup_free char *text = NULL;

    (void)state;
    must(json_array_append_new(findings, finding("note", 1, "\x1b[2J")) == 0);
    must(json_array_append_new(findings, finding("catastrophe", 2, "")) == 0);
    text = printed(findings, 5, &lines);
    assert_says(text, "number 1\\x1b[2J");
    assert_ptr_equal(strstr(text, "  catastrophe"), text);
    json_decref(findings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gravest_first),
        cmocka_unit_test(test_a_command_is_not_broken),
        cmocka_unit_test(test_what_does_not_fit_is_counted),
        cmocka_unit_test(test_long_ones),
        cmocka_unit_test(test_hostile_finding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
