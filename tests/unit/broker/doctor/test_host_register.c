// LAYERS: test_support
// LIBRARIES: jansson
#include "broker/doctor/checks.h"
#include "tests/unit/broker/doctor/patient.h"
#include "tests/unit/support/issuing.h"
#include "tests/unit/unit.h"

#include <string.h>

/* Whose papers lapsed although a grant of theirs is in force. */

#define REGISTER "/etc/hufu/staff.conf"
#define GRANTS                                                                                         \
    "{\"grants\": [{\"staff\": \"zhang.san\", \"state\": \"ok\"}, {\"staff\": \"li.lei\", \"state\": " \
    "\"revoked\"}]}"

static void examine(struct patient *p, const char *text)
{
    json_t *grants = json_loads(GRANTS, 0, NULL);

    must(grants != NULL);
    if (text)
        patient_put(p, REGISTER, text);
    p->host.grants = grants;
    p->host.now = 1795255200; /* 2026-11-21 */
    patient_examine(p, check_register);
    p->host.grants = NULL;
    json_decref(grants);
}

static void test_none(void **state)
{
    examine(*state, NULL);
    assert_healthy(*state);
    assert_int_equal(doctor_count_looked(((struct patient *)*state)->doctor), 0);
}

static void test_all_hold(void **state)
{
    examine(*state, "[zhang.san]\nvendor = acme\nagreement-until = 2026-11-21\ntraining-until = 2027-01-01\n"
                    "vetting-until = 2027-01-01\n[li.lei]\nvendor = acme\n");
    assert_healthy(*state);
    assert_int_equal(doctor_count_looked(((struct patient *)*state)->doctor), 1);
}

static void test_lapsed(void **state)
{
    examine(*state, "[zhang.san]\nvendor = acme\nagreement-until = 2026-11-20\ntraining-until = 2027-01-01\n"
                    "vetting-until = 2027-01-01\n");
    assert_finds(*state, DOCTOR_WARNING, "staff-lapsed", "zhang.san");
}

static void test_malformed(void **state)
{
    examine(*state, "[zhang.san]\nvendor = acme\nagreement-until = soon\n");
    assert_finds(*state, DOCTOR_WARNING, "staff-register-malformed", REGISTER);
    assert_non_null(strstr(patient_finding(*state, "staff-register-malformed", NULL)->message, "line 3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_none, patient_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_all_hold, patient_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_lapsed, patient_setup, patient_teardown),
        cmocka_unit_test_setup_teardown(test_malformed, patient_setup, patient_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
