// LIBRARIES: jansson

#include "broker/ctl/audit_csv.h"
#include "policy/base/cleanup.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Cells that somebody else chose, in the hands of a spreadsheet. */

/* The line of a record whose ticket is the text given. */
static char *line_of(const char *ticket)
{
    const struct record r = {
        .sequence = 7, .event = "login", .result = "failure", .actor = UINT32_MAX, .ticket = ticket};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    audit_csv_record(out, "db01", &r);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void test_no_cell_is_a_formula(void **state)
{
    static const char *const formulas[] = {"=1+1", "+1",    "-1",  "@x",  "\t=1", "\r=1",
                                           "\n=1", "＝1+1", "＋1", "－1", "＠x"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(formulas); i++) {
        cleanup_free char *line = line_of(formulas[i]), *cell = NULL;

        assert_true(asprintf(&cell, ",\"'%s\",", formulas[i]) > 0);
        if (!strstr(line, cell))
            fail_msg("%s", line);
    }
}

static void test_other_cells_are_as_they_are(void **state)
{
    static const char *const plain[][2] = {
        {"CHG-2026-1142", ",\"CHG-2026-1142\","},
        {"变更=1", ",\"变更=1\","},
        {"a,b;c", ",\"a,b;c\","},
        {"\"=1\"", ",\"\"\"=1\"\"\","},
        {"two\nlines", ",\"two\nlines\","},
        {"1=1", ",\"1=1\","},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
        cleanup_free char *line = line_of(plain[i][0]);

        if (!strstr(line, plain[i][1]))
            fail_msg("%s", line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_cell_is_a_formula),
        cmocka_unit_test(test_other_cells_are_as_they_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
