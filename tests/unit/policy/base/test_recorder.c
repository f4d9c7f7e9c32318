/* Names of recordings, and what a process was started with. */
#include "policy/base/cleanup.h"
#include "policy/base/recorder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void a_name_is_read_as_it_was_written(void **state)
{
    char name[RECORDER_NAME_SIZE];
    uint64_t session = 0;
    uint32_t channel = 0;

    (void)state;
    recorder_name(17, 3, 0x0123456789abcdef, name);
    assert_string_equal(name, "17-3-0123456789abcdef");
    assert_true(recorder_is_name(name, &session, &channel));
    assert_int_equal(session, 17);
    assert_int_equal(channel, 3);
    recorder_name(UINT64_MAX, UINT32_MAX, UINT64_MAX, name);
    assert_int_equal(strlen(name), RECORDER_NAME_SIZE - 1);
    assert_true(recorder_is_name(name, &session, &channel));
    assert_true(session == UINT64_MAX);
    assert_int_equal(channel, UINT32_MAX);
    assert_true(recorder_is_name(name, NULL, NULL));
    assert_true(recorder_is_name("0-0-0000000000000000", &session, &channel));
    assert_true(recorder_is_name("9-9-9999999999999999", &session, &channel));
    assert_int_equal(session, 9);
    assert_int_equal(channel, 9);
}

static void nothing_else_is_a_name(void **state)
{
    static const char *const wrong[] = {
        "",
        "17",
        "17-3",
        "17-3-",
        "17-3-123456789abcdef",
        "17-3-0123456789ABCDEF",
        "17-3-0123456789abcdef0",
        "17-3-0123456789abcdef.json",
        " 17-3-0123456789abcdef",
        "+17-3-0123456789abcdef",
        "017-3-0123456789abcdef",
        "17--3-0123456789abcdef",
        "17-4294967296-0123456789abcdef",
        "18446744073709551616-3-0123456789abcdef",
        "../17-3-0123456789abcdef",
        "17-3-0x23456789abcdef",
        "17/3/0123456789abcdef",
        /* The neighbours of the digits. */
        "1:-3-0123456789abcdef",
        "1/-3-0123456789abcdef",
        "1a-3-0123456789abcdef",
        "17-3-0123456789abcde:",
        "17-3-0123456789abcde/",
        "17-3-0123456789abcdeg",
        "17-3-0123456789abcde`",
        "17-3-0123456789abcde~",
        "17-3-0123456789abcdeG",
        "17-3-0123456789abcde\x01",
        "17-4294967297-0123456789abcdef",
        "17-3-1123456789abcdef0",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        assert_false(recorder_is_name(wrong[i], NULL, NULL));
}

#define NAMES(text, name) recorder_cmdline_names(text, sizeof(text) - 1, name)

static void arguments_name_a_recording_only_in_its_place(void **state)
{
    (void)state;
    assert_true(NAMES("hufu-recorder\0"
                      "17-3-0123456789abcdef\0",
                      "17-3-0123456789abcdef"));
    assert_true(NAMES("x\0"
                      "17-3-0123456789abcdef\0"
                      "echo\0",
                      "17-3-0123456789abcdef"));
    assert_true(NAMES("\0"
                      "17-3-0123456789abcdef\0",
                      "17-3-0123456789abcdef"));
    assert_false(NAMES("x\0"
                       "echo\0"
                       "17-3-0123456789abcdef\0",
                       "17-3-0123456789abcdef"));
    assert_false(NAMES("17-3-0123456789abcdef\0", "17-3-0123456789abcdef"));
    assert_false(NAMES("x\0"
                       "17-3-0123456789abcdef",
                       "17-3-0123456789abcdef"));
    assert_false(NAMES("x\0"
                       "17-3-0123456789abcdef0\0",
                       "17-3-0123456789abcdef"));
    assert_false(NAMES("x\0"
                       "17-3-0123456789abcde\0",
                       "17-3-0123456789abcdef"));
    assert_false(NAMES("x", "17-3-0123456789abcdef"));
    assert_false(recorder_cmdline_names("", 0, "17-3-0123456789abcdef"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_read_as_it_was_written),
        cmocka_unit_test(nothing_else_is_a_name),
        cmocka_unit_test(arguments_name_a_recording_only_in_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
