// LAYERS: test_support
// LIBRARIES: jansson

#include "broker/doctor/checks.h"
#include "broker/doctor/sshd.h"
#include "tests/unit/broker/doctor/debian.h"
#include "tests/unit/broker/doctor/healthy.h"
#include "tests/unit/support/issuing.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What somebody who was root once may leave behind so that nobody notices, and what an examination must not
 * be held up, or be led astray, by. */

#define SSHD    "/etc/pam.d/sshd"
#define NOLOGIN "account required pam_nologin.so\n"
#define UNIT    "/etc/systemd/system/backup.service"

/* ---- stacks ---- */

/* For one uid, or some, inside of the range. */
static void test_a_jump_for_one_of_the_range(void **state)
{
    static const char *const conditions[] = {"uid eq 20001", "uid gt 20000 uid lt 29999", "uid = 20001",
                                             "uid ge 0x4e21 uid le 0x4e22", "user = zhang.san"};
    struct patient *p = *state;

    for (size_t i = 0; i < ARRAY_SIZE(conditions); i++) {
        cleanup_free char *line = issue_text(
            "account [success=done default=ignore] pam_succeed_if.so quiet %s\n" NOLOGIN, conditions[i]);

        debian_put_stacks(p);
        debian_change(p, SSHD, NOLOGIN, line);
        patient_examine(p, check_pam);
        assert_finds(p, DOCTOR_PROBLEM, "pam-ends-before-gate", SSHD);
    }
}

static void test_a_module_of_the_same_name(void **state)
{
    static const char other[] = "/usr/local/lib/pam_hufu.so";
    struct patient *p = *state;

    debian_put_stacks(p);
    patient_put(p, other, "");
    debian_change(p, "/etc/pam.d/su", "pam_hufu.so", "/usr/local/lib/pam_hufu.so");
    patient_examine(p, check_pam);
    assert_finds(p, DOCTOR_PROBLEM, "pam-module-elsewhere", other);
    /* Another name for the one that was installed. */
    patient_remove(p, other);
    patient_link(p, other, "/usr/lib/x86_64-linux-gnu/security/pam_hufu.so");
    patient_examine(p, check_pam);
    assert_finds_not(p, "pam-module-elsewhere");
}

/* Whatever a stack loads, and in whichever phase, runs as root. */
static void test_a_module_that_others_write(void **state)
{
    static const char module[] = "/opt/token/pam_token.so";
    struct patient *p = *state;

    debian_put_stacks(p);
    patient_put(p, module, "");
    must(chmod(patient_path(p, module), 0666) == 0);
    debian_change(p, SSHD, "@include common-auth\n",
                  "auth optional /opt/token/pam_token.so\n@include common-auth\n");
    patient_examine(p, check_pam);
    assert_finds(p, DOCTOR_PROBLEM, "pam-module-foreign", module);
    must(chmod(patient_path(p, module), 0644) == 0);
    patient_examine(p, check_pam);
    assert_healthy(p);
}

/* Each takes the next in many times; the last one is empty, so that lines alone have no end. */
static void test_includes_that_multiply(void **state)
{
    struct patient *p = *state;

    debian_put_stacks(p);
    for (int i = 0; i < 12; i++) {
        cleanup_free char *path = issue_text("/etc/pam.d/zz%d", i);
        cleanup_free char *line = issue_text("account include zz%d\n", i + 1);
        cleanup_free char *text =
            issue_text("%s%s%s%s%s%s%s%s", line, line, line, line, line, line, line, line);

        patient_put(p, path, text);
    }
    patient_put(p, "/etc/pam.d/zz12", "# nothing\n");
    patient_examine(p, check_pam);
    assert_finds(p, DOCTOR_PROBLEM, "pam-broken", "/etc/pam.d/zz0");
}

/* A sparse file of a terabyte, and what is no file, are no reason to wait. */
static void test_files_without_an_end(void **state)
{
    struct patient *p = *state;
    char *text = NULL;

    debian_put_stacks(p);
    patient_put(p, "/etc/pam.d/huge", "");
    must(truncate(patient_path(p, "/etc/pam.d/huge"), (off_t)1 << 40) == 0);
    must(mkfifo(patient_path(p, "/etc/pam.d/fifo"), 0600) == 0);
    patient_link(p, "/etc/pam.d/loop", "loop");
    patient_examine(p, check_pam);
    assert_finds(p, DOCTOR_PROBLEM, "not-looked-at", NULL);
    assert_int_equal(doctor_read(p->doctor, "/etc/pam.d/huge", &text), -EFBIG);
    assert_int_equal(doctor_read(p->doctor, "/etc/pam.d/fifo", &text), -EPERM);
    assert_int_equal(doctor_read(p->doctor, "/etc/pam.d/loop", &text), -ELOOP);
}

/* ---- sshd ---- */

