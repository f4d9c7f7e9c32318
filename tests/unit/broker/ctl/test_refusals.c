// LAYERS: test_support
// LIBRARIES: jansson

#include "tests/unit/broker/ctl/asked.h"
#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* What refusals of the broker are to a person and to a script, and that it is away. */

static void test_errors(void **state)
{
    (void)state;
    assert_asks(ERROR("NotPermitted", "\"caller\": \"uid 20001\", \"needs\": \"the group hufu-operators\""),
                "session end 17", "SessionEnd", "{\"number\": 17, \"why\": \"\"}", EXIT_NOT_PERMITTED,
                "uid 20001 may not do this: it needs the group hufu-operators");
    assert_asks(ERROR("NotFound", "\"what\": \"session 17\""), "session show 17", "SessionShow",
                "{\"number\": 17}", EXIT_NOT_FOUND, "session 17");
    assert_asks(ERROR("Refused", "\"reason\": \"wrong-site\", \"message\": \"another site\""), "status",
                "Status", "{}", EXIT_REFUSED, "refused (wrong-site): another site");
    assert_asks(ERROR("Malformed", "\"document\": \"grant\", \"line\": 3, \"reason\": \"no id\""), "status",
                "Status", "{}", EXIT_REFUSED, "grant, line 3: no id");
    assert_asks(ERROR("StoreUnavailable", "\"message\": \"disk full\""), "status", "Status", "{}",
                EXIT_REFUSED, "disk full");
    assert_asks(
        "{\"error\": \"org.varlink.service.InvalidParameter\", \"parameters\": {\"parameter\": \"source\"}}",
        "explain a --source x", "Explain", "{\"staff\": \"a\", \"source\": \"x\"}", EXIT_USAGE, "source");
    assert_asks("{\"error\": \"org.varlink.service.MethodNotFound\"}", "status", "Status", "{}", EXIT_REFUSED,
                "MethodNotFound");
    assert_asks(ERROR("NotFound", "\"what\": \"session \\u001b[2J\""), "session show 17", "SessionShow",
                "{\"number\": 17}", EXIT_NOT_FOUND, "session \\x1b[2J");
}

/* A script that asked for JSON gets the refusal as JSON, too. */
static void test_errors_as_json(void **state)
{
    cleanup_free char *call = NULL;
    cleanup_result struct result r =
        invoke_with(ERROR("NotFound", "\"what\": \"session 17\""), "--json session show 17", &call);
    json_t *value = json_loads(r.out, 0, NULL);

    (void)state;
    assert_int_equal(r.code, EXIT_NOT_FOUND);
    assert_non_null(value);
    assert_string_equal(json_string_value(json_object_get(value, "error")), "org.hufu.control.NotFound");
    json_decref(value);
}

static void test_broker_away(void **state)
{
    cleanup_result struct result r = invoke_line("status");
    cleanup_free char *call = NULL;
    cleanup_result struct result nonsense = invoke_with("nonsense", "status", &call);

    (void)state;
    assert_int_equal(r.code, EXIT_BROKER_AWAY);
    assert_string_equal(r.out, "");
    assert_says(r.error, "systemctl start hufud");
    assert_int_equal(nonsense.code, EXIT_BROKER_AWAY);
}

static void test_socket_option(void **state)
{
    cleanup_result struct result a = invoke_line("--socket /absent/a status");
    cleanup_result struct result b = invoke_line("status --socket=/absent/b");

    (void)state;
    assert_int_equal(a.code, EXIT_BROKER_AWAY);
    assert_says(a.error, "/absent/a");
    assert_int_equal(b.code, EXIT_BROKER_AWAY);
    assert_says(b.error, "/absent/b");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_errors),
        IN_FOLDER(test_errors_as_json),
        IN_FOLDER(test_broker_away),
        IN_FOLDER(test_socket_option),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
