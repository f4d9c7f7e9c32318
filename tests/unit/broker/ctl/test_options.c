// LAYERS: test_support

#include "broker/ctl/options.h"
#include "tests/unit/broker/ctl/invoke.h"
#include "tests/unit/unit.h"

#include <string.h>

/* The parser of command lines: strict, before anything is done. */

struct settings {
    const char *text, *other;
    struct option_list list;
    bool flag;
};

static const struct option_row rows[] = {
    {"text", 0, OPTION_TEXT, true, "TEXT", "a text", offsetof(struct settings, text)},
    {"other", 'o', OPTION_TEXT, false, "TEXT", "another", offsetof(struct settings, other)},
    {"list", 0, OPTION_LIST, false, "ITEM", "a list", offsetof(struct settings, list)},
    {"flag", 0, OPTION_FLAG, false, NULL, "a flag", offsetof(struct settings, flag)},
};

static enum exit_code run_nothing(const struct cli *cli, const void *settings,
                                  const struct option_list *arguments)
{
    (void)cli;
    (void)settings;
    (void)arguments;
    return EXIT_DONE;
}

static const struct verb verb = {
    .name = "try it",
    .arguments = "FILE [FILE]",
    .summary = "",
    .text = "What it does.",
    .example = "  hufuctl try it",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .least = 1,
    .most = 2,
    .settings_size = sizeof(struct settings),
    .run = run_nothing,
};

struct reading {
    struct settings settings;
    struct option_list arguments;
    struct cli cli;
    char reason[OPTION_REASON_SIZE];
};

static enum option_outcome read_words(struct reading *r, int argc, const char *const *argv)
{
    *r = (struct reading){.cli = {.socket = "usual"}};
    return options_read(&verb, argc, (char **)argv, &r->cli, &r->settings, &r->arguments, r->reason);
}
#define READ(r, ...) \
    read_words((r), (int)ARRAY_SIZE(((const char *const[]){__VA_ARGS__})), (const char *const[]){__VA_ARGS__})

static void test_all_kinds(void **state)
{
    struct reading r;

    (void)state;
    assert_int_equal(READ(&r, "--text", "a", "file", "--list=x", "--flag", "-o", "b", "--list", "y=z"),
                     OPTIONS_READ);
    assert_string_equal(r.settings.text, "a");
    assert_string_equal(r.settings.other, "b");
    assert_int_equal(r.settings.list.count, 2);
    assert_string_equal(r.settings.list.items[0], "x");
    assert_string_equal(r.settings.list.items[1], "y=z");
    assert_true(r.settings.flag);
    assert_int_equal(r.arguments.count, 1);
    assert_string_equal(r.arguments.items[0], "file");
    assert_false(r.cli.json);
    assert_string_equal(r.cli.socket, "usual");
}

static void test_common_options(void **state)
{
    struct reading r;

    (void)state;
    assert_int_equal(READ(&r, "--json", "--text=a", "--socket", "s", "file"), OPTIONS_READ);
    assert_true(r.cli.json);
    assert_string_equal(r.cli.socket, "s");
}

static void test_values_that_look_like_options(void **state)
{
    struct reading r;

    (void)state;
    assert_int_equal(READ(&r, "--text", "--flag", "--", "--list"), OPTIONS_READ);
    assert_string_equal(r.settings.text, "--flag");
    assert_false(r.settings.flag);
    assert_string_equal(r.arguments.items[0], "--list");
    assert_int_equal(READ(&r, "--text=", "-"), OPTIONS_READ);
    assert_string_equal(r.settings.text, "");
    assert_string_equal(r.arguments.items[0], "-");
}

static void test_help(void **state)
{
    struct reading r;

    (void)state;
    assert_int_equal(READ(&r, "--help"), OPTIONS_HELP);
    assert_int_equal(READ(&r, "a", "-h", "b", "c"), OPTIONS_HELP);
}

static void test_usage(void **state)
{
    struct reading r;

    (void)state;
    assert_int_equal(READ(&r, "--text", "a", "--nope", "f"), OPTIONS_USAGE);
    assert_says(r.reason, "--nope is no option");
    assert_int_equal(READ(&r, "--tex", "a", "f"), OPTIONS_USAGE); /* never abbreviated */
    assert_int_equal(READ(&r, "--texts", "a", "f"), OPTIONS_USAGE);
    assert_int_equal(READ(&r, "-x", "f"), OPTIONS_USAGE);
    assert_int_equal(READ(&r, "-text", "f"), OPTIONS_USAGE);
    assert_int_equal(READ(&r, "--o", "f"), OPTIONS_USAGE);
    assert_int_equal(READ(&r, "--text", "a", "--text", "b", "f"), OPTIONS_USAGE);
    assert_says(r.reason, "twice");
    assert_int_equal(READ(&r, "--text", "a", "--flag", "--flag", "f"), OPTIONS_USAGE);
    assert_int_equal(READ(&r, "--text", "a", "--flag=yes", "f"), OPTIONS_USAGE);
    assert_says(r.reason, "takes no value");
    assert_int_equal(READ(&r, "f", "--text"), OPTIONS_USAGE);
    assert_says(r.reason, "lacks its value");
    assert_int_equal(READ(&r, "f"), OPTIONS_USAGE);
    assert_says(r.reason, "--text is missing");
    assert_int_equal(READ(&r, "--text", "a"), OPTIONS_USAGE);
    assert_says(r.reason, "too few");
    assert_int_equal(READ(&r, "--text", "a", "f", "g", "h"), OPTIONS_USAGE);
    assert_says(r.reason, "h is one argument too many");
}

