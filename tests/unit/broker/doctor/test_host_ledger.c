// LAYERS: test_support
// LIBRARIES: jansson
#include "broker/doctor/checks.h"
#include "tests/unit/broker/doctor/healthy.h"
#include "tests/unit/support/issuing.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What signs the ledger is hufu's alone, and what leaves it can be written. */

#define KEY     "/var/lib/hufu/ledger.key"
#define ARCHIVE "/srv/archive"
#define PIN     "/etc/hufu/ledger.pin"
#define PATHS   "/usr/bin/systemctl show -p ReadWritePaths --value hufud.service"

static void configure(struct patient *p, const char *section)
{
    cleanup_free char *text = NULL;

    must(asprintf(&text, "[gate]\ngated-uid = 20000-29999\n[ledger]\n%s", section) >= 0);
    patient_put(p, "/etc/hufu/hufud.conf", text);
}

static void test_healthy(void **state)
{
    patient_examine(*state, check_ledger);
    assert_healthy(*state);
    assert_int_equal(doctor_count_looked(((struct patient *)*state)->doctor), 1);
}

/* Each right of each other, by itself. */
static void test_key_that_others_may_use(void **state)
{
    static const mode_t others[] = {0640, 0620, 0610, 0604, 0602, 0601};
    struct patient *p = *state;

    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        healthy_give(p, KEY, others[i]);
        patient_examine(p, check_ledger);
        assert_finds(p, DOCTOR_PROBLEM, "ledger-key-open", KEY);
    }
    healthy_give(p, KEY, 0400);
    patient_examine(p, check_ledger);
    assert_healthy(p);
}

static void test_key_of_somebody_else(void **state)
{
    struct patient *p = *state;

    if (getuid() != 0)
        skip();
    must(chown(patient_path(p, KEY), 1000, (gid_t)-1) == 0);
    patient_examine(p, check_ledger);
    assert_finds(p, DOCTOR_PROBLEM, "ledger-key-open", KEY);
    must(chown(patient_path(p, KEY), 0, (gid_t)-1) == 0); /* hufud cannot read root's */
    patient_examine(p, check_ledger);
    assert_finds(p, DOCTOR_PROBLEM, "ledger-key-open", KEY);
    patient_remove(p, KEY);
    patient_put(p, "/var/lib/hufu/other.key", "");
    healthy_give(p, "/var/lib/hufu/other.key", 0600);
    patient_link(p, KEY, "other.key"); /* which hufud does not follow */
    patient_examine(p, check_ledger);
    assert_finds(p, DOCTOR_PROBLEM, "ledger-key-open", KEY);
}

static void test_no_key(void **state)
{
    struct patient *p = *state;

    patient_remove(p, KEY);
    patient_examine(p, check_ledger);
    assert_finds(p, DOCTOR_WARNING, "ledger-key-missing", KEY);
    patient_remove(p, "/var/lib/hufu/hufu.db"); /* nor a ledger: the first start makes them */
    patient_examine(p, check_ledger);
    assert_healthy(p);
    configure(p, "key = /etc/hufu/own.key\n"); /* which nothing makes */
    patient_examine(p, check_ledger);
    assert_finds(p, DOCTOR_WARNING, "ledger-key-missing", "/etc/hufu/own.key");
}

static void test_pin_of_a_token(void **state)
{
    struct patient *p = *state;

    configure(p, "key = pkcs11:token=host;object=ledger\npin-file = " PIN "\n");
    patient_remove(p, KEY); /* is not asked for */
    patient_put(p, PIN, "1234\n");
    patient_examine(p, check_ledger);
    assert_finds(p, DOCTOR_PROBLEM, "ledger-key-open", PIN); /* 0644 */
    must(chmod(patient_path(p, PIN), 0400) == 0);            /* root's */
    patient_examine(p, check_ledger);
    assert_healthy(p);
    healthy_give(p, PIN, 0600);
    patient_examine(p, check_ledger);
    assert_healthy(p);
}

static void test_archive(void **state)
{
    struct patient *p = *state;

    configure(p, "archive = " ARCHIVE "\n");
    patient_answer(p, PATHS, 0, "/srv/archive-2 -/srv/archive/\n");
    patient_examine(p, check_ledger);
    assert_finds(p, DOCTOR_WARNING, "archive-unwritable", ARCHIVE); /* it is not there */
    patient_put(p, ARCHIVE, "");
    patient_examine(p, check_ledger);
    assert_finds(p, DOCTOR_WARNING, "archive-unwritable", ARCHIVE); /* no folder */
    patient_remove(p, ARCHIVE);
    patient_put(p, ARCHIVE "/file", "");
    healthy_give(p, ARCHIVE, 0500);
    patient_examine(p, check_ledger);
    assert_finds(p, DOCTOR_WARNING, "archive-unwritable", ARCHIVE);
    healthy_give(p, ARCHIVE, 0700);
    patient_examine(p, check_ledger);
    assert_healthy(p);
    patient_answer(p, PATHS, 0, "/srv/archive-2 /srv/arch\n"); /* the sandbox */
    patient_examine(p, check_ledger);
    assert_finds(p, DOCTOR_WARNING, "archive-unwritable", ARCHIVE);
    patient_answer(p, PATHS, 0, "\n");
    patient_examine(p, check_ledger);
    assert_finds(p, DOCTOR_WARNING, "archive-unwritable", ARCHIVE);
    if (getuid() != 0)
        return;
    patient_answer(p, PATHS, 0, "/srv\n");
    patient_examine(p, check_ledger);
    assert_healthy(p);
    must(chown(patient_path(p, ARCHIVE), 0, 0) == 0);
    patient_examine(p, check_ledger);
    assert_finds(p, DOCTOR_WARNING, "archive-unwritable", ARCHIVE);
}

/* What is below hufud's own folder needs nothing of the unit. */
static void test_archive_beside_the_store(void **state)
{
    struct patient *p = *state;

    configure(p, "archive = /var/lib/hufu/archive\n");
    patient_put(p, "/var/lib/hufu/archive/file", "");
    healthy_give(p, "/var/lib/hufu/archive", 0700);
    patient_answer(p, PATHS, 0, "\n");
    patient_examine(p, check_ledger);
    assert_healthy(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_healthy, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_key_that_others_may_use, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_key_of_somebody_else, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_no_key, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_pin_of_a_token, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_archive, healthy_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_archive_beside_the_store, healthy_setup, patient_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
