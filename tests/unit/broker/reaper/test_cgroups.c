/* Which cgroups may be killed at all, by name. That members are asked too is shown in test_reaper. */
#include "broker/reaper/cgroups.h"
#include "tests/unit/unit.h"

static void only_scopes_managers_and_own_leaves(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool may;
    } cases[] = {
        {"/user.slice/user-20001.slice/session-7.scope", true},
        {"/user.slice/user-20001.slice/session-c2.scope", true},
        {"/user.slice/user-20001.slice/user@20001.service", true},
        {"/hufu.reaper/42", true},
        {"/user.slice/user-20001.slice/user@20002.service", false},
        {"/user.slice/user-20001.slice", false},
        {"/user.slice/user-20001.slice/session-7.scope/x", false},
        {"/system.slice/ssh.service", false},
        {"/system.slice/cron.service", false},
        {"/", false},
        {"/init.scope", false},
        {"/hufu.reaper", false},
        {"/hufu.reaper/", false},
        {"/hufu.reaper/4x", false},
        {"/hufu.reaper/4/5", false},
        {"/x/hufu.reaper/42", false},
        {"/a/../session-7.scope", false},
        {"session", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        if (cgroups_may_kill(cases[i].path, 20001) != cases[i].may)
            fail_msg("%s", cases[i].path);
}

static void leaves_are_named_by_session(void **state)
{
    (void)state;
    char path[64];
    cgroups_leaf_path(UINT64_MAX, path);
    assert_string_equal(path, "/hufu.reaper/18446744073709551615");
    assert_true(cgroups_may_kill(path, 20001));
}

static void without_a_hierarchy_nothing_is_killed(void **state)
{
    (void)state;
    struct cgroups g = {.mount = -1, .proc = -1};
    assert_int_equal(cgroups_kill(&g, "/hufu.reaper/42", 20001), CGROUPS_NOT_OURS);
    assert_true(cgroups_adopt(&g, 42, 1) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_scopes_managers_and_own_leaves),
        cmocka_unit_test(leaves_are_named_by_session),
        cmocka_unit_test(without_a_hierarchy_nothing_is_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
