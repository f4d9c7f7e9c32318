// LAYERS: test_support
// LIBRARIES: jansson

#include "broker/ctl/openmetrics.h"
#include "tests/unit/broker/ctl/invoke.h"
#include "tests/unit/unit.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>

/* sync status, and its numbers, which a strict parser reads: OpenMetrics 1.0, as far as gauges need it. */

#define REPLY                                                                                              \
    "{\"parameters\":{\"state\":\"live\",\"since\":\"2026-11-21T09:00:00Z\",\"server\":\"ldaps://ldap1\"," \
    "\"pushes\":true,\"last_error\":null,\"last_error_at\":null,\"next_try_seconds\":null,"                \
    "\"heartbeat_written\":\"2026-11-21T09:59:48Z\",\"heartbeat_received\":\"2026-11-21T09:59:49Z\","      \
    "\"last_change\":\"2026-11-21T09:30:00Z\",\"last_refresh\":\"2026-11-21T09:00:00Z\","                  \
    "\"last_full_refresh\":null,\"cookie\":true,\"entries\":12,\"grants\":7,\"revocations_signed\":2,"     \
    "\"revocations_unsigned\":1,\"withdrawn\":3,\"waiting\":1,\"waiting_trust\":0,\"bad\":1,"              \
    "\"purge_held_back\":0,\"claims_possible\":true,\"claims_pending\":0,\"trust_epoch\":4,"               \
    "\"status_trust_epoch\":4,\"status_epoch\":17,\"status_holds_until\":\"2026-11-21T12:00:00Z\","        \
    "\"bad_entries\":[{\"name\":\"cn=x\\u001b[1m,ou=grants\",\"reason\":\"malformed\",\"text\":\"no "      \
    "grant\"}]}}"

static bool is_metric_name(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!islower((unsigned char)text[i]) && text[i] != '_')
            return false;
    return n > 5 && strncmp(text, "hufu_", 5) == 0;
}

/* TYPE, HELP and at least one sample for each family, each family once, nothing behind EOF. Families counted.
 */
static size_t parse(const char *text)
{
    cleanup_free char *copy = strdup(text);
    char *rest = copy;
    char family[80] = "", seen[8192] = " ", key[90];
    size_t n = 0, samples = 1;
    bool helped = true, ended = false;

    assert_int_equal(text[strlen(text) - 1], '\n');
    for (char *line = strsep(&rest, "\n"); line && (rest || *line); line = strsep(&rest, "\n")) {
        size_t name = strcspn(line, " {");
        char *end = NULL;

        assert_false(ended);
        if (strcmp(line, "# EOF") == 0) {
            ended = true;
        } else if (sscanf(line, "# TYPE %79s gauge", family) == 1 && strstr(line, " gauge")) {
            assert_true(is_metric_name(family, strlen(family)) && helped && samples > 0);
            (void)snprintf(key, sizeof(key), " %s ", family);
            assert_null(strstr(seen, key));
            (void)strncat(seen, key, sizeof(seen) - strlen(seen) - 1);
            helped = false;
            samples = 0;
            n++;
        } else if (strncmp(line, "# HELP ", 7) == 0) {
            assert_true(!helped && strncmp(line + 7, family, strlen(family)) == 0 &&
                        strlen(line) > 10 + strlen(family));
            assert_null(strpbrk(line, "\\\""));
            helped = true;
        } else {
            if (!helped || name != strlen(family) || strncmp(line, family, name) != 0)
                fail_msg("not of %s: %s", family, line);
            if (line[name] == '{')
                assert_true(strncmp(line + name, "{state=\"", 8) == 0 && strstr(line + name + 8, "\"} "));
            line = strrchr(line, ' ') + 1;
            (void)strtoll(line, &end, 10);
            assert_true(end != line && *end == '\0');
            samples++;
        }
    }
    assert_true(ended && samples > 0);
    return n;
}

static char *metrics_of(const char *reply)
{
    json_t *value = json_loads(reply, 0, NULL);
    char *text;

    assert_non_null(value);
    text = openmetrics_of_sync(json_object_get(value, "parameters"));
    assert_non_null(text);
    json_decref(value);
    return text;
}

static void test_metrics(void **state)
{
    cleanup_free char *text = metrics_of(REPLY);

    (void)state;
    assert_int_equal(parse(text), 23); /* 25 without the two that are not known */
    assert_says(text, "hufu_up 1\n");
    assert_says(text, "hufu_sync_state{state=\"live\"} 1\n");
    assert_says(text, "hufu_sync_state{state=\"away\"} 0\n");
    assert_says(text, "hufu_sync_grants 7\n");
    assert_says(text, "hufu_sync_pushes 1\n");
    assert_says(text, "hufu_status_holds_until_timestamp_seconds 1795262400\n");
    assert_null(strstr(text, "last_full_refresh"));
}

