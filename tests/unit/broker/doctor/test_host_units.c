// LAYERS: test_support
// LIBRARIES: jansson
#include "broker/doctor/checks.h"
#include "tests/unit/broker/doctor/healthy.h"
#include "tests/unit/support/issuing.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>

/* Do the units run, as they are shipped; who runs without a session. */

static void test_healthy(void **state)
{
    struct patient *p = *state;

    healthy_broker(p, "{\"version\": \"" HUFU_VERSION "\"}", NULL);
    patient_examine(p, check_units);
    assert_int_equal(doctor_count(p->doctor), 0);
    healthy_broker(p, NULL, NULL);
}

static void test_changed(void **state)
{
    static const struct {
        const char *line, *instead, *code, *unit;
        enum doctor_severity severity;
    } rows[] = {
        {"LoadState=loaded", "LoadState=masked", "unit-missing", "hufud.service", DOCTOR_PROBLEM},
        {"ActiveState=active", "ActiveState=failed", "unit-not-running", "hufud.service", DOCTOR_PROBLEM},
        {"UnitFileState=enabled", "UnitFileState=disabled", "unit-not-enabled", "hufud.service",
         DOCTOR_WARNING},
        {"NeedDaemonReload=no", "NeedDaemonReload=yes", "unit-changed", "hufud.service", DOCTOR_WARNING},
        {"DropInPaths=\n", "DropInPaths=/etc/systemd/system/hufud.service.d/a.conf\n", "unit-overridden",
         "hufud.service", DOCTOR_NOTE},
        {"User=hufu\n", "User=root\n", "unit-weakened", "hufud.service", DOCTOR_PROBLEM},
        {"PrivateNetwork=yes", "PrivateNetwork=no", "unit-weakened", "hufud.service", DOCTOR_PROBLEM},
        {"CapabilityBoundingSet=\n", "CapabilityBoundingSet=cap_sys_admin\n", "unit-weakened",
         "hufud.service", DOCTOR_PROBLEM},
        {"LogRateLimitIntervalUSec=0", "LogRateLimitIntervalUSec=30s", "unit-loses-records", "hufud.service",
         DOCTOR_WARNING},
        {"ProtectProc=default", "ProtectProc=invisible", "unit-breaks-reaper", "hufu-reaper.service",
         DOCTOR_PROBLEM},
        {"CapabilityBoundingSet=cap_kill", "CapabilityBoundingSet=cap_kill cap_sys_ptrace", "unit-weakened",
         "hufu-reaper.service", DOCTOR_PROBLEM},
    };
    struct patient *p = *state;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        healthy_units(p, rows[i].line, rows[i].instead);
        patient_examine(p, check_units);
        assert_finds(p, rows[i].severity, rows[i].code, rows[i].unit);
        assert_int_equal(doctor_count(p->doctor), 1);
    }
}

static void test_the_directory_client(void **state)
{
    struct patient *p = *state;

    healthy_units(p, "User=hufu-ldap", "User=root");
    patient_examine(p, check_units);
    assert_int_equal(doctor_count(p->doctor), 0); /* it is not used here */
    patient_put(p, "/etc/hufu/ldapd.conf", "");
    patient_examine(p, check_units);
    assert_finds(p, DOCTOR_PROBLEM, "unit-weakened", "hufu-ldapd.service");
}

static void test_replaced(void **state)
{
    struct patient *p = *state;

    patient_put(p, "/etc/hufu/ldapd.conf", "");
    patient_put(p, "/proc/77/x", "");
    patient_link(p, "/proc/77/exe", "/usr/libexec/hufu/hufu-ldapd");
    patient_examine(p, check_units);
    assert_int_equal(doctor_count(p->doctor), 0);
    patient_remove(p, "/proc/77/exe");
    patient_link(p, "/proc/77/exe", "/usr/libexec/hufu/hufu-ldapd (deleted)");
    healthy_broker(p, "{\"version\": \"0.0.9\"}", NULL);
    patient_examine(p, check_units);
    assert_finds(p, DOCTOR_WARNING, "restart-needed", "hufu-ldapd.service");
    assert_finds(p, DOCTOR_WARNING, "version-differs", "hufud");
    healthy_broker(p, NULL, NULL);
}

