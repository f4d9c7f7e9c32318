// LAYERS: test_support
// LIBRARIES: jansson

#include "tests/unit/broker/ctl/asked.h"
#include "tests/unit/unit.h"

#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* hufuctl session replay: what it asks, which files it believes the ledger about, and what it says of them.
 */

#define FOLDER         "var/log/hufu/recordings/"
#define NAME           "17-1301-0123456789abcdef.json"
#define OTHER          "17-1302-0123456789abcdef.json"
#define REPLY(records) "{\"parameters\": {\"records\": [" records "]}}"
#define RECORD(sequence, detail)                                                                         \
    "{\"sequence\": " sequence ", \"time\": \"2026-11-21T10:00:00.123456Z\", \"staff\": \"zhang.san\", " \
    "\"detail\": \"" detail "\"}"
#define SHOWN                                                                                           \
    "{\"ver\":\"2.3\",\"host\":\"h\",\"rec\":\"r\",\"user\":\"zhang.san\",\"id\":1,\"pos\":0,\"time\":" \
    "1795255200,"                                                                                       \
    "\"timing\":\">3+61000>1\",\"out_txt\":\"hi\\n\\n\"}\n"

static int enter(void **state)
{
    int r = enter_folder(state);

    must(mkdir("var", 0700) == 0 && mkdir("var/log", 0700) == 0 && mkdir("var/log/hufu", 0700) == 0 &&
         mkdir("var/log/hufu/recordings", 0700) == 0);
    return r;
}

/* Of session 17: a shell, and a command. */
static struct result replay(const char *line, char **calls)
{
    static const char *const replies[] = {REPLY(RECORD("8", NAME) ", " RECORD("12", OTHER)),
                                          REPLY(RECORD("7", "shell") ", " RECORD("11", "exec: make"))};
    struct stand_in *s = stand_in_start(replies, ARRAY_SIZE(replies));
    struct result r = invoke_line(line);

    *calls = stand_in_finish(s);
    return r;
}

static void test_list(void **state)
{
    cleanup_free char *calls = NULL;
    cleanup_result struct result r = {0};
    const json_t *list, *first, *second;
    json_t *object;

    (void)state;
    put_file(FOLDER NAME, SHOWN);
    put_file(FOLDER OTHER, "");
    r = replay("--socket control --json session replay 17 --list", &calls);
    assert_int_equal(r.code, EXIT_DONE);
    assert_call(calls, 0, "Audit",
                "{\"session\": 17, \"event\": \"recording\", \"result\": \"success\", \"after\": 1}");
    assert_call(calls, 1, "Audit",
                "{\"session\": 17, \"event\": \"channel\", \"result\": \"success\", \"after\": 1}");
    object = json_loads(r.out, 0, NULL);
    list = json_object_get(object, "recordings");
    first = json_array_get(list, 0);
    second = json_array_get(list, 1);
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(json_string_value(json_object_get(first, "started")), "shell");
    assert_string_equal(json_string_value(json_object_get(first, "state")), "whole");
    assert_int_equal(json_integer_value(json_object_get(first, "length_ms")), 61000);
    assert_string_equal(json_string_value(json_object_get(second, "started")), "make");
    assert_string_equal(json_string_value(json_object_get(second, "state")), "empty");
    assert_int_equal(json_integer_value(json_object_get(second, "number")), 2);
    json_decref(object);
}

/* Without a terminal nothing is played; a file that is gone is what the exit status tells. */
static void test_table(void **state)
{
    cleanup_free char *calls = NULL;
    cleanup_result struct result r = {0};

    (void)state;
    put_file(FOLDER NAME, SHOWN);
    r = replay("--socket control session replay 17", &calls);
    assert_int_equal(r.code, EXIT_NOT_FOUND);
    assert_says(r.out, "0:01:01");
    assert_says(r.out, "missing");
    assert_says(r.error, OTHER " was recorded, and is not there");
}

