#include "pam_module/arguments.h"
#include "pam_module/client.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LONG_PATH \
    "/run/hufu/"  \
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"

static void every_stack_line_is_judged(void **state)
{
    static const struct {
        const char *argv[4];
        enum arguments_state state;
        uint32_t first, last;
        const char *socket;
        const char *culprit;
    } rows[] = {
        {{"gated_uid=20000-29999"}, ARGUMENTS_GOOD, 20000, 29999, CLIENT_GATE_PATH, NULL},
        {{"gated_uid=1-2147483647"}, ARGUMENTS_GOOD, 1, 2147483647, CLIENT_GATE_PATH, NULL},
        {{"gated_uid=5-5"}, ARGUMENTS_GOOD, 5, 5, CLIENT_GATE_PATH, NULL},
        {{"gated_uid=20000-29999", "socket=/tmp/g"}, ARGUMENTS_GOOD, 20000, 29999, "/tmp/g", NULL},
        {{"socket=/tmp/g", "gated_uid=20000-29999"}, ARGUMENTS_GOOD, 20000, 29999, "/tmp/g", NULL},
        {{"gated_uid=5-5", "refusals=shown"}, ARGUMENTS_GOOD, 5, 5, CLIENT_GATE_PATH, NULL},
        /* something else is wrong, the range is known */
        {{"gated_uid=5-5", "refusals=hidden"}, ARGUMENTS_FAULTY, 5, 5, CLIENT_GATE_PATH, "refusals=hidden"},
        {{"gated_uid=5-5", "refusals=shown", "refusals=shown"},
         ARGUMENTS_FAULTY,
         5,
         5,
         CLIENT_GATE_PATH,
         "refusals=shown"},
        {{"gated_uid=20000-29999", "debug"}, ARGUMENTS_FAULTY, 20000, 29999, CLIENT_GATE_PATH, "debug"},
        {{"debug", "gated_uid=20000-29999"}, ARGUMENTS_FAULTY, 20000, 29999, CLIENT_GATE_PATH, "debug"},
        {{"a", "gated_uid=20000-29999", "b"}, ARGUMENTS_FAULTY, 20000, 29999, CLIENT_GATE_PATH, "a"},
        {{"gated_uid=20000-29999", ""}, ARGUMENTS_FAULTY, 20000, 29999, CLIENT_GATE_PATH, ""},
        {{"gated_uid=20000-29999", "socket="}, ARGUMENTS_FAULTY, 20000, 29999, CLIENT_GATE_PATH, "socket="},
        {{"gated_uid=20000-29999", "socket=g"}, ARGUMENTS_FAULTY, 20000, 29999, CLIENT_GATE_PATH, "socket=g"},
        {{"gated_uid=20000-29999", "socket"}, ARGUMENTS_FAULTY, 20000, 29999, CLIENT_GATE_PATH, "socket"},
        {{"gated_uid=20000-29999", "socket=" LONG_PATH},
         ARGUMENTS_FAULTY,
         20000,
         29999,
         CLIENT_GATE_PATH,
         "socket=" LONG_PATH},
        {{"gated_uid=20000-29999", "socket=/a", "socket=/a"},
         ARGUMENTS_FAULTY,
         20000,
         29999,
         "/a",
         "socket=/a"},
        {{"gated_uid=20000-29999", "gated_uids=1-2"},
         ARGUMENTS_FAULTY,
         20000,
         29999,
         CLIENT_GATE_PATH,
         "gated_uids=1-2"},
        {{"gated_uid=20000-29999", "Socket=/a"},
         ARGUMENTS_FAULTY,
         20000,
         29999,
         CLIENT_GATE_PATH,
         "Socket=/a"},
        /* no range */
        {{NULL}, ARGUMENTS_NO_RANGE, 0, 0, CLIENT_GATE_PATH, "gated_uid="},
        {{"socket=/tmp/g"}, ARGUMENTS_NO_RANGE, 0, 0, "/tmp/g", "gated_uid="},
        {{"debug"}, ARGUMENTS_NO_RANGE, 0, 0, CLIENT_GATE_PATH, "gated_uid="},
        {{"gated_uid"}, ARGUMENTS_NO_RANGE, 0, 0, CLIENT_GATE_PATH, "gated_uid="},
        {{"gated_uid="}, ARGUMENTS_NO_RANGE, 0, 0, CLIENT_GATE_PATH, "gated_uid="},
        {{"debug", "gated_uid=x"}, ARGUMENTS_NO_RANGE, 0, 0, CLIENT_GATE_PATH, "gated_uid=x"},
        {{"gated_uid=20000-29999", "gated_uid=30000-39999"},
         ARGUMENTS_NO_RANGE,
         0,
         0,
         CLIENT_GATE_PATH,
         "gated_uid=30000-39999"},
        {{"gated_uid=20000-29999", "gated_uid=20000-29999", "debug"},
         ARGUMENTS_NO_RANGE,
         0,
         0,
         CLIENT_GATE_PATH,
         "gated_uid=20000-29999"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *argv[4];
        struct arguments a;
        int argc = 0;

        memcpy(argv, rows[i].argv, sizeof(argv));
        while (argc < 4 && argv[argc])
            argc++;
        arguments_parse(argc, argv, &a);
        print_message("row %zu\n", i);
        assert_int_equal(a.state, rows[i].state);
        assert_int_equal(a.range.first, rows[i].first);
        assert_int_equal(a.range.last, rows[i].last);
        assert_string_equal(a.socket, rows[i].socket);
        if (rows[i].culprit)
            assert_string_equal(a.culprit, rows[i].culprit);
        else
            assert_null(a.culprit);
    }
}

static void what_is_no_range(void **state)
{
    static const char *const rows[] = {
        "",
        "-",
        "20000",
        "20000-",
        "-29999",
        "20000-29999-",
        "20000--29999",
        "0-29999",
        "0-0",
        "20000-0",
        "29999-20000",
        "020000-29999",
        "20000-029999",
        "+1-2",
        "1-+2",
        " 1-2",
        "1-2 ",
        "1 -2",
        "1- 2",
        "1-2147483648",
        "2147483648-2147483649",
        "0x10-0x20",
        "20000-2e4",
        "1-99999999999999999999",
        "20000:29999",
        "20000,29999",
        "vendor-vendor",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct gate_range range = {7, 7};

        assert_int_equal(arguments_parse_range(rows[i], &range), -EINVAL);
        assert_int_equal(range.first, 0);
        assert_int_equal(range.last, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_stack_line_is_judged),
        cmocka_unit_test(what_is_no_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
