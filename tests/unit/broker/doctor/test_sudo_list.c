#include "broker/doctor/sudo_list.h"
#include "tests/unit/unit.h"

#include <string.h>

/* As sudo 1.9.13 prints it: its settings wrapped, a quoted one over the end of a line. */
static const char allowed[] =
    "Matching Defaults entries for zhang.san on db01:\n"
    "    env_reset, !pam_session, visiblepw, env_keep+=\"LD_LIBRARY_PATH\n"
    "    DISPLAY\", !secure_path\n"
    "\n"
    "Runas and Command-specific defaults for zhang.san:\n"
    "    Defaults>root pam_service=foo    Defaults!/usr/bin/id env_keep+=LD_PRELOAD\n"
    "\n"
    "User zhang.san may run the following commands on db01:\n"
    "\n"
    "Sudoers entry:\n"
    "    RunAsUsers: root\n"
    "    RunAsGroups: adm, ALL\n"
    "    Options: setenv, !authenticate\n"
    "    Commands:\n"
    "\t/usr/bin/id\n"
    "\t!/bin/sh\n"
    "\n"
    "Sudoers entry:\n"
    "    RunAsUsers: root\n"
    "    Options: setenv, authenticate\n"
    "    Commands:\n"
    "\tsudoedit /etc/hosts\n";

static const char by_role[] = "User li.si may run the following commands on db01:\n"
                              "\n"
                              "LDAP Role: operators\n"
                              "    RunAsUsers: ALL\n"
                              "    Commands:\n"
                              "\tALL\n";

static const char denied[] = "Matching Defaults entries for x on db01:\n"
                             "    !authenticate\n"
                             "\n"
                             "User x may run the following commands on db01:\n"
                             "\n"
                             "Sudoers entry:\n"
                             "    RunAsUsers: root\n"
                             "    Commands:\n"
                             "\t!/bin/sh\n";

static void test_entries(void **state)
{
    cleanup(sudo_list_free_p) struct sudo_list *l = NULL;

    (void)state;
    assert_int_equal(sudo_list_parse(allowed, &l), 0);
    assert_true(l->allowed);
    assert_true(l->without_password);
    assert_true(l->may_set_environment);
    assert_false(l->any_command);
}

static void test_settings(void **state)
{
    cleanup(sudo_list_free_p) struct sudo_list *l = NULL;
    size_t at = 0;

    (void)state;
    assert_int_equal(sudo_list_parse(allowed, &l), 0);
    assert_int_equal(sudo_list_flag(l, "env_reset"), 1);
    assert_int_equal(sudo_list_flag(l, "pam_session"), 0);
    assert_int_equal(sudo_list_flag(l, "secure_path"), 0);
    assert_int_equal(sudo_list_flag(l, "pam"), -1);
    assert_int_equal(sudo_list_flag(l, "pam_acct_mgmt"), -1);
    assert_string_equal(sudo_list_value(l, "env_keep", &at), "\"LD_LIBRARY_PATH\n    DISPLAY\"");
    assert_string_equal(sudo_list_value(l, "env_keep", &at), "LD_PRELOAD");
    assert_null(sudo_list_value(l, "env_keep", &at));
    at = 0;
    assert_string_equal(sudo_list_value(l, "pam_service", &at), "foo");
}

static void test_role_of_a_directory(void **state)
{
    cleanup(sudo_list_free_p) struct sudo_list *l = NULL;

    (void)state;
    assert_int_equal(sudo_list_parse(by_role, &l), 0);
    assert_true(l->allowed);
    assert_true(l->any_command);
    assert_false(l->without_password);
    assert_int_equal(l->n_settings, 0);
}

static void test_not_allowed(void **state)
{
    static const char *const texts[] = {denied, "User nobody is not allowed to run sudo on db01.\n", ""};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        cleanup(sudo_list_free_p) struct sudo_list *l = NULL;

        assert_int_equal(sudo_list_parse(texts[i], &l), 0);
        assert_false(l->allowed);
        assert_false(l->without_password);
    }
}

static void test_plugins(void **state)
{
    struct sudo_plugins p;

    (void)state;
    sudo_plugins_parse("#Plugin python_policy python.so\nSet probe_interfaces false\n", &p);
    assert_true(p.sudoers);
    assert_false(p.hufu_approval || p.hufu_audit || p.other_policy);
    sudo_plugins_parse(
        "Plugin hufu_approval hufu_sudo.so\nPlugin\thufu_audit  hufu_sudo.so x=1\nPath plugin_dir "
        "/opt/sudo\n",
        &p);
    assert_true(p.sudoers && p.hufu_approval && p.hufu_audit);
    assert_string_equal(p.hufu_file, "hufu_sudo.so");
    assert_string_equal(p.folder, "/opt/sudo");
    sudo_plugins_parse("Plugin python_policy python.so\nPlugin\n", &p);
    assert_true(p.other_policy);
    assert_false(p.sudoers);
    assert_string_equal(p.other_name, "python_policy");
    sudo_plugins_parse("Plugin sudoers_policy sudoers.so\nPlugin sudoers_io sudoers.so\n", &p);
    assert_true(p.sudoers);
    assert_false(p.other_policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_role_of_a_directory),
        cmocka_unit_test(test_not_allowed),
        cmocka_unit_test(test_plugins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
