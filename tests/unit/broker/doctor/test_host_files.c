// LAYERS: test_support
// LIBRARIES: jansson
// LINK: -Wl,--wrap=statvfs
#include "broker/doctor/checks.h"
#include "tests/unit/broker/doctor/healthy.h"
#include "tests/unit/support/issuing.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

/* Owners and modes of what decides, and room for records. */

static struct statvfs space;

int __wrap_statvfs(const char *path, struct statvfs *ret);
int __wrap_statvfs(const char *path, struct statvfs *ret)
{
    (void)path;
    *ret = space;
    return 0;
}

static int setup(void **state)
{
    space = (struct statvfs){
        .f_frsize = 4096, .f_blocks = 1000000, .f_bavail = 500000, .f_files = 100000, .f_favail = 50000};
    return healthy_setup(state);
}

static void test_healthy(void **state)
{
    struct patient *p = *state;

    patient_examine(p, check_files);
    assert_int_equal(doctor_count(p->doctor), 0);
    assert_int_equal(doctor_count_looked(p->doctor), 1);
}

static void test_what_root_alone_may_write(void **state)
{
    static const char *const files[] = {
        "/etc/hufu/hufud.conf", "/etc/hufu",
        "/etc/passwd",          "/etc/shadow",
        "/etc/ssh/sshd_config", "/usr/sbin/hufud",
        "/usr/bin/hufuctl",     "/usr/libexec/hufu/hufu-channel",
        "/usr/libexec/hufu",    "/etc",
        "/etc/nsswitch.conf",
    };
    struct patient *p = *state;

    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        struct stat st;

        must(stat(patient_path(p, files[i]), &st) == 0);
        must(chmod(patient_path(p, files[i]), st.st_mode | S_IWOTH) == 0);
        patient_examine(p, check_files);
        assert_finds(p, DOCTOR_PROBLEM, "file-writable", files[i]);
        assert_int_equal(doctor_count(p->doctor), 1);
        must(chmod(patient_path(p, files[i]), st.st_mode) == 0);
    }
}

static void test_what_is_missing(void **state)
{
    static const char *const files[] = {"/usr/libexec/hufu/hufu-authorized-keys",
                                        "/usr/libexec/hufu/hufu-channel", "/usr/libexec/hufu/hufu-reaper"};
    struct patient *p = *state;

    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        patient_remove(p, files[i]);
        patient_examine(p, check_files);
        assert_finds(p, DOCTOR_PROBLEM, "file-missing", files[i]);
        patient_put(p, files[i], "");
    }
}

static void test_what_others_may_not_read(void **state)
{
    struct patient *p = *state;

    must(chmod(patient_path(p, "/var/lib/hufu/hufu.db"), 0640) == 0);
    patient_examine(p, check_files);
    assert_finds(p, DOCTOR_PROBLEM, "file-open", "/var/lib/hufu/hufu.db");
    must(chmod(patient_path(p, "/var/lib/hufu/hufu.db"), 0600) == 0);
    must(chmod(patient_path(p, "/var/lib/hufu"), 0755) == 0);
    patient_put(p, "/etc/hufu/signer.key", "");
    patient_examine(p, check_files);
    assert_finds(p, DOCTOR_PROBLEM, "file-open", "/var/lib/hufu");
    assert_finds(p, DOCTOR_PROBLEM, "file-open", "/etc/hufu/signer.key");
    must(chmod(patient_path(p, "/etc/hufu/signer.key"), 0640) == 0);
    healthy_give(p, "/var/lib/hufu", 0700);
    must(chmod(patient_path(p, "/var/lib/hufu-anchor"), 0755) == 0);
    patient_examine(p, check_files);
    assert_finds(p, DOCTOR_PROBLEM, "file-open", "/var/lib/hufu-anchor");
    healthy_give(p, "/var/lib/hufu-anchor", 0700);
    patient_examine(p, check_files);
    assert_int_equal(doctor_count(p->doctor), 0);
}

static void test_no_user(void **state)
{
    struct patient *p = *state;

    patient_answer(p, "/usr/bin/getent passwd", 0, "root:x:0:0::/:/bin/sh\n");
    patient_examine(p, check_files);
    assert_finds(p, DOCTOR_PROBLEM, "user-missing", "hufu");
    assert_finds(p, DOCTOR_PROBLEM, "user-missing", "hufu-keys");
}

static void make_socket(struct patient *p, const char *path, mode_t mode)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    must((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s", patient_path(p, path)) <
         sizeof(address.sun_path));
    must(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && close(fd) == 0);
    healthy_give(p, path, mode);
}

static void test_sockets(void **state)
{
    struct patient *p = *state;

    healthy_broker(p, "{}", NULL);
    patient_put(p, "/run/hufu/control", "");
    patient_examine(p, check_files);
    assert_finds(p, DOCTOR_PROBLEM, "file-missing", "/run/hufu/gate");
    assert_finds(p, DOCTOR_PROBLEM, "socket-wrong", "/run/hufu/control");
    patient_remove(p, "/run/hufu/control");
    make_socket(p, "/run/hufu/control", 0666);
    make_socket(p, "/run/hufu/gate", 0666);
    make_socket(p, "/run/hufu/reaper", 0600);
    healthy_give(p, "/run/hufu", 0755);
    patient_examine(p, check_files);
    assert_int_equal(doctor_count(p->doctor), 0);
    healthy_give(p, "/run/hufu/gate", 0600);
    healthy_give(p, "/run/hufu", 0777);
    patient_examine(p, check_files);
    assert_finds(p, DOCTOR_PROBLEM, "socket-wrong", "/run/hufu/gate");
    assert_string_equal(doctor_get(p->doctor, 1)->advice, "systemctl stop hufud && systemctl start hufud");
    assert_finds(p, DOCTOR_PROBLEM, "socket-wrong", "/run/hufu");
    healthy_broker(p, NULL, NULL);
}

static void test_room(void **state)
{
    struct patient *p = *state;

    space.f_bavail = 1000;
    patient_examine(p, check_files);
    assert_finds(p, DOCTOR_WARNING, "disk-nearly-full", "/var/lib/hufu");
    space.f_bavail = 500000;
    space.f_favail = 3;
    patient_examine(p, check_files);
    assert_finds(p, DOCTOR_WARNING, "disk-nearly-full", "/var/lib/hufu");
    space.f_files = 0; /* a file system that does not count them */
    patient_examine(p, check_files);
    assert_int_equal(doctor_count(p->doctor), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_healthy, setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_what_root_alone_may_write, setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_what_is_missing, setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_what_others_may_not_read, setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_no_user, setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_sockets, setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_room, setup, patient_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
