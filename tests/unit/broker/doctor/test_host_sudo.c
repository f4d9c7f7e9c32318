// LAYERS: test_support
// LIBRARIES: jansson
#include "broker/doctor/checks.h"
#include "tests/unit/broker/doctor/healthy.h"
#include "tests/unit/support/issuing.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/stat.h>

/* What sudo allows, with what settings and plugins; other ways to become another user. */

#define ENTRY "Sudoers entry:\n    RunAsUsers: root\n    Commands:\n\t/usr/bin/id\n"

static void test_healthy(void **state)
{
    struct patient *p = *state;

    patient_examine(p, check_sudo);
    assert_int_equal(doctor_count(p->doctor), 0);
    healthy_sudo(p, "zhang.san", NULL, ENTRY);
    patient_examine(p, check_sudo);
    assert_int_equal(doctor_count(p->doctor), 0);
    patient_examine(p, check_switches);
    assert_int_equal(doctor_count(p->doctor), 0);
    patient_remove(p, "/usr/bin/sudo");
    patient_remove(p, "/usr/libexec/sudo/hufu_sudo.so");
    patient_examine(p, check_sudo);
    assert_int_equal(doctor_count(p->doctor), 0);
}

static void test_settings(void **state)
{
    static const struct {
        const char *setting, *code;
        enum doctor_severity severity;
    } rows[] = {
        {"!pam_session", "sudo-without-pam", DOCTOR_PROBLEM},
        {"!pam_acct_mgmt", "sudo-without-pam", DOCTOR_PROBLEM},
        {"runas_allow_unknown_id", "sudo-without-pam", DOCTOR_PROBLEM},
        {"pam_service=other", "sudo-other-stack", DOCTOR_PROBLEM},
        {"pam_login_service=other", "sudo-other-stack", DOCTOR_PROBLEM},
        {"!env_reset", "sudo-environment", DOCTOR_WARNING},
        {"env_keep+=\"DISPLAY LD_LIBRARY_PATH\"", "sudo-environment", DOCTOR_WARNING},
        {"!secure_path", "sudo-path", DOCTOR_WARNING},
        {"visiblepw", "sudo-visible-password", DOCTOR_WARNING},
    };
    struct patient *p = *state;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        healthy_sudo(p, "root", rows[i].setting, NULL);
        healthy_sudo(p, "zhang.san", NULL, NULL);
        patient_examine(p, check_sudo);
        assert_finds(p, rows[i].severity, rows[i].code, "/etc/sudoers");
        assert_int_equal(doctor_count(p->doctor), 1);
        /* Of one account alone. */
        healthy_sudo(p, "root", NULL, NULL);
        healthy_sudo(p, "zhang.san", rows[i].setting, ENTRY);
        patient_examine(p, check_sudo);
        assert_finds(p, rows[i].severity, rows[i].code, "zhang.san");
        assert_int_equal(doctor_count(p->doctor), 1);
    }
}

static void test_settings_that_are_fine(void **state)
{
    struct patient *p = *state;

    healthy_sudo(p, "root",
                 "pam_service=sudo, pam_login_service=sudo-i, env_keep+=\"DISPLAY LANG\", !visiblepw", NULL);
    patient_examine(p, check_sudo);
    assert_int_equal(doctor_count(p->doctor), 0);
}

static void test_entries(void **state)
{
    struct patient *p = *state;

    healthy_sudo(
        p, "zhang.san", NULL,
        "Sudoers entry:\n    RunAsUsers: ALL\n    Options: setenv, !authenticate\n    Commands:\n\tALL\n");
    patient_examine(p, check_sudo);
    assert_finds(p, DOCTOR_NOTE, "sudo-without-password", "zhang.san");
    assert_finds(p, DOCTOR_WARNING, "sudo-environment", "zhang.san");
    assert_int_equal(doctor_count(p->doctor), 2);
}