static void judged(struct patient *p, const char *settings, enum doctor_severity severity, const char *code)
{
    cleanup(doctor_free_p) struct doctor *d = doctor_new(&p->host);
    uint32_t told = 0;
    const struct doctor_finding *found = NULL;

    must(d != NULL);
    sshd_judge_settings(d, &(struct sshd_asked){SSHD_CONFIG, "zhang.san", settings}, &told);
    for (size_t i = 0; i < doctor_count(d); i++)
        if (strcmp(doctor_get(d, i)->code, code) == 0)
            found = doctor_get(d, i);
    if (!severity) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_int_equal(found->severity, severity);
    assert_non_null(found->advice);
}

static void test_newer_keywords(void **state)
{
    judged(*state, "pamservicename sshd-legacy\n", DOCTOR_PROBLEM, "sshd-other-stack");
    judged(*state, "pamservicename sshd\n", 0, "sshd-other-stack");
    judged(*state, "sshdsessionpath /opt/ssh/sshd-session\n", DOCTOR_PROBLEM, "sshd-other-program");
    judged(*state, "sshdauthpath /opt/ssh/sshd-auth\n", DOCTOR_PROBLEM, "sshd-other-program");
    judged(*state,
           "sshdsessionpath /usr/lib/openssh/sshd-session\nsshdauthpath /usr/libexec/openssh/sshd-auth\n"
           "securitykeyprovider internal\n",
           0, "sshd-other-program");
    judged(*state, "securitykeyprovider /opt/sk.so\n", DOCTOR_WARNING, "sshd-other-program");
}

static void test_a_routing_domain(void **state)
{
    struct sshd_matches matches = {.n = 0};

    (void)state;
    sshd_config_add_matches("Match RDomain vrf-7,x\n", &matches);
    assert_int_equal(matches.n, 1);
    assert_string_equal(matches.items[0].circumstance.routing_domain, "vrf-7");
}

static void find_instances(struct patient *p, struct sshd_instances *ret)
{
    doctor_free(p->doctor);
    p->doctor = doctor_new(&p->host);
    must(p->doctor != NULL);
    sshd_instances_find(p->doctor, ret);
}

/* What the next boot starts. */
static void test_drop_ins_of_sshd(void **state)
{
    struct patient *p = *state;
    struct sshd_instances all;

    patient_answer(p, "/usr/bin/ps -C sshd -o uid=,args=", 1, "");
    patient_put(p, "/etc/systemd/system/ssh.service.d/z.conf",
                "[Service]\nExecStart=\nExecStart=/usr/sbin/sshd -D \\\n  -o UsePAM=no\n");
    find_instances(p, &all);
    assert_int_equal(all.n, 2);
    assert_string_equal(all.items[1].options[1], "UsePAM=no");
}

/* Anybody's process may be called sshd: its file is not read, and does not crowd out others. */
static void test_processes_that_are_called_sshd(void **state)
{
    struct patient *p = *state;
    struct sshd_instances all;

    patient_answer(p, "/usr/bin/ps -C sshd -o uid=,args=", 0,
                   " 1000 sshd -f /etc/shadow\n20001 /usr/sbin/sshd -f /etc/shadow\n"
                   "    0 sshd: /usr/sbin/sshd -D -f /etc/ssh/second [listener] 0 of 10-100 startups\n");
    find_instances(p, &all);
    assert_int_equal(all.n, 2);
    assert_string_equal(all.items[1].config, "/etc/ssh/second");
    for (int i = 0; i < SSHD_INSTANCES_MAX; i++) {
        cleanup_free char *line = issue_text("sshd -p %d", 2000 + i);

        must(sshd_instances_add(&all, line));
    }
    assert_true(all.more);
}

static void test_another_program(void **state)
{
    struct patient *p = *state;

    patient_put(p, "/usr/sbin/sshd", "");
    patient_put(p, UNIT, "[Service]\nExecStart=/opt/ssh/sbin/sshd -D\n");
    patient_answer(p, "/usr/bin/getent passwd", 0, "");
    patient_answer(p, "/usr/bin/ps -C sshd -o uid=,args=", 1, "");
    patient_examine(p, check_sshd);
    assert_finds(p, DOCTOR_WARNING, "sshd-other-daemon", "/opt/ssh/sbin/sshd");
}

/* ---- sudo and polkit ---- */

static void test_a_policy_of_the_same_name(void **state)
{
    static const char *const lines[] = {"Plugin sudoers_policy /opt/lib/sudoers.so\n",
                                        "plugin other_policy x.so\n",
                                        "PLUGIN sudoers_policy /usr/local/sudoers.so\n"};
    struct patient *p = *state;

    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        patient_put(p, "/etc/sudo.conf", lines[i]);
        patient_examine(p, check_sudo);
        assert_finds(p, DOCTOR_PROBLEM, "sudo-other-policy", "/etc/sudo.conf");
    }
    patient_put(p, "/etc/sudo.conf",
                "Plugin sudoers_policy /usr/libexec/sudo/sudoers.so\nPlugin sudoers_io sudoers.so\n");
    patient_examine(p, check_sudo);
    assert_finds_not(p, "sudo-other-policy");
}

