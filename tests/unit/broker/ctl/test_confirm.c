// LAYERS: test_support
// LIBRARIES: jansson

#include "tests/unit/broker/ctl/asked.h"
#include "tests/unit/unit.h"

#include <string.h>

/* clock confirm, host confirm: what is asked, and what is said. At a terminal: tests/system. */

#define CLOCK "{\"parameters\": {\"was\": \"2026-11-21T09:00:00Z\", \"now\": \"2026-11-21T08:30:00Z\"}}"
#define HOST(changed)                                                                              \
    "{\"parameters\": {\"was_host\": \"db01\", \"was_machine_id\": \"0011\", \"host\": \"db02\", " \
    "\"machine_id\": \"2233\", \"changed\": " changed "}}"
#define FORBIDDEN                                                                                           \
    "{\"error\": \"org.hufu.control.NotPermitted\", \"parameters\": {\"caller\": \"uid 1000\", \"needs\": " \
    "\"root\"}}"

static void test_clock(void **state)
{
    (void)state;
    assert_asks_in_part(
        CLOCK, "clock confirm --yes --why radio", "control.ClockConfirm\",\"parameters\":{\"why\":\"radio\"}",
        EXIT_DONE,
        "Confirmed: it is 2026-11-21T08:30:00Z; the highest time seen was 2026-11-21T09:00:00Z.\n");
    assert_asks_in_part(CLOCK, "clock confirm --yes --json", "{\"why\":\"\"}", EXIT_DONE,
                        "\"was\": \"2026-11-21T09:00:00Z\"");
    assert_asks_in_part(FORBIDDEN, "clock confirm --yes", "ClockConfirm", EXIT_NOT_PERMITTED,
                        "it needs root");
}

static void test_host(void **state)
{
    (void)state;
    assert_asks_in_part(HOST("true"), "host confirm --yes --why renamed",
                        "control.HostConfirm\",\"parameters\":{\"why\":\"renamed\"}", EXIT_DONE,
                        "Confirmed: the store is that of db02, machine-id 2233; it was db01, 0011.\n");
    assert_asks_in_part(HOST("false"), "host confirm --yes", "HostConfirm", EXIT_DONE, "nothing was changed");
    assert_asks_in_part(HOST("true"), "host confirm --yes --json", "HostConfirm", EXIT_DONE,
                        "\"changed\": true");
    assert_asks_in_part(FORBIDDEN, "host confirm --yes", "HostConfirm", EXIT_NOT_PERMITTED, "it needs root");
}

static void test_usage(void **state)
{
    static const char *const lines[] = {"clock", "clock set", "clock confirm now", "host confirm db01"};

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        cleanup_result struct result r = invoke_line(lines[i]);

        assert_int_equal(r.code, EXIT_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_clock, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_host, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_usage, enter_folder, leave_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
