// LAYERS: test_support
// LIBRARIES: jansson
// LINK: -Wl,--wrap=clock_is_synchronised
#include "broker/common/clock.h"
#include "broker/doctor/checks.h"
#include "tests/unit/broker/doctor/healthy.h"
#include "tests/unit/support/issuing.h"
#include "tests/unit/unit.h"

#include <string.h>

/* Where accounts come from, what kernel and clock are like, where records go. */

static bool synchronised;

bool __wrap_clock_is_synchronised(void);
bool __wrap_clock_is_synchronised(void)
{
    return synchronised;
}

static int setup(void **state)
{
    synchronised = true;
    return healthy_setup(state);
}

static void test_healthy(void **state)
{
    static doctor_check *const checks[] = {check_config, check_database, check_kernel, check_time,
                                           check_records};

    for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
        patient_examine(*state, checks[i]);
        assert_int_equal(doctor_count(((struct patient *)*state)->doctor), 0);
    }
}

static void test_configuration(void **state)
{
    struct patient *p = *state;

    patient_put(p, "/etc/hufu/reaper.conf", "[reaper]\ngated-uid = 20000-39999\n");
    patient_answer_with(p, "/usr/sbin/hufud --check", 1, "", "hufud.conf:3: unknown key x\n");
    patient_examine(p, check_config);
    assert_finds(p, DOCTOR_PROBLEM, "range-differs", "/etc/hufu/reaper.conf");
    assert_finds(p, DOCTOR_PROBLEM, "config-wrong", "/etc/hufu/hufud.conf");
    assert_non_null(strstr(patient_finding(p, "config-wrong", NULL)->message, "unknown key x"));
    assert_int_equal(doctor_count(p->doctor), 2);
    patient_put(p, "/etc/hufu/ldapd.conf", ""); /* and nothing that could judge it */
    patient_examine(p, check_config);
    assert_finds(p, DOCTOR_PROBLEM, "not-looked-at", NULL);
}

static void test_a_database_that_is_away(void **state)
{
    struct patient *p = *state;

    patient_answer(p, "/usr/bin/getent passwd", 2, "");
    patient_examine(p, check_database);
    assert_finds(p, DOCTOR_PROBLEM, "accounts-unreachable", "getent passwd");
    assert_int_equal(doctor_count(p->doctor), 1);
}

static void test_sources(void **state)
{
    struct patient *p = *state;

    patient_put(p, "/etc/nsswitch.conf", "passwd: sss [NOTFOUND=return] files\ngroup: files sss\n");
    patient_examine(p, check_database);
    assert_finds(p, DOCTOR_WARNING, "accounts-elsewhere-first", "passwd");
    assert_finds(p, DOCTOR_NOTE, "accounts-elsewhere", "group");
    assert_int_equal(doctor_count(p->doctor), 2);
}

static void test_useradd(void **state)
{
    struct patient *p = *state;

    patient_put(p, "/etc/login.defs", "# nothing said\n");
    patient_examine(p, check_database);
    assert_finds(p, DOCTOR_WARNING, "useradd-gives-gated", "/etc/login.defs");
    patient_put(p, "/etc/login.defs", "UID_MIN 30000\nUID_MAX 60000\n");
    patient_examine(p, check_database);
    assert_finds_not(p, "useradd-gives-gated");
    patient_put(p, "/etc/login.defs", "UID_MIN 1000\nUID_MAX 20000\n");
    patient_answer(p, "/usr/bin/getent passwd", 0, "root:x:0:0::/:/bin/sh\n");
    patient_examine(p, check_database);
    assert_finds(p, DOCTOR_NOTE, "useradd-gives-gated", "/etc/login.defs"); /* nobody is gated yet */
}

static void test_subordinate(void **state)
{
    struct patient *p = *state;

    patient_put(p, "/etc/subuid", "wang.wu:100000:65536\nsvc:10000:10001\n");
    patient_examine(p, check_database);
    assert_finds(p, DOCTOR_WARNING, "subordinate-ids-gated", "/etc/subuid");
    patient_put(p, "/etc/subuid", "wang.wu:30000:65536\nsvc:10000:10000\n");
    patient_examine(p, check_database);
    assert_int_equal(doctor_count(p->doctor), 0);
}

