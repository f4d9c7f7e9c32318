// LAYERS: test_support
// LIBRARIES: jansson

#include "broker/doctor/checks.h"
#include "tests/unit/broker/doctor/debian.h"
#include "tests/unit/support/issuing.h"
#include "tests/unit/unit.h"

#include <string.h>
#include <sys/stat.h>

/* What is found in a host's stacks: healthy ones, and what an administrator or a package may do to them. */

#define SSHD     "/etc/pam.d/sshd"
#define REQUIRED "account required pam_hufu.so gated_uid=20000-29999\n"

static struct patient *with_stacks(void **state)
{
    struct patient *p = *state;

    debian_put_stacks(p);
    return p;
}

/* One change of sshd's stack, and what is found. */
static void changed(void **state, const char *what, const char *to, enum doctor_severity severity,
                    const char *code)
{
    struct patient *p = with_stacks(state);

    debian_change(p, SSHD, what, to);
    patient_examine(p, check_pam);
    assert_finds(p, severity, code, SSHD);
}

static void test_whole_stacks(void **state)
{
    struct patient *p = with_stacks(state);

    patient_examine(p, check_pam);
    assert_int_equal(doctor_count(p->doctor), 0);
    assert_int_equal(doctor_count_looked(p->doctor), 1);
}

static void test_profile(void **state)
{
    struct patient *p = *state;

    debian_put_profile(p);
    patient_examine(p, check_pam);
    assert_healthy(p);
}

static void test_nothing_gated(void **state)
{
    static const char *const doors[] = {"sshd", "login", "su", "su-l", "sudo", "sudo-i", "cron"};
    struct patient *p = *state;

    debian_put_pam(p);
    patient_examine(p, check_pam);
    for (size_t i = 0; i < ARRAY_SIZE(doors); i++) {
        cleanup_free char *path = issue_text("/etc/pam.d/%s", doors[i]);
        const struct doctor_finding *f = patient_finding(p, "pam-not-gated", path);

        must(f != NULL);
        assert_int_equal(f->severity, DOCTOR_PROBLEM);
    }
    /* Any service that has no file of its own; and no way in. */
    assert_int_equal(patient_finding(p, "pam-not-gated", "/etc/pam.d/other")->severity, DOCTOR_WARNING);
    assert_int_equal(patient_finding(p, "pam-not-gated", "/etc/pam.d/chsh")->severity, DOCTOR_WARNING);
    assert_null(patient_finding(p, "pam-not-gated", "/etc/pam.d/passwd"));
    assert_null(patient_finding(p, "pam-not-gated", "/etc/pam.d/common-account"));
}

static void test_no_account_line(void **state)
{
    changed(state, REQUIRED, "account required pam_permit.so\n", DOCTOR_PROBLEM, "pam-not-gated");
}

static void test_sufficient_before_the_gate(void **state)
{
    changed(state, "account required pam_nologin.so\n", "account sufficient pam_localuser.so\n",
            DOCTOR_PROBLEM, "pam-ends-before-gate");
    must(strstr(patient_finding(*state, "pam-ends-before-gate", NULL)->message,
                "sshd:4 (pam_localuser.so: success)") != NULL);
}

static void test_jump_over_the_gate(void **state)
{
    changed(state, "account required pam_nologin.so\n", "account [success=3 default=ignore] pam_access.so\n",
            DOCTOR_PROBLEM, "pam-jumps-over-gate");
}

static void test_optional_gate(void **state)
{
    changed(state, REQUIRED, "account optional pam_hufu.so gated_uid=20000-29999\n", DOCTOR_PROBLEM,
            "pam-refusal-ignored");
}

/* libpam keeps the first bad value, and an application goes on after "expired, to be changed". */
static void test_an_expired_password_outweighs_a_refusal(void **state)
{
    changed(state, "account required pam_nologin.so\n",
            "account [success=ok ignore=ignore default=bad] pam_unix.so\n", DOCTOR_PROBLEM,
            "pam-refusal-ignored");
}

/* `-account` keeps a missing file from the log, and changes nothing else; module_unknown=ignore does. */
static void test_missing_module_passes(void **state)
{
    changed(state, REQUIRED,
            "account [success=ok module_unknown=ignore default=bad] pam_hufu.so gated_uid=20000-29999\n",
            DOCTOR_PROBLEM, "pam-open-without-module");
    debian_change(*state, SSHD, "account [success=ok module_unknown=ignore default=bad]",
                  "-account required");
    patient_examine(*state, check_pam);
    assert_null(patient_finding(*state, "pam-open-without-module", NULL));
}

/* While the user database is away, pam_succeed_if fails, and this one then jumps. */
static void test_look_ups_that_fail(void **state)
{
    changed(state, "account [success=2 default=ignore] pam_succeed_if.so quiet uid lt 20000\n",
            "account [success=ignore default=2] pam_succeed_if.so quiet uid ge 20000\n", DOCTOR_PROBLEM,
            "pam-open-on-error");
}