static void test_text(void **state)
{
    cleanup_free char *calls = NULL, *again = NULL;
    cleanup_result struct result r = {0}, one = {0};

    (void)state;
    put_file(FOLDER NAME, SHOWN "x\n");
    put_file(FOLDER OTHER, "");
    r = replay("--socket control session replay 17 --text", &calls);
    assert_int_equal(r.code, EXIT_REFUSED);
    assert_says(r.out, NAME ": zhang.san: shell\n");
    assert_says(r.out, "2026-11-21T10:00:00.000Z > hi\n");
    assert_says(r.out, "Nothing was typed or shown.\n");
    assert_says(r.error, NAME ": line 2 is no message of tlog's");
    one = replay("--socket control session replay 17 --text --channel 2", &again);
    assert_int_equal(one.code, EXIT_DONE);
    assert_null(strstr(one.out, NAME));
}

/* Whatever a record says, a path outside of the folder or another session's file is never opened. */
static void test_names(void **state)
{
    static const char *const names[] = {"../../../etc/shadow",
                                        "18-1301-0123456789abcdef.json",
                                        "17-1301-0123456789abcdef",
                                        "17-1301-0123456789abcdef.jsonx",
                                        "17-1301-0123456789abcde.json",
                                        "17-01301-0123456789abcdef.json",
                                        "/17-1301-0123456789abcdef.json",
                                        "17-1301-0123456789abcdef/x.json",
                                        ".json"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        cleanup_free char *first = issue_text(REPLY(RECORD("8", "%s")), names[i]), *calls = NULL;
        const char *replies[] = {first, REPLY("")};
        struct stand_in *s = stand_in_start(replies, ARRAY_SIZE(replies));
        cleanup_result struct result r = invoke_line("--socket control session replay 17 --text");

        calls = stand_in_finish(s);
        assert_int_equal(r.code, EXIT_REFUSED);
        assert_says(r.error, "record 8 names no recording of session 17");
        assert_string_equal(r.out, "");
    }
}

static void test_none(void **state)
{
    (void)state;
    assert_asks(REPLY(""), "session replay 18", "Audit",
                "{\"session\": 18, \"event\": \"recording\", \"result\": \"success\", \"after\": 1}",
                EXIT_NOT_FOUND, "no recording of session 18 is on record");
    assert_asks(ERROR("NotPermitted", "\"caller\": \"x\", \"needs\": \"y\""), "session replay 18", "Audit",
                "{\"session\": 18, \"event\": \"recording\", \"result\": \"success\", \"after\": 1}",
                EXIT_NOT_PERMITTED, "y");
}

static void test_channel_that_is_none(void **state)
{
    static const char *const channels[] = {"3", "0", "-1", "x", "01"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(channels); i++) {
        cleanup_free char *line = issue_text("--socket control session replay 17 --text --channel=%s",
                                             channels[i]),
                          *calls = NULL;
        cleanup_result struct result r = replay(line, &calls);

        assert_int_equal(r.code, EXIT_NOT_FOUND);
        assert_says(r.error, "--list shows them");
    }
}

static void test_usage(void **state)
{
    static const char *const lines[] = {
        "session replay",
        "session replay x",
        "session replay 17 --list --text",
        "session replay 17 --text --speed 2",
        "session replay 17 --speed 0",
        "session replay 17 --speed 0.00",
        "session replay 17 --speed .5",
        "session replay 17 --speed 2.",
        "session replay 17 --speed 1e3",
        "session replay 17 --speed -1",
        "--json session replay 17 --text",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        cleanup_result struct result r = invoke_line(lines[i]);

        if (r.code != EXIT_USAGE)
            fail_msg("\"%s\" exits %d: %s", lines[i], (int)r.code, r.error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_list, enter, leave_folder),
        cmocka_unit_test_setup_teardown(test_table, enter, leave_folder),
        cmocka_unit_test_setup_teardown(test_text, enter, leave_folder),
        cmocka_unit_test_setup_teardown(test_names, enter, leave_folder),
        cmocka_unit_test_setup_teardown(test_none, enter, leave_folder),
        cmocka_unit_test_setup_teardown(test_channel_that_is_none, enter, leave_folder),
        cmocka_unit_test_setup_teardown(test_usage, enter, leave_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