static void test_kernel(void **state)
{
    struct patient *p = *state;

    patient_put(p, "/proc/self/mounts", "proc /proc proc rw,hidepid=invisible 0 0\n");
    patient_put(p, "/proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
    patient_remove(p, "/proc/self/loginuid");
    patient_remove(p, "/sys/fs/cgroup/init.scope/cgroup.kill");
    patient_answer(p, "/usr/bin/systemctl show -p Id -p ActiveState systemd-logind.service", 0,
                   "Id=systemd-logind.service\nActiveState=inactive\n");
    patient_examine(p, check_kernel);
    assert_finds(p, DOCTOR_PROBLEM, "proc-hidden", "/proc");
    assert_finds(p, DOCTOR_PROBLEM, "login-uid-missing", "/proc/self/loginuid");
    assert_finds(p, DOCTOR_NOTE, "kernel-older", NULL);
    assert_finds(p, DOCTOR_WARNING, "cgroup-kill-missing", "/sys/fs/cgroup");
    assert_finds(p, DOCTOR_WARNING, "logind-away", "systemd-logind");
    patient_remove(p, "/sys/fs/cgroup/cgroup.controllers");
    patient_examine(p, check_kernel);
    assert_finds(p, DOCTOR_WARNING, "cgroup-version", "/sys/fs/cgroup");
    assert_finds_not(p, "cgroup-kill-missing");
}

/* The shipped unit's mount is its own. */
static void test_a_proc_that_hides(void **state)
{
    static const char line[] = "/usr/bin/systemctl show -p Id -p MainPID hufu-reaper.service";
    static const char hidden[] = "proc /proc proc rw,hidepid=invisible 0 0\n";
    struct patient *p = *state;

    patient_put(p, "/proc/self/mounts", hidden);
    patient_put(p, "/proc/77/mounts", "proc /proc proc rw 0 0\n");
    patient_answer(p, line, 0, "Id=hufu-reaper.service\nMainPID=77\n");
    patient_examine(p, check_kernel);
    assert_finds(p, DOCTOR_NOTE, "proc-hidden", "/proc");
    patient_put(p, "/proc/77/mounts", hidden);
    patient_examine(p, check_kernel);
    assert_finds(p, DOCTOR_PROBLEM, "proc-hidden", "/proc");
    patient_answer(p, line, 0, "Id=hufu-reaper.service\nMainPID=0\n");
    patient_examine(p, check_kernel);
    assert_finds(p, DOCTOR_PROBLEM, "proc-hidden", "/proc");
}

static void test_time(void **state)
{
    struct patient *p = *state;

    synchronised = false;
    patient_examine(p, check_time);
    assert_finds(p, DOCTOR_WARNING, "clock-not-synchronised", "clock");
    synchronised = true;
    patient_put(p, "/etc/hufu/hufud.conf", "[gate]\n[directory]\nstatus-max-age = none\n");
    patient_examine(p, check_time);
    assert_int_equal(doctor_count(p->doctor), 0);
    patient_put(p, "/etc/hufu/ldapd.conf", "");
    patient_examine(p, check_time);
    assert_finds(p, DOCTOR_WARNING, "status-not-required", "/etc/hufu/hufud.conf");
}

static void test_the_journal(void **state)
{
    struct patient *p = *state;

    patient_put(p, "/etc/systemd/journald.conf", "[Journal]\nStorage=volatile\n");
    patient_examine(p, check_records);
    assert_finds(p, DOCTOR_WARNING, "journal-not-kept", "systemd-journald");
    patient_put(p, "/etc/systemd/journald.conf.d/10-a.conf", "[Journal]\nStorage=persistent\n");
    patient_put(p, "/etc/systemd/journald.conf.d/99-b.txt", "[Journal]\nStorage=none\n");
    patient_examine(p, check_records);
    assert_int_equal(doctor_count(p->doctor), 0);
    patient_put(p, "/etc/systemd/journald.conf.d/10-a.conf", "[Journal]\nStorage=auto\n");
    patient_remove(p, "/var/log/journal/x");
    patient_remove(p, "/var/log/journal");
    patient_examine(p, check_records);
    assert_finds(p, DOCTOR_WARNING, "journal-not-kept", "systemd-journald");
}

static void test_copies(void **state)
{
    struct patient *p = *state;

    patient_put(p, "/etc/rsyslog.d/remote.conf", "# *.* @@logs\nmail.* -/var/log/mail@x\n");
    patient_examine(p, check_records);
    assert_finds(p, DOCTOR_NOTE, "records-only-here", "journal");
    patient_put(p, "/etc/systemd/journal-upload.conf",
                "[Upload]\n# URL=\nURL=https://logs.finance.example\n");
    patient_examine(p, check_records);
    assert_int_equal(doctor_count(p->doctor), 0);
    patient_remove(p, "/usr/lib/systemd/catalog/hufu.catalog");
    patient_examine(p, check_records);
    assert_finds(p, DOCTOR_NOTE, "catalog-missing", "hufu.catalog");
}

static void test_audit(void **state)
{
    static const char rules[] = "/etc/audit/rules.d/50-hufu.rules";
    struct patient *p = *state;

    patient_put(p, rules, "-a always,exit -F auid>=30000 -F auid<=39999 -F key=hufu\n");
    patient_examine(p, check_records);
    assert_finds(p, DOCTOR_WARNING, "audit-rules-range", rules);
    patient_remove(p, rules);
    patient_examine(p, check_records);
    assert_finds(p, DOCTOR_WARNING, "audit-rules-missing", rules);
    patient_remove(p, "/usr/sbin/auditd");
    patient_examine(p, check_records);
    assert_finds(p, DOCTOR_NOTE, "auditd-absent", "auditd");
    assert_int_equal(doctor_count(p->doctor), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_healthy, setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_configuration, setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_a_database_that_is_away, setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_sources, setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_useradd, setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_subordinate, setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_kernel, setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_a_proc_that_hides, setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_time, setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_the_journal, setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_copies, setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_audit, setup, patient_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