static void test_no_systemd(void **state)
{
    struct patient *p = *state;

    patient_answer_fails(p, "/usr/bin/systemctl show -p Id -p ActiveState systemd-logind.service", -ENOENT);
    patient_examine(p, check_kernel);
    assert_finds(p, DOCTOR_PROBLEM, "not-looked-at", NULL);
}

/* ---- processes ---- */

static void put_process(struct patient *p, const char *pid, const char *state, unsigned uid,
                        const char *login_uid, unsigned ticks)
{
    char path[64], text[200];

    (void)snprintf(path, sizeof(path), "/proc/%s/status", pid);
    (void)snprintf(text, sizeof(text), "Name:\tsleep\nState:\t%s\nUid:\t%u\t0\t0\t0\n", state, uid);
    patient_put(p, path, text);
    (void)snprintf(path, sizeof(path), "/proc/%s/loginuid", pid);
    patient_put(p, path, login_uid);
    (void)snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    (void)snprintf(text, sizeof(text), "%s (a ) b) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %u 0 0\n", pid,
                   ticks);
    patient_put(p, path, text);
}

static int processes_setup(void **state)
{
    int r = healthy_setup(state);
    struct patient *p = *state;

    patient_put(p, "/proc/stat", "cpu 1 2 3\nbtime 1000000\n");
    p->host.now = 1000100;
    healthy_broker(p, "{}",
                   "{\"grants\": [{\"staff\": \"li.si\", \"sessions_live\": 1}, "
                   "{\"staff\": \"zhang.san\", \"sessions_live\": 0}]}");
    return r;
}

static int processes_teardown(void **state)
{
    healthy_broker(*state, NULL, NULL);
    return patient_teardown(state);
}

static void test_processes(void **state)
{
    struct patient *p = *state;

    put_process(p, "1", "S (sleeping)", 0, "4294967295", 1);
    put_process(p, "50", "S (sleeping)", 1000, "1000", 100);
    put_process(p, "51", "S (sleeping)", 20002, "20002", 100); /* has a session */
    put_process(p, "52", "Z (zombie)", 20001, "20001", 100);
    patient_examine(p, check_processes);
    assert_int_equal(doctor_count(p->doctor), 0);
    put_process(p, "60", "S (sleeping)", 20001, "4294967295", 100);
    put_process(p, "61", "S (sleeping)", 0, "20001\n", 100);
    put_process(p, "62", "S (sleeping)", 20999, "4294967295", 100); /* no account at all */
    patient_examine(p, check_processes);
    assert_finds(p, DOCTOR_PROBLEM, "process-without-session", "60");
    assert_finds(p, DOCTOR_PROBLEM, "process-without-session", "61");
    assert_finds(p, DOCTOR_PROBLEM, "process-without-session", "62");
    assert_int_equal(doctor_count(p->doctor), 3);
}

/* It is of a login that came after hufud was asked. */
static void test_a_process_that_just_began(void **state)
{
    struct patient *p = *state;

    put_process(p, "60", "S (sleeping)", 20001, "20001", 100 * 100);
    patient_examine(p, check_processes);
    assert_int_equal(doctor_count(p->doctor), 0);
    p->host.now = 1000110;
    patient_examine(p, check_processes);
    assert_finds(p, DOCTOR_PROBLEM, "process-without-session", "60");
}

static void test_processes_without_hufud(void **state)
{
    struct patient *p = *state;

    put_process(p, "60", "S (sleeping)", 20001, "20001", 100);
    healthy_broker(p, NULL, NULL);
    patient_examine(p, check_processes);
    assert_int_equal(doctor_count(p->doctor), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_healthy, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_changed, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_the_directory_client, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_replaced, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_no_systemd, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_processes, processes_setup, processes_teardown),
        cmocka_unit_test_setup_teardown(test_a_process_that_just_began, processes_setup, processes_teardown),
        cmocka_unit_test_setup_teardown(test_processes_without_hufud, processes_setup, processes_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
