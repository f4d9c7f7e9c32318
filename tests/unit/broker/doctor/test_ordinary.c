// LAYERS: test_support
// LIBRARIES: jansson

#include "broker/doctor/checks.h"
#include "tests/unit/broker/doctor/debian.h"
#include "tests/unit/broker/doctor/healthy.h"
#include "tests/unit/support/issuing.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* What other administrators have on hosts on which nothing is wrong: an examination that cries wolf is not
 * read. */

#define ACCOUNT "/etc/pam.d/common-account"
#define SSHD    "/etc/pam.d/sshd"
#define PERMIT  "account required pam_permit.so\n"

/* ---- stacks ---- */

static void healthy_stacks(struct patient *p)
{
    patient_examine(p, check_pam);
    assert_healthy(p);
}

/* As pam-auth-update and sssd leave it. */
static void test_a_client_of_a_directory(void **state)
{
    struct patient *p = *state;

    debian_put_profile(p);
    debian_change(p, ACCOUNT, PERMIT,
                  PERMIT "account sufficient pam_localuser.so\n"
                         "account [default=bad success=ok user_unknown=ignore] pam_sss.so\n");
    debian_change(p, "/etc/pam.d/common-session", "session optional pam_systemd.so\n",
                  "session optional pam_sss.so\nsession optional pam_systemd.so\n"
                  "session required pam_mkhomedir.so skel=/etc/skel/\n");
    healthy_stacks(p);
}

static void test_more_modules_of_linux_pam(void **state)
{
    struct patient *p = *state;

    debian_put_profile(p);
    debian_change(p, "/etc/pam.d/common-auth", "auth [success=1",
                  "auth required pam_faillock.so preauth\nauth [success=2");
    debian_change(p, ACCOUNT, PERMIT, PERMIT "account required pam_faillock.so\n");
    debian_change(p, SSHD, "# account  required     pam_access.so", "account  required     pam_access.so");
    debian_change(p, "/etc/pam.d/su", "# auth       required   pam_wheel.so", "auth required pam_wheel.so");
    debian_change(p, "/etc/pam.d/login", "session    required   pam_limits.so",
                  "account required pam_time.so\nsession    required   pam_limits.so");
    healthy_stacks(p);
}

/* Of a host of the department's that takes the gate in by whole files. */
static void test_whole_files_and_modules_beside_them(void **state)
{
    struct patient *p = *state;

    debian_put_stacks(p);
    debian_change(p, SSHD, "account required pam_nologin.so\n",
                  "account required pam_nologin.so\naccount required pam_access.so\n");
    patient_remove(p, "/etc/pam.d/cron");
    patient_remove(p, "/etc/pam.d/atd");
    healthy_stacks(p);
}

/* As authselect writes it, with the lines of the README before the substack. */
static void test_a_stack_of_another_distribution(void **state)
{
    static const char gate[] = "%s [success=2 default=ignore] pam_succeed_if.so quiet uid lt 20000\n"
                               "%s [success=1 default=ignore] pam_succeed_if.so quiet uid gt 29999\n"
                               "%s required pam_hufu.so gated_uid=20000-29999\n";
    struct patient *p = *state;
    char account[512], session[512], text[2048];

    (void)snprintf(account, sizeof(account), gate, "account", "account", "account");
    (void)snprintf(session, sizeof(session), gate, "session", "session", "session");
    (void)snprintf(text, sizeof(text),
                   "auth substack password-auth\nauth include postlogin\naccount required pam_sepermit.so\n"
                   "account required pam_nologin.so\n%saccount include password-auth\n"
                   "password include password-auth\nsession required pam_selinux.so close\n"
                   "session required pam_loginuid.so\n%ssession required pam_selinux.so open env_params\n"
                   "session optional pam_keyinit.so force revoke\nsession include password-auth\n"
                   "session include postlogin\n",
                   account, session);
    debian_put_modules(p);
    patient_put(p, SSHD, text);
    patient_put(p, "/etc/pam.d/password-auth",
                "auth required pam_env.so\nauth sufficient pam_unix.so\nauth required pam_deny.so\n"
                "account required pam_unix.so\naccount sufficient pam_localuser.so\n"
                "account sufficient pam_usertype.so issystem\n"
                "account [default=bad success=ok user_unknown=ignore] pam_sss.so\n"
                "account required pam_permit.so\n"
                "session optional pam_keyinit.so revoke\nsession required pam_limits.so\n"
                "-session optional pam_systemd.so\n"
                "session [success=1 default=ignore] pam_succeed_if.so service in crond quiet use_uid\n"
                "session required pam_unix.so\nsession optional pam_sss.so\n");
    patient_put(p, "/etc/pam.d/postlogin",
                "session optional pam_umask.so silent\n"
                "session [default=1] pam_lastlog.so nowtmp silent\n"
                "session optional pam_lastlog.so silent noupdate\n");
    healthy_stacks(p);
}

/* ---- the host ---- */

