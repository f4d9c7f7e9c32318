// LAYERS: test_support
// LIBRARIES: jansson
#include "broker/doctor/checks.h"
#include "tests/unit/broker/doctor/healthy.h"
#include "tests/unit/support/issuing.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

/* Who is gated, who only looks like it, and which groups undo the gate. */

static void test_healthy(void **state)
{
    struct patient *p = *state;

    patient_examine(p, check_accounts);
    assert_int_equal(doctor_count(p->doctor), 0);
    assert_int_equal(doctor_count_looked(p->doctor), 1);
    patient_examine(p, check_groups);
    assert_int_equal(doctor_count(p->doctor), 0);
}

static void test_another_primary_group(void **state)
{
    struct patient *p = *state;

    healthy_accounts(p, "chen:x:29999:100::/:/bin/sh\nlast:x:30000:100::/:/bin/sh\n", NULL);
    patient_examine(p, check_accounts);
    assert_finds(p, DOCTOR_PROBLEM, "account-not-in-group", "chen");
    assert_int_equal(doctor_count(p->doctor), 1);
}

static void test_a_member_outside_the_range(void **state)
{
    struct patient *p = *state;

    healthy_accounts(p, "old:x:19999:990::/:/bin/sh\n", NULL);
    patient_examine(p, check_accounts);
    assert_finds(p, DOCTOR_PROBLEM, "account-outside-range", "old");
    healthy_accounts(p, NULL, "hufu-gated:x:990:wang.wu\n");
    patient_put(p, "/etc/group", "hufu-gated:x:990:wang.wu\n");
    patient_answer(p, "/usr/bin/getent group", 0, "hufu-gated:x:990:wang.wu\n");
    patient_examine(p, check_accounts);
    assert_finds(p, DOCTOR_WARNING, "group-missing", "hufu-auditors");
    assert_finds(p, DOCTOR_PROBLEM, "account-outside-range", "wang.wu");
}

static void test_no_group(void **state)
{
    struct patient *p = *state;

    patient_answer(p, "/usr/bin/getent group", 0, "root:x:0:\n");
    patient_examine(p, check_accounts);
    assert_finds(p, DOCTOR_PROBLEM, "group-missing", "hufu-gated");
}

static void test_one_uid_twice(void **state)
{
    struct patient *p = *state;

    healthy_accounts(p, "twin:x:20001:990::/:/bin/sh\ntoor:x:0:0::/root:/bin/sh\n", NULL);
    patient_examine(p, check_accounts);
    assert_finds(p, DOCTOR_PROBLEM, "account-uid-shared", "twin");
    assert_finds(p, DOCTOR_WARNING, "account-second-root", "toor");
}

static void test_a_home_of_others(void **state)
{
    struct patient *p = *state;

    /* A folder of a test can be given to nobody: its owner is not zhang.san, and that is the fault. */
    patient_put(p, "/home/zhang.san/file", "");
    patient_examine(p, check_accounts);
    assert_finds(p, DOCTOR_WARNING, "account-home-writable", "/home/zhang.san");
}

static void test_what_is_left_running(void **state)
{
    struct patient *p = *state;

    patient_put(p, "/var/lib/systemd/linger/li.si", "");
    patient_put(p, "/var/lib/systemd/linger/wang.wu", "");
    patient_put(p, "/etc/subuid", "wang.wu:100000:65536\nzhang.san:165536:65536\n20002:231072:65536\n");
    patient_examine(p, check_accounts);
    assert_finds(p, DOCTOR_WARNING, "account-lingers", "li.si");
    assert_finds_not(p, "account-subordinate-ids"); /* nothing uses them */
    assert_int_equal(doctor_count(p->doctor), 1);
    patient_put(p, "/usr/bin/newuidmap", "");
    patient_examine(p, check_accounts);
    assert_finds(p, DOCTOR_WARNING, "account-subordinate-ids", "zhang.san");
    assert_finds(p, DOCTOR_WARNING, "account-subordinate-ids", "li.si");
    assert_int_equal(doctor_count(p->doctor), 3);
}

static void test_by_the_files_alone(void **state)
{
    struct patient *p = *state;

    healthy_accounts(p, "chen:x:29999:100::/:/bin/sh\n", NULL);
    patient_answer_fails(p, "/usr/bin/getent passwd", -ENOENT);
    patient_answer(p, "/usr/bin/getent group", 2, "");
    patient_examine(p, check_accounts);
    assert_finds(p, DOCTOR_PROBLEM, "account-not-in-group", "chen");
    patient_remove(p, "/etc/group");
    patient_examine(p, check_accounts);
    assert_finds(p, DOCTOR_PROBLEM, "not-looked-at", NULL);
}

static void test_grants(void **state)
{
    struct patient *p = *state;

    healthy_broker(p, "{}",
                   "{\"grants\": [{\"id\": \"0123456789abcdef\", \"staff\": \"zhang.san\"},"
                   "{\"id\": \"1123456789abcdef\", \"staff\": \"wang.wu\"},"
                   "{\"id\": \"2123456789abcdef\", \"staff\": \"wang.wu\"},"
                   "{\"id\": \"3123456789abcdef\", \"staff\": \"far.away\"},"
                   "{\"id\": \"4123456789abcdef\", \"staff\": \"nobody.here\"}]}");
    patient_answer(p, "/usr/bin/getent passwd -- far.away", 0, "far.away:x:20777:990::/:/bin/sh\n");
    patient_answer(p, "/usr/bin/getent passwd -- nobody.here", 2, "");
    patient_examine(p, check_grants);
    assert_finds(p, DOCTOR_PROBLEM, "grant-account-not-gated", "wang.wu");
    assert_finds(p, DOCTOR_WARNING, "grant-without-account", "nobody.here");
    assert_int_equal(doctor_count(p->doctor), 2);
    patient_answer_fails(p, "/usr/bin/getent passwd -- far.away", -ETIMEDOUT);
    patient_examine(p, check_grants);
    assert_finds(p, DOCTOR_PROBLEM, "not-looked-at", NULL);
    healthy_broker(p, NULL, NULL);
}

static void test_groups(void **state)
{
    struct patient *p = *state;

    healthy_accounts(
        p, NULL, "docker:x:120:wang.wu,zhang.san\nadm:x:4:li.si\ndialout:x:20:li.si\nsudo:x:27:wang.wu\n");
    patient_examine(p, check_groups);
    assert_finds(p, DOCTOR_PROBLEM, "group-amounts-to-root", "zhang.san");
    assert_finds(p, DOCTOR_WARNING, "group-gives-more", "li.si");
    assert_finds(p, DOCTOR_NOTE, "group-gives-devices", "li.si");
    assert_int_equal(doctor_count(p->doctor), 3);
    assert_string_equal(patient_finding(p, "group-amounts-to-root", NULL)->advice,
                        "gpasswd -d zhang.san docker");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_healthy, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_another_primary_group, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_a_member_outside_the_range, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_no_group, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_one_uid_twice, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_a_home_of_others, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_what_is_left_running, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_by_the_files_alone, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_grants, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_groups, healthy_setup, patient_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