/* A smaller range in the jumps lets its end pass. */
static void test_jumps_of_another_range(void **state)
{
    changed(state, "uid gt 29999", "uid gt 29998", DOCTOR_PROBLEM, "pam-jumps-over-gate");
}

static void test_range_differs(void **state)
{
    changed(state, "gated_uid=20000-29999", "gated_uid=20000-30000", DOCTOR_PROBLEM, "pam-range-differs");
}

static void test_unknown_option(void **state)
{
    changed(state, "gated_uid=20000-29999", "gated_uid=20000-29999 debug", DOCTOR_PROBLEM, "pam-arguments");
}

static void test_other_socket(void **state)
{
    changed(state, "gated_uid=20000-29999", "gated_uid=20000-29999 socket=/run/other", DOCTOR_WARNING,
            "pam-other-socket");
}

static void test_staff_is_stopped(void **state)
{
    changed(state, "account [success=1 default=ignore] pam_succeed_if.so quiet uid gt 29999\n",
            "account required pam_env.so\n", DOCTOR_PROBLEM, "pam-stops-others");
}

static void test_asked_twice(void **state)
{
    changed(state, REQUIRED, REQUIRED REQUIRED, DOCTOR_WARNING, "pam-asked-twice");
}

static void test_session_lines_missing(void **state)
{
    changed(state, "session required pam_hufu.so gated_uid=20000-29999\n", "", DOCTOR_PROBLEM,
            "pam-not-gated");
}

static void test_no_loginuid(void **state)
{
    struct patient *p;

    changed(state, "session required pam_loginuid.so\n", "", DOCTOR_PROBLEM, "pam-no-loginuid");
    p = *state;
    debian_change(p, "/etc/pam.d/systemd-user", "session required pam_loginuid.so\n", "");
    patient_examine(p, check_pam);
    assert_finds(p, DOCTOR_WARNING, "pam-no-loginuid", "/etc/pam.d/systemd-user");
}

/* The profile has a line of it, for user managers alone. */
static void test_no_loginuid_beside_the_profile(void **state)
{
    struct patient *p = *state;

    debian_put_profile(p);
    debian_change(p, SSHD, "session    required     pam_loginuid.so\n", "");
    patient_examine(p, check_pam);
    assert_finds(p, DOCTOR_PROBLEM, "pam-no-loginuid", SSHD);
}

static void test_before_loginuid(void **state)
{
    changed(state, "session required pam_loginuid.so\n", "", DOCTOR_PROBLEM, "pam-no-loginuid");
    debian_change(*state, SSHD, "session optional pam_motd.so",
                  "session required pam_loginuid.so\nsession optional pam_motd.so");
    patient_examine(*state, check_pam);
    assert_finds(*state, DOCTOR_PROBLEM, "pam-before-loginuid", SSHD);
}

static void test_after_systemd(void **state)
{
    changed(state, "session optional pam_keyinit.so force revoke\n", "session optional pam_systemd.so\n",
            DOCTOR_WARNING, "pam-after-systemd");
}

static void test_after_a_persons_environment(void **state)
{
    const char *const before = "session optional pam_keyinit.so force revoke\n";

    changed(state, before, "session required pam_env.so user_readenv=1\n", DOCTOR_PROBLEM,
            "pam-env-before-gate");
    debian_change(*state, SSHD, "user_readenv=1\n", "user_readenv=1 user_readenv=0\n");
    patient_examine(*state, check_pam);
    assert_finds_not(*state, "pam-env-before-gate");
}

static void test_a_missing_include(void **state)
{
    changed(state, "@include common-account\n", "@include common-acount\n", DOCTOR_PROBLEM, "pam-broken");
}

static void test_writable(void **state)
{
    struct patient *p = with_stacks(state);

    must(chmod(patient_path(p, SSHD), 0664) == 0);
    patient_examine(p, check_pam);
    assert_finds(p, DOCTOR_PROBLEM, "pam-file-writable", SSHD);
}

static void test_the_module_file(void **state)
{
    static const char module[] = "/usr/lib/x86_64-linux-gnu/security/pam_hufu.so";
    struct patient *p = with_stacks(state);

    must(chmod(patient_path(p, module), 0666) == 0);
    patient_examine(p, check_pam);
    assert_finds(p, DOCTOR_PROBLEM, "pam-module-foreign", module);
    patient_remove(p, module);
    patient_examine(p, check_pam);
    assert_finds(p, DOCTOR_PROBLEM, "pam-module-missing", module);
}