static void test_kept_by_a_pattern(void **state)
{
    static const char *const values[] = {"env_keep+=*", "env_keep+=\"DISPLAY *\"", "env_keep=\"L*\"",
                                         "env_keep+=*PATH"};
    struct patient *p = *state;

    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        healthy_sudo(p, "root", values[i], NULL);
        patient_examine(p, check_sudo);
        assert_finds(p, DOCTOR_WARNING, "sudo-environment", "/etc/sudoers");
    }
    healthy_sudo(p, "root", "env_keep+=\"LC_* XDG_*\"", NULL);
    patient_examine(p, check_sudo);
    assert_finds_not(p, "sudo-environment");
}

static void test_polkit_says_yes_to_everybody(void **state)
{
    static const char rule[] = "/etc/polkit-1/rules.d/00-a.rules",
                      pkla[] = "/etc/polkit-1/localauthority/50-local.d/a.pkla";
    struct patient *p = *state;

    patient_put(p, rule,
                "polkit.addRule(function(action, subject) {\n  if (action.id == "
                "'org.freedesktop.policykit.exec') return polkit.Result.YES;\n});\n");
    patient_put(p, pkla, "[a]\nIdentity=unix-user:*\nAction=*\nResultAny=yes\n");
    patient_examine(p, check_switches);
    assert_finds(p, DOCTOR_WARNING, "polkit-allows", rule);
    assert_finds(p, DOCTOR_WARNING, "polkit-allows", pkla);
}

static void test_a_polkit_that_reads_no_rules(void **state)
{
    struct patient *p = *state;

    patient_put(p, "/usr/libexec/polkitd", "");
    patient_put(p, "/usr/share/polkit-1/rules.d/00-hufu.rules", "");
    patient_examine(p, check_switches);
    assert_finds(p, DOCTOR_WARNING, "polkit-rule-missing", "/usr/libexec/polkitd");
}

/* ---- units, accounts, files ---- */

static void test_a_unit_of_a_gated_account(void **state)
{
    static const char *const users[] = {"zhang.san", "20001"};
    struct patient *p = *state;

    for (size_t i = 0; i < ARRAY_SIZE(users); i++) {
        cleanup_free char *text = issue_text("[Service]\nUser=%s\nExecStart=/bin/sleep 1\n", users[i]);

        patient_put(p, UNIT, text);
        patient_put(p, "/etc/systemd/system/x.service.d/a.conf", text);
        patient_examine(p, check_units);
        assert_finds(p, DOCTOR_PROBLEM, "unit-runs-as-gated", UNIT);
        assert_finds(p, DOCTOR_PROBLEM, "unit-runs-as-gated", "/etc/systemd/system/x.service.d/a.conf");
    }
    patient_put(p, UNIT, "[Service]\nUser=wang.wu\n");
    patient_put(p, "/etc/systemd/system/x.service.d/a.conf", "[Service]\nUser=zhang.san\nPAMName=login\n");
    patient_examine(p, check_units);
    assert_finds_not(p, "unit-runs-as-gated");
}

static void test_a_name_with_two_lines(void **state)
{
    struct patient *p = *state;

    healthy_accounts(p, "wang.wu:x:20003:990::/home/wang.wu:/bin/sh\n", NULL);
    patient_examine(p, check_accounts);
    assert_finds(p, DOCTOR_PROBLEM, "account-name-twice", "wang.wu");
}

static void test_preloaded(void **state)
{
    struct patient *p = *state;

    patient_put(p, "/etc/ld.so.preload", "# nothing\n");
    patient_examine(p, check_files);
    assert_finds_not(p, "preloaded");
    patient_put(p, "/etc/ld.so.preload", "/usr/local/lib/x.so\n");
    patient_examine(p, check_files);
    assert_finds(p, DOCTOR_WARNING, "preloaded", "/etc/ld.so.preload");
}

#define BARE(name)    cmocka_unit_test_setup_teardown(name, patient_setup, patient_teardown)
#define HEALTHY(name) cmocka_unit_test_setup_teardown(name, healthy_setup, patient_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BARE(test_a_jump_for_one_of_the_range),
        BARE(test_a_module_of_the_same_name),
        BARE(test_a_module_that_others_write),
        BARE(test_includes_that_multiply),
        BARE(test_files_without_an_end),
        BARE(test_newer_keywords),
        BARE(test_a_routing_domain),
        BARE(test_drop_ins_of_sshd),
        BARE(test_processes_that_are_called_sshd),
        BARE(test_another_program),
        HEALTHY(test_a_policy_of_the_same_name),
        HEALTHY(test_kept_by_a_pattern),
        HEALTHY(test_polkit_says_yes_to_everybody),
        HEALTHY(test_a_polkit_that_reads_no_rules),
        HEALTHY(test_a_unit_of_a_gated_account),
        HEALTHY(test_a_name_with_two_lines),
        HEALTHY(test_preloaded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
