/*
 * What the writer of grants refuses to say, and the order it puts lines in.
 */
#include "policy/base/cleanup.h"
#include "policy/document/grant.h"
#include "tests/unit/policy/document/sample.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

static void assert_not_written(const struct grant *g, const char *part)
{
    struct document_error error = {0};
    char *text = (char *)"";

    assert_int_equal(grant_write(g, &text, &error), -EINVAL);
    assert_null(text);
    if (!strstr(error.reason, part))
        fail_msg("refused with `%s`, expected `%s`", error.reason, part);
}

/* The line where it would stand. */
static void test_line_of_what_is_not_written(void **state)
{
    struct grant *g = sample_parse_grant(sample_grant);
    struct document_error error = {0};
    const char *site = g->site;
    char *text;

    (void)state;
    g->site = "a b";
    assert_int_equal(grant_write(g, &text, &error), -EINVAL);
    assert_int_equal(error.line, sample_line(sample_grant, "site:"));
    g->site = site;
    g->purpose = "a\n";
    assert_int_equal(grant_write(g, &text, &error), -EINVAL);
    assert_int_equal(error.line, sample_line(sample_grant, "purpose:"));
    grant_free(g);
}

/* Each would be written as a text that says something else. */
#define REFUSED(part, ...)            \
    do {                              \
        struct grant g = *valid;      \
        __VA_ARGS__;                  \
        assert_not_written(&g, part); \
    } while (0)

static void test_what_has_no_text_is_not_written(void **state)
{
    cleanup(grant_free_p) struct grant *valid = sample_parse_grant(sample_grant);
    static const char *const lines[] = {"db01\nhost: db02"}, *const any[] = {"any"}, *const none[] = {"none"},
                             *const null[] = {NULL};

    (void)state;
    REFUSED("host:", g.hosts = (struct grant_strings){lines, 1});
    REFUSED("command:", g.commands = (struct grant_strings){any, 1});
    REFUSED("command:", g.commands = (struct grant_strings){none, 1});
    REFUSED("run-as:", g.run_as = (struct grant_strings){none, 1});
    REFUSED("run-as:", g.run_as = (struct grant_strings){null, 1});
    REFUSED("service:", g.services = (struct grant_strings){any, 1});
    REFUSED("site:", g.site = NULL);
    REFUSED("vendor:", g.vendor = "acme\nemployer: other");
    REFUSED("ticket:", g.ticket = "");
    REFUSED("purpose:", g.purpose = "x\ny");
    REFUSED("purpose:", g.purpose = " x");
    REFUSED("purpose:", g.purpose = "x ");
}

static void test_missing_line_is_not_written(void **state)
{
    cleanup(grant_free_p) struct grant *valid = sample_parse_grant(sample_grant);

    (void)state;
    REFUSED("`host` is missing", g.hosts.count = 0);
    REFUSED("`service` is missing", g.services.count = 0);
    REFUSED("`staff-key` is missing", g.n_keys = 0);
    REFUSED("`source` is missing", (g.n_networks = 0, g.local_source = false));
    REFUSED("`hours` is missing", g.n_hours = 0);
}

static void test_all_beside_some_is_not_written(void **state)
{
    cleanup(grant_free_p) struct grant *valid = sample_parse_grant(sample_grant);

    (void)state;
    REFUSED("stands alone", g.password = true);
    REFUSED("stands alone", g.any_command = true);
    REFUSED("stands alone", g.any_source = true);
    REFUSED("stands alone", g.any_hours = true);
}

static void test_hours_that_are_none_are_not_written(void **state)
{
    cleanup(grant_free_p) struct grant *valid = sample_parse_grant(sample_grant);
    static const struct grant_hours gap = {.days = 5, .start_minute = 1, .end_minute = 2};
    static const struct grant_hours no_day = {.start_minute = 1, .end_minute = 2};
    static const struct grant_hours late = {.days = 1, .start_minute = 1, .end_minute = 1441};
    static const struct grant_hours eighth = {.days = 128, .start_minute = 1, .end_minute = 2};
    static const struct grant_hours far = {.days = 1, .end_minute = 2, .offset_minutes = 6000};

    (void)state;
    REFUSED("hours:", g.hours = &gap);
    REFUSED("hours:", g.hours = &no_day);
    REFUSED("hours:", g.hours = &late);
    REFUSED("hours:", g.hours = &eighth);
    REFUSED("hours:", g.hours = &far);
}

static void test_value_out_of_range_is_not_written(void **state)
{
    cleanup(grant_free_p) struct grant *valid = sample_parse_grant(sample_grant);

    (void)state;
    REFUSED("version:", g.version = 0);
    REFUSED("version:", g.version = 2147483648U);
    REFUSED("class:", g.class = (enum grant_class)0);
    REFUSED("class:", g.class = (enum grant_class)4);
    REFUSED("incident-level:", g.incident_level = 1);
    REFUSED("emergency needs", g.class = GRANT_CLASS_EMERGENCY);
    REFUSED("channel:", g.channels = 16);
    REFUSED("channel:", g.channels = 17);
    REFUSED("uses:", g.uses.scope = GRANT_USES_UNLIMITED);
    REFUSED("uses:", g.uses.scope = (enum grant_uses_scope)0);
    REFUSED("uses:", g.uses.count = 0);
    REFUSED("sessions:", g.sessions.unlimited = true);
    REFUSED("sessions:", g.sessions.value = 0);
    REFUSED("max-session:", g.max_session.value = 0);
    REFUSED("not-after:", g.valid.until = g.valid.from);
    REFUSED("not-after:", g.valid.until = WHEN_NEVER);
    REFUSED("not-before:", g.valid.from = -1);
}

#undef REFUSED

static void test_writer_sorts(void **state)
{
    cleanup(grant_free_p) struct grant *valid = sample_parse_grant(sample_grant);
    static const char *const hosts[] = {"z", "@a", "m.x", "m"};
    static const char *const twice[] = {"z", "z"};
    struct grant g = *valid;
    cleanup_free char *text = NULL;

    (void)state;
    g.hosts = (struct grant_strings){hosts, ARRAY_SIZE(hosts)};
    assert_int_equal(grant_write(&g, &text, NULL), 0);
    assert_non_null(strstr(text, "\nhost: @a\nhost: m\nhost: m.x\nhost: z\nservice"));
    g.hosts = (struct grant_strings){twice, ARRAY_SIZE(twice)};
    assert_not_written(&g, "host: the same line stands twice");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_of_what_is_not_written),
        cmocka_unit_test(test_what_has_no_text_is_not_written),
        cmocka_unit_test(test_missing_line_is_not_written),
        cmocka_unit_test(test_all_beside_some_is_not_written),
        cmocka_unit_test(test_hours_that_are_none_are_not_written),
        cmocka_unit_test(test_value_out_of_range_is_not_written),
        cmocka_unit_test(test_writer_sorts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