static void test_without_the_plugin(void **state)
{
    struct patient *p = *state;

    patient_remove(p, "/etc/sudo.conf");
    patient_examine(p, check_sudo);
    assert_int_equal(doctor_count(p->doctor), 0); /* nobody gated may sudo */
    healthy_sudo(p, "li.si", NULL, ENTRY);
    patient_examine(p, check_sudo);
    assert_finds(p, DOCTOR_WARNING, "sudo-without-plugin", "li.si");
}

static void test_plugins(void **state)
{
    struct patient *p = *state;

    patient_put(p, "/etc/sudo.conf", "Plugin hufu_approval hufu_sudo.so\n");
    patient_examine(p, check_sudo);
    assert_finds(p, DOCTOR_WARNING, "sudo-half-plugin", "/etc/sudo.conf");
    patient_put(p, "/etc/sudo.conf", "Plugin hufu_audit hufu_sudo.so\n");
    patient_examine(p, check_sudo);
    assert_finds(p, DOCTOR_WARNING, "sudo-half-plugin", "/etc/sudo.conf");
    patient_put(p, "/etc/sudo.conf", "Plugin python_policy python_plugin.so\n");
    patient_examine(p, check_sudo);
    assert_finds(p, DOCTOR_PROBLEM, "sudo-other-policy", "/etc/sudo.conf");
}

static void test_the_range_of_the_plugin(void **state)
{
    static const char *const texts[] = {
        "Plugin hufu_approval hufu_sudo.so gated_uid=20000-29999\nPlugin hufu_audit hufu_sudo.so\n",
        "Plugin hufu_approval hufu_sudo.so gated_uid=20000-39999\n"
        "Plugin hufu_audit hufu_sudo.so gated_uid=20000-29999\n",
    };
    struct patient *p = *state;

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        patient_put(p, "/etc/sudo.conf", texts[i]);
        patient_examine(p, check_sudo);
        assert_finds(p, DOCTOR_PROBLEM, "sudo-range-differs", "/etc/sudo.conf");
        assert_int_equal(doctor_count(p->doctor), 1);
    }
}

static void test_the_file_of_the_plugin(void **state)
{
    struct patient *p = *state;
    static const char file[] = "/usr/libexec/sudo/hufu_sudo.so";

    must(chmod(patient_path(p, file), 0666) == 0);
    patient_examine(p, check_sudo);
    assert_finds(p, DOCTOR_PROBLEM, "sudo-plugin-writable", file);
    patient_remove(p, file);
    patient_examine(p, check_sudo);
    assert_finds(p, DOCTOR_PROBLEM, "sudo-plugin-missing", file);
    patient_put(
        p, "/etc/sudo.conf",
        "Path plugin_dir /opt/sudo/\nPlugin hufu_approval hufu_sudo.so\nPlugin hufu_audit hufu_sudo.so\n");
    patient_examine(p, check_sudo);
    assert_finds(p, DOCTOR_PROBLEM, "sudo-plugin-missing", "/opt/sudo/hufu_sudo.so");
}

static void test_a_sudo_that_does_not_work(void **state)
{
    struct patient *p = *state;

    patient_answer_with(
        p, "/usr/bin/sudo -n -ll -U root", 1, "",
        "sudo: /etc/sudoers is world writable\nsudo: no valid sudoers sources found, quitting\n");
    patient_examine(p, check_sudo);
    assert_finds(p, DOCTOR_PROBLEM, "sudo-broken", "/usr/bin/sudo");
    assert_int_equal(doctor_count(p->doctor), 1);
    patient_answer_with(p, "/usr/bin/sudo -n -ll -U root", 1, "", "sudo: a password is required\n");
    patient_examine(p, check_sudo);
    assert_finds(p, DOCTOR_PROBLEM, "not-looked-at", NULL);
    patient_answer_fails(p, "/usr/bin/sudo -n -ll -U root", -ETIMEDOUT);
    patient_examine(p, check_sudo);
    assert_finds(p, DOCTOR_PROBLEM, "not-looked-at", NULL);
}

