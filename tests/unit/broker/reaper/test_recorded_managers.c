/* A person's user manager is known; whoever would be taken for it, and what it starts, is not. */
#include "tests/unit/broker/reaper/recorded_scene.h"

#include <stdio.h>

/* The user manager has an audit session of its own. What it starts for the person is not below a recorder. */
static void what_a_user_manager_starts_is_bare(void **state)
{
    struct scene *s = recorded_shell();
    struct census_process *p;

    (void)state;
    p = add(s, 200, 1, UID, "systemd");
    p->cgroup = (char *)MANAGER "init.scope";
    p->audit_session = 8;
    p = add(s, 201, 200, UID, "(sd-pam)");
    p->cgroup = (char *)MANAGER "init.scope";
    p->audit_session = 8;
    assert_bare(s, "");
    p = add(s, 202, 200, UID, "bash");
    p->cgroup = (char *)MANAGER "app.slice/run-u1.service";
    p->audit_session = 8;
    assert_bare(s, "202 ");
    p->cgroup = (char *)MANAGER "init.scope"; /* the person may move it there */
    assert_bare(s, "202 ");
    get(s, 201)->parent = 999; /* and kill the helper, to be the first */
    get(s, 201)->pid = 999;
    get(s, 999)->session = 202;
    p->session = 202;
    assert_bare(s, "999 202 ");
    p->parent = 1; /* an orphan that came from elsewhere */
    assert_bare(s, "999 202 ");
    end(s);
}

/* A unit's name is its owner's to choose. */
static void a_false_user_manager_is_bare(void **state)
{
    static const char *const wrong[] = {
        MANAGER "app.slice/init.scope",
        "/user.slice/user-20002.slice/user@20002.service/init.scope",
        "/init.scope",
    };
    struct scene *s = recorded_shell();
    struct census_process *p = add(s, 200, 1, UID, "systemd");

    (void)state;
    p->audit_session = 8;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        p->cgroup = (char *)wrong[i];
        assert_bare(s, "200 ");
    }
    p->cgroup = NULL;
    assert_bare(s, "200 ");
    end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_user_manager_starts_is_bare),
        cmocka_unit_test(a_false_user_manager_is_bare),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
