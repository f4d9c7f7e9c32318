// LAYERS: test_support
// LIBRARIES: jansson

#include "broker/doctor/checks.h"
#include "tests/unit/broker/doctor/patient.h"
#include "tests/unit/support/issuing.h"
#include "tests/unit/unit.h"

#include <string.h>

/* What hufud says, or does not, as findings. */

static void hear(struct patient *p, const char *text)
{
    p->host.status = json_loads(text, 0, NULL);
    must(p->host.status != NULL);
    patient_examine(p, check_broker);
    json_decref((json_t *)p->host.status);
    p->host.status = NULL;
}

static void test_a_broker_that_is_well(void **state)
{
    struct patient *p = *state;

    hear(p, "{\"deciding\": true, \"reason\": \"ok\", \"findings\": []}");
    assert_healthy(p);
    assert_int_equal(doctor_count_looked(p->doctor), 1);
}

static void test_a_broker_that_is_away(void **state)
{
    struct patient *p = *state;

    patient_examine(p, check_broker);
    assert_finds(p, DOCTOR_PROBLEM, "broker-away", "hufud");
}

static void test_a_broker_that_may_not_tell(void **state)
{
    struct patient *p = *state;

    p->host.not_permitted = true;
    patient_examine(p, check_broker);
    assert_finds_not(p, "broker-away");
    assert_finds(p, DOCTOR_PROBLEM, "not-looked-at", NULL);
}

static void test_a_broker_that_refuses(void **state)
{
    struct patient *p = *state;

    hear(p, "{\"deciding\": false, \"reason\": \"host-unconfirmed\", \"findings\": []}");
    assert_finds(p, DOCTOR_PROBLEM, "broker-refuses", "hufud");
    assert_non_null(strstr(patient_finding(p, "broker-refuses", NULL)->message, "host-unconfirmed"));
    hear(p, "{}");
    assert_finds(p, DOCTOR_PROBLEM, "broker-refuses", "hufud");
}

static void test_what_the_broker_reports(void **state)
{
    struct patient *p = *state;

    hear(p, "{\"deciding\": true, \"findings\": ["
            "{\"severity\": \"note\", \"subject\": \"a\", \"message\": \"m\"},"
            "{\"severity\": \"warning\", \"subject\": \"b\", \"message\": \"m\"},"
            "{\"severity\": \"problem\", \"subject\": \"c\", \"message\": \"m\"},"
            "{\"severity\": \"warning\", \"subject\": \"review\", \"message\": \"m\"},"
            "{\"severity\": \"disaster\", \"subject\": \"d\", \"message\": \"m\"}]}");
    assert_finds(p, DOCTOR_NOTE, "broker-reports", "a");
    assert_finds(p, DOCTOR_WARNING, "broker-reports", "b");
    assert_finds(p, DOCTOR_PROBLEM, "broker-reports", "c");
    assert_finds(p, DOCTOR_PROBLEM, "broker-reports", "d");
    assert_finds(p, DOCTOR_WARNING, "review-overdue", "review");
}

static void test_without_a_range(void **state)
{
    struct patient *p = *state;

    p->host.gated_first = p->host.gated_last = 0;
    patient_examine(p, check_broker);
    assert_finds(p, DOCTOR_PROBLEM, "range-unknown", "/etc/hufu/hufud.conf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_broker_that_is_well, patient_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_a_broker_that_is_away, patient_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_a_broker_that_may_not_tell, patient_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_a_broker_that_refuses, patient_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_what_the_broker_reports, patient_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_without_a_range, patient_setup, patient_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