/* A vendor who became root: only the module can tell, so it has to be asked. */
static void test_su_without_the_module_for_root(void **state)
{
    struct patient *p = with_stacks(state);

    debian_change(
        p, "/etc/pam.d/su",
        "account [success=1 ignore=1 module_unknown=1 default=die] pam_hufu.so gated_uid=20000-29999 "
        "refusals=shown\n",
        "account [default=1] pam_permit.so\n");
    patient_examine(p, check_pam);
    assert_finds(p, DOCTOR_PROBLEM, "pam-jumps-over-gate", "/etc/pam.d/su");
}

/* su does not ask about its caller any more: with the module's file gone, a vendor's su would pass. */
static void test_su_without_the_callers_uid(void **state)
{
    struct patient *p = with_stacks(state);

    debian_change(p, "/etc/pam.d/su", "use_uid uid ge 20000", "use_uid uid ge 30000");
    patient_examine(p, check_pam);
    assert_finds(p, DOCTOR_PROBLEM, "pam-open-without-module", "/etc/pam.d/su");
}

/* What no package of ours knows: it is named, and it is no door of its own. */
static void test_an_unknown_service(void **state)
{
    struct patient *p = *state;

    debian_put_profile(p);
    patient_put(p, "/etc/pam.d/mailserver", "auth required pam_unix.so\naccount required pam_unix.so\n");
    patient_put(p, "/etc/pam.d/vsftpd", "auth required pam_unix.so\naccount required pam_unix.so\n");
    patient_put(p, "/etc/pam.d/sshd.dpkg-old", "account required pam_unix.so\n");
    patient_examine(p, check_pam);
    assert_finds(p, DOCTOR_WARNING, "pam-not-gated", "/etc/pam.d/mailserver");
    assert_finds(p, DOCTOR_PROBLEM, "pam-not-gated", "/etc/pam.d/vsftpd");
    assert_null(patient_finding(p, "pam-not-gated", "/etc/pam.d/sshd.dpkg-old"));
}

static void test_no_stacks_at_all(void **state)
{
    struct patient *p = *state;

    patient_examine(p, check_pam);
    assert_finds(p, DOCTOR_PROBLEM, "not-looked-at", NULL);
}

/* A stack nobody would write: many lines that may each jump anywhere, in many substacks. */
static void test_too_complex(void **state)
{
    struct patient *p = with_stacks(state);
    FILE *f = fopen(patient_path(p, "/etc/pam.d/maze"), "we");

    must(f != NULL);
    (void)fprintf(f, "account required pam_hufu.so gated_uid=20000-29999\naccount substack maze1\n");
    must(fclose(f) == 0);
    for (int level = 1; level < 15; level++) {
        cleanup_free char *path = issue_text("/etc/pam.d/maze%d", level);

        f = fopen(patient_path(p, path), "we");
        must(f != NULL);
        for (int i = 0; i < 40; i++)
            (void)fprintf(f,
                          "account [success=ok new_authtok_reqd=ok perm_denied=bad auth_err=reset "
                          "default=ignore] a%d.so\n",
                          i);
        (void)fprintf(f, "account substack maze%d\n", level + 1);
        for (int i = 0; i < 40; i++)
            (void)fprintf(f,
                          "account [success=ok new_authtok_reqd=ok perm_denied=bad auth_err=reset "
                          "default=ignore] b%d.so\n",
                          i);
        must(fclose(f) == 0);
    }
    patient_put(p, "/etc/pam.d/maze15", "account required pam_permit.so\n");
    patient_examine(p, check_pam);
    assert_finds(p, DOCTOR_PROBLEM, "pam-too-complex", "/etc/pam.d/maze");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, patient_setup, patient_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_whole_stacks),
        CASE(test_profile),
        CASE(test_nothing_gated),
        CASE(test_no_account_line),
        CASE(test_sufficient_before_the_gate),
        CASE(test_jump_over_the_gate),
        CASE(test_optional_gate),
        CASE(test_an_expired_password_outweighs_a_refusal),
        CASE(test_missing_module_passes),
        CASE(test_look_ups_that_fail),
        CASE(test_jumps_of_another_range),
        CASE(test_range_differs),
        CASE(test_unknown_option),
        CASE(test_other_socket),
        CASE(test_staff_is_stopped),
        CASE(test_asked_twice),
        CASE(test_session_lines_missing),
        CASE(test_no_loginuid),
        CASE(test_no_loginuid_beside_the_profile),
        CASE(test_before_loginuid),
        CASE(test_after_systemd),
        CASE(test_after_a_persons_environment),
        CASE(test_a_missing_include),
        CASE(test_writable),
        CASE(test_the_module_file),
        CASE(test_su_without_the_module_for_root),
        CASE(test_su_without_the_callers_uid),
        CASE(test_an_unknown_service),
        CASE(test_no_stacks_at_all),
        CASE(test_too_complex),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
