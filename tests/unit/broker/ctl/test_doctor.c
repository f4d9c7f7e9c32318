// LAYERS: test_support
// LIBRARIES: jansson

#include "broker/ctl/findings.h"
#include "tests/unit/broker/ctl/asked.h"
#include "tests/unit/support/issuing.h"
#include "tests/unit/unit.h"

#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

/* hufuctl doctor as a command: what it prints, and its exit status. invoke() has it look at a folder with
 * nothing in it. */

static void test_a_host_with_nothing_on_it(void **state)
{
    cleanup_result struct result r = invoke_line("--socket nowhere doctor");

    (void)state;
    assert_int_equal(r.code, EXIT_REFUSED);
    assert_says(r.out, "problem: hufud: does not answer");
    assert_says(r.out, "[broker-away]");
    assert_says(r.out, "systemctl status hufud");
    assert_says(r.out, "warnings: ");
    assert_says(r.out, "doctor.md explains the words in brackets.");
    assert_string_equal(r.error, "");
}

static void test_json(void **state)
{
    cleanup_result struct result r = invoke_line("--json --socket nowhere doctor");
    json_t *report = json_loads(r.out, 0, NULL);
    const json_t *first = json_array_get(json_object_get(report, "findings"), 0);

    (void)state;
    must(report != NULL);
    assert_int_equal(r.code, EXIT_REFUSED);
    assert_true(json_integer_value(json_object_get(report, "problems")) > 0);
    assert_true(json_is_integer(json_object_get(report, "warnings")));
    assert_true(json_is_integer(json_object_get(report, "notes")));
    assert_true(json_is_array(json_object_get(report, "looked_at")));
    assert_string_equal(json_string_value(json_object_get(first, "severity")), "problem");
    assert_true(json_is_string(json_object_get(first, "code")));
    assert_true(json_is_string(json_object_get(first, "advice")));
    json_decref(report);
}

/* A broker that may not tell the caller is not one that is away. */
static void test_not_permitted(void **state)
{
    cleanup_free char *call = NULL;
    cleanup_result struct result r =
        invoke_with(ERROR("NotPermitted", "\"caller\": \"x\", \"needs\": \"y\""), "doctor", &call);

    (void)state;
    assert_says(call, "org.hufu.control.Status");
    assert_null(strstr(r.out, "broker-away"));
    assert_says(r.out, "[not-looked-at]");
}

/* What a broker, a file or a program says does not steer the terminal. */
static void test_hostile_text(void **state)
{
    cleanup_free char *call = NULL;
    cleanup_result struct result r =
        invoke_with("{\"parameters\": {\"deciding\": false, \"reason\": \"\\u001b[2J\", \"findings\": []}}",
                    "doctor", &call);

    (void)state;
    assert_says(r.out, "\\x1b[2J");
    assert_null(strchr(r.out, '\x1b'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_host_with_nothing_on_it, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_json, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_not_permitted, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_hostile_text, enter_folder, leave_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