static void test_accounts_of_a_directory(void **state)
{
    struct patient *p = *state;

    patient_put(p, "/etc/nsswitch.conf", "passwd: files sss ldap\ngroup: files [SUCCESS=merge] sss\n");
    patient_examine(p, check_database);
    assert_healthy(p);
}

static void test_sudo_of_another_distribution(void **state)
{
    struct patient *p = *state;

    patient_put(p, "/etc/sudo.conf",
                "# Sudo plugins:\nPlugin sudoers_policy sudoers.so\nPlugin sudoers_io sudoers.so\n"
                "Plugin sudoers_audit sudoers.so\n"
                "Path noexec /usr/libexec/sudo/sudo_noexec.so\nSet disable_coredump false\n"
                "Plugin hufu_approval hufu_sudo.so gated_uid=20000-29999\n"
                "Plugin hufu_audit hufu_sudo.so gated_uid=20000-29999\n");
    healthy_sudo(p, "root", "env_keep=\"COLORS DISPLAY HOSTNAME LS_COLORS LC_* XAUTHORITY\", !visiblepw",
                 NULL);
    patient_examine(p, check_sudo);
    assert_healthy(p);
    patient_remove(p, "/usr/bin/sudo");
    patient_remove(p, "/etc/sudo.conf");
    patient_examine(p, check_sudo);
    assert_int_equal(doctor_count(p->doctor), 0);
}

/* As they come with bolt, networkd, packagekit and udisks. */
static void test_rules_of_packages(void **state)
{
    static const char *const texts[] = {
        "polkit.addRule(function(action, subject) {\n  if (action.id.indexOf('org.freedesktop.bolt.') == 0 "
        "&&\n"
        "      subject.active === true && subject.local === true && subject.isInGroup(\"wheel\"))\n"
        "    return polkit.Result.YES;\n});\n",
        "polkit.addRule(function(action, subject) {\n  if (action.id == "
        "\"org.freedesktop.hostname1.set-hostname\" "
        "&&\n      subject.user == \"systemd-network\") {\n    return polkit.Result.YES;\n  }\n});\n",
        "polkit.addAdminRule(function(action, subject) {\n    return [\"unix-group:sudo\"];\n});\n",
    };
    struct patient *p = *state;
    char path[64];

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        (void)snprintf(path, sizeof(path), "/usr/share/polkit-1/rules.d/%zu.rules", i);
        patient_put(p, path, texts[i]);
    }
    patient_examine(p, check_switches);
    assert_healthy(p);
}

static void test_units_of_the_department(void **state)
{
    struct patient *p = *state;

    patient_put(p, "/etc/systemd/system/backup.service",
                "[Service]\nUser=wang.wu\nExecStart=/usr/bin/true\n");
    patient_put(p, "/etc/systemd/system/web.service", "[Service]\nUser=no-such\nDynamicUser=yes\n");
    patient_put(p, "/etc/systemd/system/ssh.service.d/local.conf", "[Service]\nRestartSec=1\n");
    patient_link(p, "/etc/systemd/system/cups.service", "/dev/null");
    healthy_broker(p, "{\"version\": \"" HUFU_VERSION "\"}", NULL);
    patient_examine(p, check_units);
    assert_healthy(p);
    healthy_broker(p, NULL, NULL);
}

/* hufu-recorder is set-user-id hufu-rec (docs/recording.md): its user's, and nobody else's. */
static void test_a_host_that_records(void **state)
{
    static const char recorder[] = "/usr/libexec/hufu/hufu-recorder";
    struct patient *p = *state;
    uid_t uid = getuid() == 0 ? 996 : getuid();
    char passwd[64];

    (void)snprintf(passwd, sizeof(passwd), "hufu-rec:x:%u:996::/:/usr/sbin/nologin\n", (unsigned)uid);
    healthy_accounts(p, passwd, NULL);
    patient_put(p, recorder, "");
    must(chown(patient_path(p, recorder), uid, (gid_t)-1) == 0 &&
         chmod(patient_path(p, recorder), 04750) == 0);
    patient_examine(p, check_files);
    assert_finds_not(p, "file-writable");
    must(chmod(patient_path(p, recorder), 04770) == 0);
    patient_examine(p, check_files);
    if (getuid() == 0)
        assert_finds(p, DOCTOR_PROBLEM, "file-writable", recorder);
}

#define BARE(name)    cmocka_unit_test_setup_teardown(name, patient_setup, patient_teardown)
#define HEALTHY(name) cmocka_unit_test_setup_teardown(name, healthy_setup, patient_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BARE(test_a_client_of_a_directory),
        BARE(test_more_modules_of_linux_pam),
        BARE(test_whole_files_and_modules_beside_them),
        BARE(test_a_stack_of_another_distribution),
        HEALTHY(test_accounts_of_a_directory),
        HEALTHY(test_sudo_of_another_distribution),
        HEALTHY(test_rules_of_packages),
        HEALTHY(test_units_of_the_department),
        HEALTHY(test_a_host_that_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
