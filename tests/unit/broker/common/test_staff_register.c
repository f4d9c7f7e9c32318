#include "broker/common/staff_register.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

static const char good[] = "# of the contracts office\n"
                           "\n"
                           "[zhang.san]\n"
                           "vendor = acme\n"
                           "agreement-until = 2026-12-31\n"
                           "training-until = 2026-06-30\n"
                           "\n"
                           "# new\n"
                           "[li_lei]\n"
                           "vendor = northwind\n"
                           "vetting-until = 2027-01-01\n";

static void test_good(void **state)
{
    cleanup(staff_register_free_p) struct staff_register *r = NULL;
    struct conf_error error;

    (void)state;
    assert_int_equal(staff_register_parse(good, sizeof(good) - 1, &r, &error), 0);
    assert_int_equal(r->n, 2);
    assert_string_equal(r->entries[0].staff, "zhang.san");
    assert_string_equal(r->entries[0].vendor, "acme");
    /* A date holds to the end of its day. */
    assert_int_equal(r->entries[0].agreement, 1798761600);
    assert_int_equal(r->entries[0].vetting, 0);
    assert_string_equal(r->entries[1].staff, "li_lei");
    assert_int_equal(r->entries[1].agreement, 0);
    assert_int_not_equal(r->entries[1].vetting, 0);
}

static void test_empty(void **state)
{
    cleanup(staff_register_free_p) struct staff_register *r = NULL;
    struct conf_error error;

    (void)state;
    assert_int_equal(staff_register_parse("", 0, &r, &error), 0);
    assert_int_equal(r->n, 0);
}

static void test_strict(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
    } wrong[] = {
        {"vendor = acme\n", 1},
        {"[zhang.san]\n", 0},
        {"[zhang.san]\nvendor = a b\n", 2},
        {"[zhang.san]\nvendor = acme\nvendor = acme\n", 3},
        {"# x\n[zhang.san]\nvendor = acme\nagreement-until = 2026-02-30\n", 4},
        {"[zhang.san]\nvendor = acme\nagreement-until = forever\n", 3},
        {"[zhang.san]\nvendor = acme\nagreement-until = 2026-12-31T00:00:00Z\n", 3},
        {"[zhang.san]\nvendor = acme\nagreement = 2026-12-31\n", 3},
        {"[zhang.san]\nvendor = acme\n\n[zhang.san]\nvendor = acme\n", 4},
        {"[Zhang San]\nvendor = acme\n", 1},
        {"[zhang.san\nvendor = acme\n", 1},
        {"[zhang.san]\nvendor = acme", 2},
        {"[zhang.san] # x\nvendor = acme\n", 1},
        {"[zhang.san]\x1b[2J\nvendor = acme\n", 1},
        {"[zhang\x1b\x7f.san]\nvendor = acme\n", 1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        struct staff_register *r = NULL;
        struct conf_error error;

        if (staff_register_parse(wrong[i].text, strlen(wrong[i].text), &r, &error) != -EINVAL)
            fail_msg("case %zu is taken", i);
        assert_null(r);
        if (wrong[i].line != 0 && error.line != wrong[i].line)
            fail_msg("case %zu: line %u and not %u: %s", i, error.line, wrong[i].line, error.reason);
        assert_true(error.reason[0] != '\0');
        for (const char *c = error.reason; *c != '\0'; c++)
            assert_true((unsigned char)*c >= ' ' && *c != '\x7f');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_empty),
                                       cmocka_unit_test(test_strict)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
