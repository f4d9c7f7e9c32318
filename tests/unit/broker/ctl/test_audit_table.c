// LAYERS: test_support
// LIBRARIES: jansson

#include "broker/ctl/audit_table.h"
#include "broker/ctl/moment.h"
#include "tests/unit/broker/ctl/invoke.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <time.h>

/* What is shown is what --since takes, wherever somebody looks from. */
static void test_time_of_a_record(void **state)
{
    static const struct {
        const char *zone, *shown;
    } cases[] = {
        {"UTC0", "2026-11-21T00:00:00Z"},
        {"CST-8", "2026-11-21T08:00:00+08:00"},
        {"XYZ3:30", "2026-11-20T20:30:00-03:30"},
    };
    json_t *record = json_pack("{s:s}", "time", "2026-11-21T00:00:00.123456Z");
    json_t *none = json_object();

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_free char *text = NULL, *nothing = NULL;
        when_t t;

        assert_int_equal(setenv("TZ", cases[i].zone, 1), 0);
        tzset();
        text = audit_local_time(record);
        assert_string_equal(text, cases[i].shown);
        assert_int_equal(moment_parse(text, PAPERS_NOW, &t), 0);
        nothing = audit_local_time(none);
        assert_string_equal(nothing, "-");
    }
    assert_int_equal(setenv("TZ", "UTC0", 1), 0);
    tzset();
    json_decref(record);
    json_decref(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_time_of_a_record)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