static void test_writable_sudoers(void **state)
{
    static const char *const files[] = {"/etc/sudoers", "/etc/sudoers.d/README", "/etc/sudo.conf"};
    struct patient *p = *state;

    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        must(chmod(patient_path(p, files[i]), 0646) == 0);
        patient_examine(p, check_sudo);
        assert_finds(p, DOCTOR_PROBLEM, "sudoers-writable", files[i]);
        must(chmod(patient_path(p, files[i]), 0440) == 0);
    }
    must(chmod(patient_path(p, "/etc/sudoers.d"), 0777) == 0);
    patient_examine(p, check_sudo);
    assert_finds(p, DOCTOR_PROBLEM, "sudoers-writable", "/etc/sudoers.d");
}

static void test_other_switches(void **state)
{
    struct patient *p = *state;

    patient_put(p, "/usr/bin/super", "");
    patient_put(p, "/usr/bin/doas", "");
    patient_examine(p, check_switches);
    assert_int_equal(doctor_count(p->doctor), 0); /* they run as who calls them */
    must(chmod(patient_path(p, "/usr/bin/super"), 04755) == 0 &&
         chmod(patient_path(p, "/usr/bin/doas"), 04755) == 0);
    patient_examine(p, check_switches);
    assert_finds(p, DOCTOR_PROBLEM, "switch-without-pam", "/usr/bin/super");
    assert_finds(p, DOCTOR_WARNING, "switch-without-plugin", "/usr/bin/doas");
}

static void test_polkit(void **state)
{
    static const char rule[] = "/etc/polkit-1/rules.d/10-vendors.rules";
    struct patient *p = *state;

    patient_put(p, rule, "if (subject.isInGroup(\"hufu-gated\")) return polkit.Result.YES;\n");
    patient_examine(p, check_switches);
    assert_finds(p, DOCTOR_WARNING, "polkit-allows", rule);
    patient_put(p, rule, "if (subject.user == 'li.si') return polkit.Result.YES;\n");
    patient_examine(p, check_switches);
    assert_finds(p, DOCTOR_WARNING, "polkit-allows", rule);
    patient_put(p, rule,
                "if (subject.isInGroup(\"users\")) return polkit.Result.YES;\n"); /* li.si's other group */
    patient_examine(p, check_switches);
    assert_finds(p, DOCTOR_WARNING, "polkit-allows", rule);
    patient_put(p, rule, "if (subject.isInGroup(\"hufu-gated\")) return polkit.Result.NO;\n");
    patient_examine(p, check_switches);
    assert_int_equal(doctor_count(p->doctor), 0);
    patient_put(p, rule, "if (subject.isInGroup(\"sudo\")) return polkit.Result.YES;\n");
    patient_examine(p, check_switches);
    assert_int_equal(doctor_count(p->doctor), 0);
    patient_put(p, "/etc/polkit-1/localauthority/50-local.d/v.pkla",
                "Identity=unix-group:hufu-gated\nResultAny=yes\n");
    patient_examine(p, check_switches);
    assert_finds(p, DOCTOR_WARNING, "polkit-allows", "/etc/polkit-1/localauthority/50-local.d/v.pkla");
}

static void test_polkit_without_our_rule(void **state)
{
    static const char rule[] = "/usr/share/polkit-1/rules.d/00-hufu.rules";
    struct patient *p = *state;

    patient_put(p, "/usr/lib/polkit-1/polkitd", "");
    patient_examine(p, check_switches);
    assert_finds(p, DOCTOR_WARNING, "polkit-rule-missing", rule);
    patient_put(p, rule, "polkit.addRule(function (action, subject) { return polkit.Result.NO; });\n");
    patient_examine(p, check_switches);
    assert_int_equal(doctor_count(p->doctor), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_healthy, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_settings, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_settings_that_are_fine, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_entries, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_without_the_plugin, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_plugins, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_the_range_of_the_plugin, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_the_file_of_the_plugin, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_a_sudo_that_does_not_work, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_writable_sudoers, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_other_switches, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_polkit, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_polkit_without_our_rule, healthy_setup, patient_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
