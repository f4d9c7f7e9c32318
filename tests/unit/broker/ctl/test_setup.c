// LAYERS: test_support common

#include "broker/common/conf.h"
#include "broker/ctl/setup.h"
#include "tests/unit/broker/ctl/invoke.h"
#include "tests/unit/unit.h"

#include <string.h>
#include <unistd.h>

/* What setup is asked for, and what it would write. Writing it is a matter for a world of its own. */

static void assert_usage(const char *options, const char *part)
{
    cleanup_free char *line = issue_text("setup --trust trust %s", options);
    cleanup_result struct result r = invoke_line(line);

    assert_int_equal(r.code, EXIT_USAGE);
    assert_string_equal(r.out, "");
    assert_says(r.error, part);
}

static void test_usage(void **state)
{
    (void)state;
    assert_usage("--host db01", "--standalone");
    assert_usage("--host db01 --standalone --status-max-age 24h", "--standalone");
    assert_usage("--standalone", "--host is missing");
    assert_usage("--host -db01 --standalone", "-db01");
    assert_usage("--host db/01 --standalone", "db/01");
    assert_usage("--host db01 --status-max-age 24", "24");
    assert_usage("--host db01 --status-max-age 0h", "0h");
    assert_usage("--host db01 --status-max-age none", "none");
    assert_usage("--host db01 --standalone --groups a,,b", "a,,b");
    assert_usage("--host db01 --standalone --groups a,", "a,");
    assert_usage("--host db01 --standalone --groups @a", "@a");
    assert_usage("--host db01 --standalone --gated-uid 0-29999", "0-29999");
    assert_usage("--host db01 --standalone --gated-uid 20000", "20000");
    assert_usage("--host db01 --standalone --gated-uid 29999-20000", "29999-20000");
    assert_usage("--host db01 --standalone --language de", "en or zh_CN");
    assert_usage("--host db01 --standalone extra", "extra");
}

/* One value of a configuration, kept by the strict reader that the broker uses. */
struct value {
    char text[100];
};

static int keep(void *target, const char *value, char *reason)
{
    struct value **next = target;

    (void)reason;
    (void)strncpy((*next)->text, value, sizeof((*next)->text) - 1);
    (*next)++;
    return 0;
}

static void assert_broker_conf(const struct setup *s, const char *const expected[7])
{
    static const struct conf_key keys[] = {
        {"host", "host", keep, 1},      {"host", "groups", keep, 0},
        {"gate", "gated-uid", keep, 1}, {"directory", "status-max-age", keep, 1},
        {"ledger", "reserve", keep, 1}, {"review", "every", keep, 1},
        {"texts", "language", keep, 0}, {NULL, NULL, NULL, 0},
    };
    cleanup_free char *text = setup_write_broker_conf(s);
    struct value values[7] = {0};
    struct value *next = values;
    struct conf_error error = {0};

    assert_non_null(text);
    if (conf_parse(text, strlen(text), keys, &next, &error) < 0)
        fail_msg("line %u: %s", error.line, error.reason);
    for (size_t i = 0; i < ARRAY_SIZE(values); i++)
        assert_string_equal(values[i].text, expected[i] ? expected[i] : "");
}

static void test_broker_conf(void **state)
{
    (void)state;
    assert_broker_conf(&(struct setup){.host = "db01", .standalone = true},
                       (const char *const[]){"db01", "20000-29999", "none", "64M", "31d", "en", NULL});
    assert_broker_conf(&(struct setup){.host = "db01.finance.example",
                                       .groups = "databases,finance",
                                       .status_max_age = "24h",
                                       .gated_uid = "30000-30099",
                                       .language = "zh_CN"},
                       (const char *const[]){"db01.finance.example", "databases,finance", "30000-30099",
                                             "24h", "64M", "31d", "zh_CN"});
}

static void test_reaper_conf(void **state)
{
    static const struct conf_key keys[] = {
        {"reaper", "gated-uid", keep, 1},
        {"reaper", "max-session-normal", keep, 1},
        {"reaper", "max-session-privileged", keep, 1},
        {"reaper", "max-session-emergency", keep, 1},
        {NULL, NULL, NULL, 0},
    };
    cleanup(department_free_p) struct department *d = department_new();
    cleanup(trust_free_p) struct trust *trust = NULL;
    cleanup_free char *text = NULL;
    struct value values[4] = {0};
    struct value *next = values;
    struct conf_error error = {0};

    (void)state;
    assert_int_equal(trust_parse(d->trust, strlen(d->trust), &trust, NULL), 0);
    text = setup_write_reaper_conf(&(struct setup){.host = "db01"}, trust);
    assert_non_null(text);
    assert_int_equal(conf_parse(text, strlen(text), keys, &next, &error), 0);
    assert_string_equal(values[0].text, "20000-29999");
    assert_string_equal(values[1].text, "28800");
    assert_string_equal(values[2].text, "14400");
    assert_string_equal(values[3].text, "28800");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_broker_conf),
        cmocka_unit_test(test_reaper_conf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
