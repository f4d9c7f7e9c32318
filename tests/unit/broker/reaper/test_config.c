// LAYERS: test_support

#include "broker/reaper/config.h"
#include "tests/unit/support/folder.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The example of hufud.conf(5), which people copy, is a whole configuration. */
static void test_example_of_the_manual(void **state)
{
    static char text[32768];
    FILE *page = fopen("docs/man/hufud.conf.5", "r");
    struct reaper_config c;
    struct conf_error error;
    char *start, *end;
    int r;

    assert_non_null(page);
    text[fread(text, 1, sizeof(text) - 1, page)] = '\0';
    assert_int_equal(fclose(page), 0);
    start = strstr(text, "# /etc/hufu/reaper.conf\n");
    assert_non_null(start);
    end = strstr(start, ".Ed\n");
    assert_non_null(end);
    folder_put(*state, "reaper.conf", start, (size_t)(end - start));
    r = reaper_config_load(folder_path(*state, "reaper.conf"), &c, &error);
    if (geteuid() != 0) { /* root's alone, so anybody else's is refused */
        assert_true(r < 0);
        return;
    }
    if (r < 0)
        fail_msg("hufud.conf(5), line %u of its second example: %s", error.line, error.reason);
    assert_int_equal(c.gated_first, 20000);
    assert_int_equal(c.gated_last, 29999);
    assert_int_equal(c.maximum_seconds[1], 28800);
    assert_int_equal(c.maximum_seconds[2], 14400);
    assert_int_equal(c.maximum_seconds[3], 28800);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_example_of_the_manual, folder_setup, folder_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
