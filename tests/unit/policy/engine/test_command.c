/* What a command line of a grant lets run: the cases of tests/golden/commands.txt are sudo's; these are of
 * callers that tell less, or it differently. */
#include "policy/engine/command.h"
#include "tests/unit/unit.h"

static bool runs(const char *line, const char *path, const char *arguments)
{
    return command_matches(line, &(struct command_run){.path = path, .arguments = arguments});
}

static void test_equal(void **state)
{
    (void)state;
    assert_true(runs("/bin/ctl restart oracle", "/bin/ctl", "restart\noracle\n"));
    assert_false(runs("/bin/ctl restart oracle", "/bin/ctl", "restart\nocelot\n"));
    assert_false(runs("/bin/ctl restart oracle", "/bin/ctl", "restart\noracles\n"));
    assert_false(runs("/bin/ctl restart oracle", "/bin/ctl", "restart\n"));
    assert_false(runs("/bin/ctl restart", "/bin/ctl", "restart\noracle\n"));
    assert_false(runs("/bin/ctl restart", "/bin/cat", "restart\n"));
    assert_false(runs("/bin/ctl restart", "/bin/ct", "restart\n"));
    assert_true(runs("/bin/ctl", "/bin/ctl", ""));
}

/* An argument without its end may be the beginning of another. */
static void test_argument_without_end(void **state)
{
    (void)state;
    assert_false(runs("/bin/ctl restart", "/bin/ctl", "restart"));
    assert_false(runs("/bin/ctl restart oracle", "/bin/ctl", "restart\noracle"));
    assert_false(runs("/bin/ctl *", "/bin/ctl", "oracle"));
}

static void test_star(void **state)
{
    static const char *const good[] = {"oracle\n", "a\n", "...\n", "~\n", "a-b+c\n", "!\n"};
    static const char *const bad[] = {"\n",     ".\n",   "..\n",   "-f\n",   "+x\n",        "a/b\n",
                                      "/etc\n", "a b\n", "a\tb\n", "\x7f\n", "a\xc3\xa9\n", "a\nb\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        if (!runs("/bin/ctl *", "/bin/ctl", good[i]))
            fail_msg("%zu is a name", i);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (runs("/bin/ctl *", "/bin/ctl", bad[i]))
            fail_msg("%zu is none", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_argument_without_end),
        cmocka_unit_test(test_star),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
