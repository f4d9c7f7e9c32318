// LAYERS: test_support
// LIBRARIES: jansson

#include "tests/unit/broker/ctl/invoke.h"
#include "tests/unit/unit.h"

#include <string.h>

/* Verbs that go on: a line for each thing that happens, and what they say when it is over. */

#define RECORD(n)                                                                                        \
    "{\"sequence\": " n ", \"time\": \"2026-11-21T10:00:00.000123Z\", \"event\": \"login\", \"result\":" \
    " \"failure\", \"reason\": \"no-grant\", \"staff\": \"zhang.san\", \"service\": \"sshd\", "          \
    "\"address\": \"10.1.2.77\", \"grant\": \"\", \"ticket\": \"\", \"reference\": \"R-" n "\"}"
#define RECORDS(continues, records) \
    "{\"continues\": " continues ", \"parameters\": {\"records\": [" records "]}}"

static void test_audit_follow(void **state)
{
    cleanup_free char *call = NULL;
    cleanup_result struct result r = invoke_with(RECORDS("true", RECORD("41") ", " RECORD("42")) "\n" RECORDS(
                                                     "true", "") "\n" RECORDS("true", RECORD("43")),
                                                 "audit --follow -n 2 --result failure", &call);

    (void)state;
    assert_says(call, "\"more\":true");
    assert_says(call, "\"parameters\":{\"result\":\"failure\",\"limit\":2}");
    /* Titles once, and each record below them, in columns that keep their places. */
    assert_says(r.out, "   SEQ TIME                 EVENT ");
    assert_says(r.out, "\n    41 2026-11-21T10:00:00Z login          failure no-grant         zhang.san ");
    assert_says(r.out, "R-42      -\n    43 ");
    assert_null(strstr(strstr(r.out, "SEQ") + 1, "SEQ"));
    /* The broker went: that is not how it ends by itself. */
    assert_int_equal(r.code, EXIT_BROKER_AWAY);
    assert_says(r.error, "the broker has hung up");
}

static void test_audit_follow_json(void **state)
{
    cleanup_free char *call = NULL;
    cleanup_result struct result r = invoke_with(
        RECORDS("true", "{\"sequence\": 1}, {\"sequence\": 2}") "\n" RECORDS("false", "{\"sequence\": 3}"),
        "audit -f --json", &call);

    (void)state;
    assert_says(call, "\"limit\":10");
    assert_string_equal(r.out, "{\"sequence\":1}\n{\"sequence\":2}\n{\"sequence\":3}\n");
    assert_int_equal(r.code, EXIT_DONE);
}

static void test_audit_follow_refused(void **state)
{
    cleanup_free char *call = NULL;
    cleanup_result struct result r = invoke_with(
        "{\"error\": \"org.hufu.control.NotPermitted\", \"parameters\": {\"caller\": \"uid 20001\", "
        "\"needs\": \"an account that is not gated\"}}",
        "audit -f", &call);
    cleanup_result struct result endless = invoke_line("audit --follow --until now");

    (void)state;
    assert_int_equal(r.code, EXIT_NOT_PERMITTED);
    assert_string_equal(r.out, "");
    assert_int_equal(endless.code, EXIT_USAGE);
    assert_says(endless.error, "leave --until out");
}

#define CHANGE(change, state, reason)                                                                  \
    "{\"continues\": true, \"parameters\": {\"change\": \"" change "\", \"at\": \"2026-11-21T10:00:0"  \
    "0Z\", \"sessions\": [{\"number\": 17, \"state\": \"" state "\", \"staff\": \"zhang.san\", \"vend" \
    "or\": \"acme\", \"service\": \"sshd\", \"source\": \"10.1.2.77\", \"grant\": \"" PAPERS_ID        \
    "\", \"deadline\": \"2026-11-21T14:00:00Z\", \"reason\": " reason "}]}}"

static void test_session_watch(void **state)
{
    cleanup_free char *call = NULL, *json_call = NULL;
    cleanup_result struct result r =
        invoke_with(CHANGE("live", "open", "null") "\n" CHANGE("warned", "open", "null") "\n" CHANGE(
                        "ended", "ended", "\"revoked\""),
                    "session watch --staff zhang.san", &call);
    cleanup_result struct result json =
        invoke_with(CHANGE("warned", "open", "null"), "session watch --json", &json_call);

    (void)state;
    assert_says(call, "\"method\":\"org.hufu.control.SessionWatch\"");
    assert_says(call, "\"staff\":\"zhang.san\"");
    assert_says(r.out, "2026-11-21T10:00:00Z live         17 zhang.san    acme ");
    assert_says(r.out, "2026-11-21T10:00:00Z warned ");
    assert_says(r.out, "2026-11-21T14:00:00Z\n2026-11-21T10:00:00Z ended ");
    assert_says(r.out, " revoked\n");
    assert_int_equal(r.code, EXIT_BROKER_AWAY);
    assert_says(json.out, "\"change\":\"warned\"");
    assert_says(json.out, "\"number\":17");
}

/* Nobody is in: the titles say that it listens. */
static void test_nobody_to_watch(void **state)
{
    cleanup_free char *call = NULL;
    cleanup_result struct result r =
        invoke_with("{\"continues\": true, \"parameters\": {\"change\": \"live\", \"at\": \"x\", "
                    "\"sessions\": []}}",
                    "session watch", &call);

    (void)state;
    assert_says(r.out, "AT                   CHANGE   NUMBER STAFF ");
}

#define STREAM_TEST(f) cmocka_unit_test_setup_teardown(f, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STREAM_TEST(test_audit_follow),         STREAM_TEST(test_audit_follow_json),
        STREAM_TEST(test_audit_follow_refused), STREAM_TEST(test_session_watch),
        STREAM_TEST(test_nobody_to_watch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
