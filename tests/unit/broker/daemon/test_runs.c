#include "broker/daemon/runs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Which run of sudo is remembered, by what, for how long, and how many are. */

static struct runs runs;

static void remember(uint32_t pid, uint64_t since)
{
    const struct run run = {
        .pid = pid, .start_time = 500, .person_uid = 20001, .target = "oracle", .since = since};

    runs_remember(&runs, &run);
}

static int setup(void **state)
{
    (void)state;
    runs = (struct runs){.next = 0};
    return 0;
}

static void test_all_has_to_agree(void **state)
{
    (void)state;
    assert_false(runs_know(&runs, 0, 0, 0, "", 0));
    remember(77, 1000);
    assert_true(runs_know(&runs, 77, 500, 20001, "oracle", 1000));
    assert_false(runs_know(&runs, 78, 500, 20001, "oracle", 1000));
    assert_false(runs_know(&runs, 77, 501, 20001, "oracle", 1000));
    assert_false(runs_know(&runs, 77, 0, 20001, "oracle", 1000));
    assert_false(runs_know(&runs, 77, 500, 20002, "oracle", 1000));
    assert_false(runs_know(&runs, 77, 500, 20001, "oracl", 1000));
    assert_false(runs_know(&runs, 77, 500, 20001, "root", 1000));
}

static void test_for_a_minute(void **state)
{
    (void)state;
    remember(77, 1000);
    assert_true(runs_know(&runs, 77, 500, 20001, "oracle", 1000 + RUNS_KEPT_US - 1));
    assert_false(runs_know(&runs, 77, 500, 20001, "oracle", 1000 + RUNS_KEPT_US));
    assert_false(runs_know(&runs, 77, 500, 20001, "oracle", 999)); /* of another boot's clock */
}

static void test_the_oldest_give_way(void **state)
{
    (void)state;
    for (uint32_t pid = 1; pid <= RUNS_MAX + 1; pid++)
        remember(pid, 1000);
    assert_false(runs_know(&runs, 1, 500, 20001, "oracle", 1000));
    assert_true(runs_know(&runs, 2, 500, 20001, "oracle", 1000));
    assert_true(runs_know(&runs, RUNS_MAX + 1, 500, 20001, "oracle", 1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_all_has_to_agree, setup),
        cmocka_unit_test_setup(test_for_a_minute, setup),
        cmocka_unit_test_setup(test_the_oldest_give_way, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
