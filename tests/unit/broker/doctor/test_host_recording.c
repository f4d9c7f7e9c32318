// LAYERS: test_support
// LIBRARIES: jansson
// LINK: -Wl,--wrap=statvfs
#include "broker/doctor/checks.h"
#include "policy/base/recorder.h"
#include "tests/unit/broker/doctor/healthy.h"
#include "tests/unit/support/issuing.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* A host on which sessions are to be recorded, with one thing of it missing. */

#define CONF    "[gate]\ngated-uid = 20000-29999\n"
#define RECORDS CONF "[recording]\nrecorder = tlog\n"
#define SNIPPET "/etc/profile.d/hufu-recording.sh"

static struct statvfs space;

int __wrap_statvfs(const char *path, struct statvfs *ret);
int __wrap_statvfs(const char *path, struct statvfs *ret)
{
    (void)path;
    *ret = space;
    return 0;
}

static void give(struct patient *p, const char *path, mode_t mode)
{
    must(chown(patient_path(p, path), getuid(), getgid()) == 0 && chmod(patient_path(p, path), mode) == 0);
}

static int setup(void **state)
{
    char passwd[128], group[128];
    struct patient *p;

    space = (struct statvfs){.f_frsize = 4096, .f_blocks = 1000000, .f_bavail = 500000};
    if (healthy_setup(state) != 0)
        return -1;
    p = *state;
    (void)snprintf(passwd, sizeof(passwd), "root:x:0:0::/:/bin/sh\nhufu-rec:x:%u:997::/:/usr/sbin/nologin\n",
                   getuid());
    (void)snprintf(group, sizeof(group), "hufu-gated:x:%u:\nhufu-auditors:x:%u:\n", getgid(), getgid());
    patient_answer(p, "/usr/bin/getent passwd", 0, passwd);
    patient_answer(p, "/usr/bin/getent group", 0, group);
    patient_put(p, "/etc/hufu/hufud.conf", RECORDS);
    patient_put(p, "/etc/pam.d/login", "");
    patient_put(p, SNIPPET, "");
    patient_put(p, RECORDER_TLOG, "");
    patient_put(p, "/run/utmp", "");
    patient_put(p, "/proc/sys/kernel/hostname", "db01\n");
    patient_answer(p, "/usr/bin/getent ahosts db01", 0, "127.0.1.1 STREAM db01\n");
    patient_put(p, RECORDER_PROGRAM, "");
    patient_put(p, RECORDER_FOLDER "/x", "");
    patient_remove(p, RECORDER_FOLDER "/x");
    give(p, RECORDER_PROGRAM, 04750);
    give(p, RECORDER_FOLDER, 02750);
    return 0;
}

static void test_healthy(void **state)
{
    struct patient *p = *state;

    patient_examine(p, check_recording);
    assert_healthy(p);
    assert_int_equal(doctor_count_looked(p->doctor), 1);
}

static void test_nothing_is_asked_of_a_host_that_does_not_record(void **state)
{
    static const char *const texts[] = {CONF, CONF "[recording]\nrecorder = none\n"};
    struct patient *p = *state;

    patient_remove(p, RECORDER_TLOG);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        patient_put(p, "/etc/hufu/hufud.conf", texts[i]);
        patient_examine(p, check_recording);
        assert_int_equal(doctor_count(p->doctor), 0);
    }
}

static void test_owner_and_mode(void **state)
{
    static const mode_t programs[] = {0750, 04755, 04770, 02750}, folders[] = {0755, 02770, 02757, 0700};
    struct patient *p = *state;

    for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
        give(p, RECORDER_PROGRAM, programs[i]);
        give(p, RECORDER_FOLDER, folders[i]);
        patient_examine(p, check_recording);
        assert_finds(p, DOCTOR_PROBLEM, "recorder-wrong", RECORDER_PROGRAM);
        assert_finds(p, DOCTOR_PROBLEM, "recorder-wrong", RECORDER_FOLDER);
    }
    give(p, RECORDER_FOLDER, 02750);
    give(p, RECORDER_PROGRAM, 04750);
    patient_answer(p, "/usr/bin/getent passwd", 0,
                   "root:x:0:0::/:/bin/sh\nhufu-rec:x:998:997::/:/bin/false\n");
    patient_examine(p, check_recording);
    assert_finds(p, DOCTOR_PROBLEM, "recorder-wrong", RECORDER_PROGRAM);
    assert_finds(p, DOCTOR_PROBLEM, "recorder-wrong", RECORDER_FOLDER);
    patient_answer(p, "/usr/bin/getent passwd", 0, "root:x:0:0::/:/bin/sh\n");
    patient_examine(p, check_recording);
    assert_finds(p, DOCTOR_PROBLEM, "user-missing", "hufu-rec");
}

static void test_group(void **state)
{
    struct patient *p = *state;

    patient_answer(p, "/usr/bin/getent group", 0, "hufu-gated:x:990:\n");
    patient_examine(p, check_recording);
    assert_finds(p, DOCTOR_PROBLEM, "recorder-wrong", RECORDER_PROGRAM);
    assert_finds(p, DOCTOR_PROBLEM, "recorder-wrong", RECORDER_FOLDER);
}

static void test_what_is_missing(void **state)
{
    static const struct {
        const char *path, *code;
        enum doctor_severity severity;
    } parts[] = {{RECORDER_PROGRAM, "recorder-wrong", DOCTOR_PROBLEM},
                 {RECORDER_FOLDER, "recorder-wrong", DOCTOR_PROBLEM},
                 {RECORDER_TLOG, "tlog-missing", DOCTOR_PROBLEM},
                 {"/run/utmp", "tlog-cannot-start", DOCTOR_PROBLEM},
                 {SNIPPET, "console-not-recorded", DOCTOR_WARNING}};
    struct patient *p = *state;

    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        patient_remove(p, parts[i].path);
        patient_examine(p, check_recording);
        assert_finds(p, parts[i].severity, parts[i].code, parts[i].path);
        assert_int_equal(doctor_count(p->doctor), i + 1);
    }
    /* Nobody logs in at a console there. */
    patient_remove(p, "/etc/pam.d/login");
    patient_examine(p, check_recording);
    assert_finds_not(p, "console-not-recorded");
}

static void test_a_name_that_nobody_knows(void **state)
{
    struct patient *p = *state;

    patient_answer(p, "/usr/bin/getent ahosts db01", 2, "");
    patient_examine(p, check_recording);
    assert_finds(p, DOCTOR_WARNING, "tlog-cannot-start", "db01");
    assert_int_equal(doctor_count(p->doctor), 1);
}

static void test_no_room(void **state)
{
    struct patient *p = *state;

    space.f_bavail = 2000;
    patient_examine(p, check_recording);
    assert_finds(p, DOCTOR_WARNING, "disk-nearly-full", RECORDER_FOLDER);
    assert_int_equal(doctor_count(p->doctor), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_healthy, setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_nothing_is_asked_of_a_host_that_does_not_record, setup,
                                        patient_teardown),
        cmocka_unit_test_setup_teardown(test_owner_and_mode, setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_group, setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_what_is_missing, setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_a_name_that_nobody_knows, setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_no_room, setup, patient_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
