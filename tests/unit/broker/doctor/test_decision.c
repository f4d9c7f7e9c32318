// LAYERS: test_support
// LIBRARIES: jansson

#include "broker/doctor/checks.h"
#include "tests/unit/broker/doctor/patient.h"
#include "tests/unit/support/issuing.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

/* What the probe prints, and what is made of it. */

#define PROBE HUFU_LIBEXECDIR "/hufu-probe "
#define REFUSED                                                                                   \
    "said: Hufu: The address that you come from is not known as a number. [source-not-address]\n" \
    "said: Reference: 1F\ncode: 6\ntext: Permission denied\n"
#define PASSED "code: 0\ntext: Success\n"

static struct patient *with_vendor(void **state)
{
    struct patient *p = *state;

    patient_put(p, "/etc/pam.d/sshd", "");
    patient_answer(
        p, "/usr/bin/getent passwd", 0,
        "root:x:0:0::/root:/bin/sh\nzhang.san:x:20001:990::/home/z:/bin/sh\nli:x:20002:990::/:/bin/sh\n");
    patient_answer(p, PROBE "sshd zhang.san", 0, REFUSED);
    patient_answer(p, PROBE "sshd root", 0, PASSED);
    return p;
}

static void of_vendor(void **state, const char *out, enum doctor_severity severity, const char *code)
{
    struct patient *p = with_vendor(state);

    patient_answer(p, PROBE "sshd zhang.san", 0, out);
    patient_examine(p, check_decision);
    assert_finds(p, severity, code, "sshd");
    assert_int_equal(doctor_count(p->doctor), 1);
}

static void test_as_it_should_be(void **state)
{
    struct patient *p = with_vendor(state);

    patient_examine(p, check_decision);
    assert_int_equal(doctor_count(p->doctor), 0);
    assert_int_equal(doctor_count_looked(p->doctor), 2);
    /* root's own stack may refuse for reasons of its own. */
    patient_answer(p, PROBE "sshd root", 0, "code: 12\ntext: Authentication token is no longer valid\n");
    patient_examine(p, check_decision);
    assert_int_equal(doctor_count(p->doctor), 0);
}

static void test_allowed(void **state)
{
    of_vendor(state, PASSED, DOCTOR_PROBLEM, "decision-allowed");
    /* sshd lets in who has to change the password. */
    patient_answer(*state, PROBE "sshd zhang.san", 0, "code: 12\ntext: x\n");
    patient_examine(*state, check_decision);
    assert_finds(*state, DOCTOR_PROBLEM, "decision-allowed", "sshd");
}

static void test_broker_away(void **state)
{
    of_vendor(
        state,
        "said: Hufu: access for outside staff cannot be checked on this host right now,\nsaid: so it is "
        "refused.\ncode: 6\ntext: Permission denied\n",
        DOCTOR_PROBLEM, "decision-broker-away");
}

static void test_not_by_the_gate(void **state)
{
    of_vendor(state, "code: 6\ntext: Permission denied\n", DOCTOR_PROBLEM, "decision-not-by-gate");
    patient_answer(*state, PROBE "sshd zhang.san", 0, "said: System is going down.\ncode: 7\ntext: x\n");
    patient_examine(*state, check_decision);
    assert_finds(*state, DOCTOR_PROBLEM, "decision-not-by-gate", "sshd");
}

static void test_another_reason(void **state)
{
    of_vendor(state,
              "said: Hufu: The clock of this host cannot be trusted. [clock-unsure]\ncode: 6\ntext: x\n",
              DOCTOR_WARNING, "decision-other-reason");
}

static void test_slow(void **state)
{
    struct patient *p = with_vendor(state);

    patient_answer(p, PROBE "sshd zhang.san", 0, REFUSED);
    patient_takes(p, 2600);
    patient_examine(p, check_decision);
    assert_finds(p, DOCTOR_WARNING, "decision-slow", "sshd");
}

static void test_the_probe_dies(void **state)
{
    struct patient *p = with_vendor(state);

    patient_answer(p, PROBE "sshd zhang.san", 128 + 11, "");
    patient_examine(p, check_decision);
    assert_finds(p, DOCTOR_PROBLEM, "decision-failed", "sshd");
    patient_answer(p, PROBE "sshd zhang.san", 0, "nonsense\n");
    patient_examine(p, check_decision);
    assert_finds(p, DOCTOR_PROBLEM, "decision-failed", "sshd");
    patient_answer_fails(p, PROBE "sshd zhang.san", -ETIMEDOUT);
    patient_examine(p, check_decision);
    assert_finds(p, DOCTOR_PROBLEM, "not-looked-at", NULL);
}

static void test_staff(void **state)
{
    struct patient *p = with_vendor(state);

    patient_answer(p, PROBE "sshd root", 0,
                   "said: Hufu: this host's PAM configuration is faulty\ncode: 6\ntext: x\n");
    patient_examine(p, check_decision);
    assert_finds(p, DOCTOR_PROBLEM, "decision-stops-staff", "sshd");
    patient_answer(p, PROBE "sshd root", 0, "code: 28\ntext: Module is unknown\n");
    patient_examine(p, check_decision);
    assert_finds(p, DOCTOR_PROBLEM, "decision-stops-staff", "sshd");
}

/* Only root is answered, and anybody else's question would be on record as an attempt. */
static void test_not_root(void **state)
{
    struct patient *p = with_vendor(state);

    p->host.caller = p->host.owner + 1;
    patient_examine(p, check_decision);
    assert_finds(p, DOCTOR_PROBLEM, "not-looked-at", NULL);
    assert_int_equal(doctor_count_looked(p->doctor), 0);
}

static void test_nobody_gated(void **state)
{
    struct patient *p = with_vendor(state);

    patient_answer(p, "/usr/bin/getent passwd", 0, "root:x:0:0::/root:/bin/sh\n");
    patient_examine(p, check_decision);
    assert_finds(p, DOCTOR_NOTE, "decision-no-account", NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, patient_setup, patient_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_as_it_should_be), CASE(test_allowed),        CASE(test_broker_away),
        CASE(test_not_by_the_gate), CASE(test_another_reason), CASE(test_slow),
        CASE(test_the_probe_dies),  CASE(test_staff),          CASE(test_not_root),
        CASE(test_nobody_gated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