static void test_longest_list(void **state)
{
    const char *words[OPTION_LIST_MAX + 3];
    struct reading r;

    (void)state;
    words[0] = "--text=a";
    words[1] = "f";
    for (size_t i = 0; i <= OPTION_LIST_MAX; i++)
        words[i + 2] = "--list=x";
    assert_int_equal(read_words(&r, OPTION_LIST_MAX + 2, words), OPTIONS_READ);
    assert_int_equal(r.settings.list.count, OPTION_LIST_MAX);
    assert_int_equal(read_words(&r, OPTION_LIST_MAX + 3, words), OPTIONS_USAGE);
}

/* Through the whole command: exit 2, on standard error, and nothing done. */
static void test_exit_code_of_usage(void **state)
{
    static const char *const lines[] = {
        "",
        "nonsense",
        "--nonsense",
        "grant",
        "grant nonsense",
        "session",
        "grant list --nonsense",
        "grant list extra",
        "grant show",
        "approve",
        "revoke",
        "revoke 0123abcd --staff zhang.san",
        "revoke --staff a --vendor b",
        "revoke nothex",
        "revoke 0123abc",
        "revoke 0123abcd --until 2026-11-22T00:00:00Z",
        "revoke --staff a --until tomorrow",
        "revoke --staff a --until 2020-01-01T00:00:00Z",
        "session show x",
        "session end 0",
        "audit --since yesterday",
        "audit -n 0",
        "revoke 0123abcd --grace 16m",
        "revoke 0123abcd --grace 0s",
        "lock --why w",
        "lock --staff a",
        "lock --staff a --vendor b --why w",
        "lock --host --staff a --why w",
        "lock --staff a --why w --until 2020-01-01T00:00:00Z",
        "unlock --staff a",
        "unlock --why w",
        "unlock --staff a --why w --until now",
        "grant finish nothex",
        "audit --result maybe",
        "audit --reason nonsense",
        "grant lst",
        "explain a --at noon",
        "grant list --socket",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        cleanup_result struct result r = invoke_line(lines[i]);

        if (r.code != EXIT_USAGE)
            fail_msg("\"%s\" exits %d: %s", lines[i], (int)r.code, r.error);
        assert_string_equal(r.out, "");
        assert_int_not_equal(strlen(r.error), 0);
    }
}

static void test_help_of_every_command(void **state)
{
    static const char *const names[] = {
        "grant draft",   "grant check",  "approve",      "grant add",    "grant list",
        "grant show",    "revoke",       "session list", "session show", "session end",
        "session watch", "grant finish", "lock",         "unlock",       "locks",
        "explain",       "audit show",   "status",       "setup",
    };
    cleanup_result struct result overview = invoke_line("--help");

    (void)state;
    assert_int_equal(overview.code, EXIT_DONE);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        cleanup_free char *line = issue_text("%s --help", names[i]);
        cleanup_free char *example = issue_text("  hufuctl %s", names[i]);
        cleanup_result struct result r = invoke_line(line);

        assert_int_equal(r.code, EXIT_DONE);
        assert_string_equal(r.error, "");
        assert_says(overview.out, names[i]);
        assert_says(r.out, "Usage: hufuctl ");
        assert_says(r.out, "Example:");
        assert_says(r.out, example);
        for (const char *p = r.out; *p; p += strcspn(p, "\n"), p += *p == '\n')
            if (strcspn(p, "\n") > 79)
                fail_msg("%s: a line of more than 79 columns: %.*s", names[i], (int)strcspn(p, "\n"), p);
    }
}

static void test_help_of_a_group(void **state)
{
    cleanup_result struct result r = invoke_line("grant --help");

    (void)state;
    assert_int_equal(r.code, EXIT_DONE);
    assert_says(r.out, "grant draft");
    assert_null(strstr(r.out, "session list"));
}

static void test_version(void **state)
{
    cleanup_result struct result r = invoke_line("--version");

    (void)state;
    assert_int_equal(r.code, EXIT_DONE);
    assert_string_equal(r.out, "hufuctl " HUFU_VERSION "\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_kinds),
        cmocka_unit_test(test_common_options),
        cmocka_unit_test(test_values_that_look_like_options),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_longest_list),
        cmocka_unit_test(test_exit_code_of_usage),
        cmocka_unit_test(test_help_of_every_command),
        cmocka_unit_test(test_help_of_a_group),
        cmocka_unit_test(test_version),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