static void test_metrics_of_nothing(void **state)
{
    cleanup_free char *none = openmetrics_of_sync(NULL);
    cleanup_free char *odd =
        metrics_of("{\"parameters\":{\"state\":7,\"grants\":\"many\",\"since\":\"soon\"}}");

    (void)state;
    assert_int_equal(parse(none), 1);
    assert_says(none, "hufu_up 0\n");
    assert_int_equal(parse(odd), 2);
}

static void test_text(void **state)
{
    cleanup_free char *call = NULL;
    cleanup_result struct result r = invoke_with(REPLY, "sync status", &call);

    (void)state;
    assert_int_equal(r.code, EXIT_DONE);
    assert_says(call, "org.hufu.control.SyncShow");
    assert_says(r.out, "changes come at once");
    assert_says(r.out, "2026-11-21T09:59:48Z (12 s ago)");
    assert_says(r.out, "2026-11-21T12:00:00Z (in 2 h)");
    assert_says(r.out, "2026-11-21T09:30:00Z (30 min ago)");
    assert_null(strstr(r.out, "Last error"));
    assert_null(strstr(r.out, "tried again"));
    assert_says(r.out, "  cn=x\\x1b[1m,ou=grants");
    assert_says(r.out, "\n    malformed: no grant\n");
}

static void test_failure(void **state)
{
    static const char reply[] =
        "{\"parameters\":{\"state\":\"failed\",\"since\":\"2026-11-11T10:00:00Z\",\"last_error\":\"no"
        "\\u001b route\","
        "\"last_error_at\":\"2026-11-21T10:00:00Z\",\"next_try_seconds\":7,\"bad_entries\":[]}}";
    cleanup_free char *call = NULL;
    cleanup_result struct result r = invoke_with(reply, "sync status", &call);

    (void)state;
    assert_int_equal(r.code, EXIT_REFUSED);
    assert_says(r.out, "(journalctl");
    assert_says(r.out, "(10 days ago)");
    assert_says(r.out, "Last error, 2026-11-21T10:00:00Z (0 s ago): no\\x1b route");
    assert_says(r.out, "tried again in 7 s");
}

static void test_states(void **state)
{
    static const char *const bad[] = {"away", "failed", "connecting", "something else"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        cleanup_free char *call = NULL;
        cleanup_free char *reply =
            issue_text("{\"parameters\":{\"state\":\"%s\",\"bad_entries\":[]}}", bad[i]);
        cleanup_result struct result r = invoke_with(reply, "sync status", &call);

        assert_int_equal(r.code, EXIT_REFUSED);
    }
}

static void test_file(void **state)
{
    cleanup_free char *call = NULL;
    cleanup_result struct result r = invoke_with(REPLY, "sync status --openmetrics -o hufu.prom", &call);
    cleanup_result struct result away = invoke_line("sync status --openmetrics");
    cleanup_result struct result both = invoke_line("--json sync status --openmetrics");
    cleanup_result struct result alone = invoke_line("sync status -o x");
    FILE *f = fopen("hufu.prom", "re");
    char text[8192] = "";

    (void)state;
    assert_int_equal(r.code, EXIT_DONE);
    assert_true(f && fread(text, 1, sizeof(text) - 1, f) > 0);
    (void)fclose(f);
    assert_int_equal(parse(text), 23);
    assert_int_equal(away.code, EXIT_BROKER_AWAY);
    assert_int_equal(parse(away.out), 1);
    assert_int_equal(both.code, EXIT_USAGE);
    assert_int_equal(alone.code, EXIT_USAGE);
}

static void test_refresh(void **state)
{
    cleanup_free char *call = NULL;
    cleanup_result struct result r =
        invoke_with("{\"parameters\":{\"connected\":true}}", "sync refresh", &call);
    cleanup_free char *call_away = NULL;
    cleanup_result struct result away =
        invoke_with("{\"parameters\":{\"connected\":false}}", "sync refresh", &call_away);

    (void)state;
    assert_says(call, "org.hufu.control.SyncRefresh");
    assert_says(r.out, "asked for everything");
    assert_says(away.out, "hufu-ldapd is away");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_metrics_of_nothing),
        cmocka_unit_test_setup_teardown(test_text, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_failure, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_states, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_file, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_refresh, enter_folder, leave_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
