// LAYERS: test_support
// LIBRARIES: jansson

#include "broker/doctor/checks.h"
#include "broker/doctor/sshd.h"
#include "tests/unit/broker/doctor/patient.h"
#include "tests/unit/support/issuing.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

/* What sshd says of a gated account, and what is made of it. */

#define SSHD    "/usr/sbin/sshd"
#define ASK     SSHD " -T -f /etc/ssh/sshd_config"
#define OUTSIDE ",host=outside.invalid,addr=203.0.113.7,laddr=192.0.2.1,lport=22"
#define INSIDE  ",host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22"

/* As OpenSSH 9.2 prints it with contrib/ssh/hufu.conf, as far as it matters. */
static const char healthy[] = "port 22\n"
                              "usepam yes\n"
                              "logingracetime 120\n"
                              "permitrootlogin prohibit-password\n"
                              "hostbasedauthentication no\n"
                              "passwordauthentication yes\n"
                              "kbdinteractiveauthentication yes\n"
                              "gssapiauthentication no\n"
                              "x11forwarding no\n"
                              "permituserrc no\n"
                              "permitemptypasswords no\n"
                              "gatewayports no\n"
                              "allowagentforwarding no\n"
                              "allowstreamlocalforwarding no\n"
                              "disableforwarding yes\n"
                              "chrootdirectory none\n"
                              "forcecommand " HUFU_LIBEXECDIR "/hufu-channel\n"
                              "trustedusercakeys none\n"
                              "authorizedprincipalsfile none\n"
                              "authorizedkeyscommand " HUFU_LIBEXECDIR "/hufu-authorized-keys %u %t %k\n"
                              "authorizedkeyscommanduser hufu-keys\n"
                              "authorizedprincipalscommand none\n"
                              "authorizedkeysfile none\n"
                              "acceptenv LANG\n"
                              "acceptenv LC_*\n"
                              "setenv LD_PRELOAD=\n"
                              "setenv LD_LIBRARY_PATH=\n"
                              "setenv LD_AUDIT=\n"
                              "setenv GLIBC_TUNABLES=\n"
                              "setenv BASH_ENV=\n"
                              "setenv ENV=\n"
                              "authenticationmethods any\n"
                              "permituserenvironment no\n"
                              "permittunnel no\n";

static struct patient *with_sshd(void **state)
{
    struct patient *p = *state;

    patient_put(p, SSHD, "");
    patient_put(p, "/etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n");
    patient_answer(
        p, "/usr/bin/getent passwd", 0,
        "root:x:0:0::/root:/bin/sh\nzhang.san:x:20001:990::/:/bin/sh\nli:x:20002:990::/:/bin/sh\n");
    patient_answer(p, "/usr/bin/ps -C sshd -o uid=,args=", 1, "");
    patient_answer(p, "/usr/bin/id -G zhang.san", 0, "990\n");
    patient_answer(p, "/usr/bin/id -G li", 0, "990\n");
    patient_answer(p, ASK " -C user=zhang.san" OUTSIDE, 0, healthy);
    patient_answer(p, ASK " -C user=zhang.san" INSIDE, 0, healthy);
    return p;
}

/* `healthy` with a line in place of one; NULL: without it. The caller's. */
static char *with(const char *line, const char *other)
{
    const char *at = strstr(healthy, line);

    must(at != NULL && (at == healthy || at[-1] == '\n'));
    return issue_text("%.*s%s%s%s", (int)(at - healthy), healthy, other ? other : "", other ? "\n" : "",
                      at + strcspn(at, "\n") + 1);
}

static void test_as_it_should_be(void **state)
{
    struct patient *p = with_sshd(state);

    /* li is of the same groups, and nobody told what sshd says of li: it is not asked. */
    patient_examine(p, check_sshd);
    assert_int_equal(doctor_count(p->doctor), 0);
    assert_int_equal(doctor_count_looked(p->doctor), 1);
}

static void test_each_setting(void **state)
{
    static const struct {
        const char *line, *other;
        enum doctor_severity severity;
        const char *code;
    } cases[] = {
        {"usepam", "usepam no", DOCTOR_PROBLEM, "sshd-no-pam"},
        {"usepam", NULL, DOCTOR_PROBLEM, "sshd-no-pam"},
        {"authorizedkeysfile", "authorizedkeysfile .ssh/authorized_keys", DOCTOR_PROBLEM, "sshd-own-keys"},
        {"authorizedkeyscommand ", "authorizedkeyscommand /usr/bin/keys %u", DOCTOR_PROBLEM,
         "sshd-keys-command"},
        {"authorizedkeyscommanduser", "authorizedkeyscommanduser nobody", DOCTOR_PROBLEM,
         "sshd-keys-command"},
        {"trustedusercakeys", "trustedusercakeys /etc/ssh/ca.pub", DOCTOR_PROBLEM, "sshd-certificates"},
        {"authorizedprincipalsfile", "authorizedprincipalsfile x", DOCTOR_WARNING, "sshd-principals"},
        {"authorizedprincipalscommand", "authorizedprincipalscommand x", DOCTOR_WARNING, "sshd-principals"},
        {"hostbasedauthentication", "hostbasedauthentication yes", DOCTOR_PROBLEM, "sshd-host-based"},
        {"gssapiauthentication", "gssapiauthentication yes", DOCTOR_PROBLEM, "sshd-kerberos"},
        {"permitemptypasswords", "permitemptypasswords yes", DOCTOR_PROBLEM, "sshd-empty-passwords"},
        {"forcecommand", "forcecommand none", DOCTOR_PROBLEM, "sshd-no-channel"},
        {"permituserrc", "permituserrc yes", DOCTOR_PROBLEM, "sshd-user-files"},
        {"permituserenvironment", "permituserenvironment yes", DOCTOR_PROBLEM, "sshd-user-files"},
        {"disableforwarding", "disableforwarding no", DOCTOR_PROBLEM, "sshd-forwarding"},
        {"gatewayports", "gatewayports yes", DOCTOR_WARNING, "sshd-gateway-ports"},
        {"permittunnel", "permittunnel yes", DOCTOR_PROBLEM, "sshd-tunnel"},
        {"chrootdirectory", "chrootdirectory /srv", DOCTOR_WARNING, "sshd-chroot"},
        {"acceptenv LC_*", "acceptenv *", DOCTOR_PROBLEM, "sshd-environment"},
        {"setenv LD_PRELOAD=", "setenv LD_PRELOAD=x", DOCTOR_PROBLEM, "sshd-environment"},
        {"setenv BASH_ENV=", NULL, DOCTOR_PROBLEM, "sshd-environment"},
        {"logingracetime", "logingracetime 5", DOCTOR_WARNING, "sshd-grace-time"},
        {"authenticationmethods", "authenticationmethods none", DOCTOR_PROBLEM, "sshd-no-authentication"},
    };
    struct patient *p = with_sshd(state);

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_free char *changed = with(cases[i].line, cases[i].other);

        patient_answer(p, ASK " -C user=zhang.san" OUTSIDE, 0, changed);
        patient_examine(p, check_sshd);
        assert_finds(p, cases[i].severity, cases[i].code, SSHD_CONFIG);
        assert_int_equal(doctor_count(p->doctor), 1);
    }
}

/* Kerberos is not in every sshd, and 0 is no limit at all. */
static void test_what_may_be_otherwise(void **state)
{
    static const struct {
        const char *line, *other;
    } cases[] = {
        {"gssapiauthentication", NULL}, {"logingracetime", "logingracetime 0"}, {"port", "port 2222"}};
    struct patient *p = with_sshd(state);

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_free char *changed = with(cases[i].line, cases[i].other);

        patient_answer(p, ASK " -C user=zhang.san" OUTSIDE, 0, changed);
        patient_examine(p, check_sshd);
        assert_int_equal(doctor_count(p->doctor), 0);
    }
}

/* Who may forward has no way in but the granted key. */
static void test_the_group_that_forwards(void **state)
{
    static const char forwards[] =
        "disableforwarding no\npasswordauthentication no\nkbdinteractiveauthentication no";
    struct patient *p = with_sshd(state);
    cleanup_free char *by_key = NULL, *agent = NULL;
    char *at;

    /* The first of several lines counts, as in sshd's own output there is one. */
    by_key = issue_text("%s\n%s", forwards, healthy);
    patient_answer(p, ASK " -C user=zhang.san" OUTSIDE, 0, by_key);
    patient_examine(p, check_sshd);
    assert_int_equal(doctor_count(p->doctor), 0);
    agent = issue_text("%s\n%s", forwards, healthy);
    at = strstr(agent, "allowagentforwarding no");
    must(at != NULL);
    memcpy(at, "allowagentforwarding ye", 23);
    patient_answer(p, ASK " -C user=zhang.san" OUTSIDE, 0, agent);
    patient_examine(p, check_sshd);
    assert_finds(p, DOCTOR_PROBLEM, "sshd-forwarding", SSHD_CONFIG);
}

/* An earlier Match that wins under a circumstance of its own. */
static void test_a_match_by_address(void **state)
{
    static const char from_office[] = ",host=outside.invalid,addr=10.1.0.0,laddr=192.0.2.1,lport=22";
    struct patient *p = with_sshd(state);
    cleanup_free char *changed = with("authorizedkeysfile", "authorizedkeysfile .ssh/authorized_keys");
    cleanup_free char *line = issue_text("%s%s", ASK " -C user=zhang.san", from_office);

    patient_put(p, "/etc/ssh/sshd_config.d/00-office.conf",
                "# Match Address 1.2.3.4\nmatch address \"!10.1.2.3,10.1.0.0/16\"\n  AuthorizedKeysFile "
                ".ssh/authorized_keys\n");
    patient_answer(p, line, 0, changed);
    patient_examine(p, check_sshd);
    assert_finds(p, DOCTOR_PROBLEM, "sshd-own-keys", SSHD_CONFIG);
    must(strstr(patient_finding(p, "sshd-own-keys", NULL)->message, "zhang.san from 10.1.0.0") != NULL);
}

/* Somebody whom a Match line names, though of the same groups as the others. */
static void test_a_match_by_user(void **state)
{
    struct patient *p = with_sshd(state);
    cleanup_free char *changed = with("forcecommand", "forcecommand /bin/sh");

    patient_put(p, "/etc/ssh/sshd_config.d/00-li.conf", "Match User wang,l?\n  ForceCommand /bin/sh\n");
    patient_answer(p, ASK " -C user=li" OUTSIDE, 0, changed);
    patient_answer(p, ASK " -C user=li" INSIDE, 0, healthy);
    patient_examine(p, check_sshd);
    assert_finds(p, DOCTOR_PROBLEM, "sshd-no-channel", SSHD_CONFIG);
}

/* Another sshd, with another file. */
static void test_a_second_sshd(void **state)
{
    static const char second[] = SSHD " -T -f /etc/ssh/second -p 2222 -C user=zhang.san";
    struct patient *p = with_sshd(state);
    cleanup_free char *changed = with("authorizedkeysfile", "authorizedkeysfile .ssh/authorized_keys");
    cleanup_free char *outside = issue_text("%s%s", second, OUTSIDE);
    cleanup_free char *inside = issue_text("%s%s", second, INSIDE);

    patient_put(p, "/etc/ssh/second", "Port 2222\n");
    patient_put(p, "/etc/systemd/system/second.service",
                "[Service]\nExecStart=/usr/sbin/sshd -D -f /etc/ssh/second -p 2222\n");
    patient_answer(p, outside, 0, changed);
    patient_answer(p, inside, 0, changed);
    patient_examine(p, check_sshd);
    assert_finds(p, DOCTOR_PROBLEM, "sshd-own-keys", "/etc/ssh/second");
    patient_remove(p, "/etc/systemd/system/second.service");
    patient_answer(p, "/usr/bin/ps -C sshd -o uid=,args=", 0,
                   "    0 sshd: /usr/sbin/sshd -D -f/etc/ssh/second -p2222 [listener] 0 of 10-100 startups\n"
                   " 1000 sshd -f /home/wang.wu/keys\n    0 sshd: zhang.san [priv]\n");
    patient_examine(p, check_sshd);
    assert_finds(p, DOCTOR_PROBLEM, "sshd-own-keys", "/etc/ssh/second");
}

/* Without ps nobody knows what else runs. */
static void test_processes_that_cannot_be_seen(void **state)
{
    struct patient *p = with_sshd(state);

    patient_answer_fails(p, "/usr/bin/ps -C sshd -o uid=,args=", -ENOENT);
    patient_examine(p, check_sshd);
    assert_finds(p, DOCTOR_PROBLEM, "not-looked-at", NULL);
}

static void test_instances(void **state)
{
    struct sshd_instances all = {.n = 0};

    (void)state;
    assert_true(sshd_instances_add(&all, "/usr/sbin/sshd -D $SSHD_OPTS"));
    assert_true(sshd_instances_add(&all, "/usr/sbin/sshd -i"));
    assert_int_equal(all.n, 1);
    assert_false(sshd_instances_add(&all, "/usr/sbin/sshd -t"));
    assert_false(sshd_instances_add(&all, "/usr/sbin/mysshd -f /etc/x"));
    assert_false(sshd_instances_add(&all, ""));
    assert_true(sshd_instances_add(&all, "sshd -o UsePAM=no -e\nnext"));
    assert_int_equal(all.n, 2);
    assert_string_equal(all.items[1].config, SSHD_CONFIG);
    assert_int_equal(all.items[1].n_options, 2);
    assert_string_equal(all.items[1].options[1], "UsePAM=no");
}

static void test_examples(void **state)
{
    static const struct {
        const char *patterns, *example;
    } cases[] = {{"10.0.0.0/8", "10.0.0.0"},
                 {"!10.1.1.1,192.168.*", "192.168.1"},
                 {"*.example", "1.example"},
                 {"2001:db8::/32", "2001:db8::"},
                 {"!a,!b", ""},
                 {"", ""}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char example[SSHD_TEXT_MAX];

        assert_int_equal(sshd_config_example(cases[i].patterns, example), cases[i].example[0] != 0);
        assert_string_equal(example, cases[i].example);
    }
    assert_true(sshd_config_meets("li", "wang,l?"));
    assert_false(sshd_config_meets("li", "l?,!li"));
    assert_false(sshd_config_meets("li", "wang"));
}

static void test_a_broken_configuration(void **state)
{
    struct patient *p = with_sshd(state);

    patient_answer_with(p, ASK " -C user=zhang.san" OUTSIDE, 255, "",
                        "/etc/ssh/sshd_config: line 3: Bad option\nx\n");
    patient_examine(p, check_sshd);
    assert_finds(p, DOCTOR_PROBLEM, "sshd-broken", SSHD_CONFIG);
    assert_null(strchr(patient_finding(p, "sshd-broken", NULL)->message, '\n'));
    patient_answer_with(p, ASK " -C user=zhang.san" OUTSIDE, 1, "",
                        "sshd: no hostkeys available -- exiting.\n");
    patient_examine(p, check_sshd);
    assert_finds(p, DOCTOR_PROBLEM, "not-looked-at", NULL);
    assert_finds_not(p, "sshd-broken");
}

static void test_another_daemon(void **state)
{
    struct patient *p = with_sshd(state);

    patient_put(p, "/usr/sbin/dropbear", "");
    patient_examine(p, check_sshd);
    assert_finds(p, DOCTOR_WARNING, "sshd-other-daemon", "/usr/sbin/dropbear");
}

static void test_changed_since_the_start(void **state)
{
    static const char ask[] =
        "/usr/bin/systemctl show ssh.service --property=ActiveState,StateChangeTimestamp "
        "--timestamp=unix";
    struct patient *p = with_sshd(state);

    patient_answer(p, ask, 0, "ActiveState=active\nStateChangeTimestamp=@1000000000\n");
    patient_examine(p, check_sshd);
    assert_finds(p, DOCTOR_WARNING, "sshd-not-restarted", SSHD_CONFIG);
    patient_answer(p, ask, 0, "ActiveState=active\nStateChangeTimestamp=@9999999999\n");
    patient_examine(p, check_sshd);
    assert_finds_not(p, "sshd-not-restarted");
    patient_answer(p, ask, 0, "ActiveState=inactive\nStateChangeTimestamp=@1000000000\n");
    patient_examine(p, check_sshd);
    assert_finds_not(p, "sshd-not-restarted");
}

/* Many accounts, each in a group of its own. */
static void test_too_many(void **state)
{
    struct patient *p = with_sshd(state);
    cleanup_free char *passwd = strdup("");

    for (int i = 0; i < 20; i++) {
        cleanup_free char *before = passwd;
        cleanup_free char *id = issue_text("/usr/bin/id -G v%d", i),
                          *groups = issue_text("990 %d\n", 2000 + i);
        cleanup_free char *outside = issue_text("%s -C user=v%d%s", ASK, i, OUTSIDE);
        cleanup_free char *inside = issue_text("%s -C user=v%d%s", ASK, i, INSIDE);

        passwd = issue_text("%sv%d:x:%d:990::/:/bin/sh\n", before, i, 20100 + i);
        patient_answer(p, id, 0, groups);
        patient_answer(p, outside, 0, healthy);
        patient_answer(p, inside, 0, healthy);
    }
    patient_answer(p, "/usr/bin/getent passwd", 0, passwd);
    patient_examine(p, check_sshd);
    assert_finds(p, DOCTOR_WARNING, "sshd-too-much", SSHD_CONFIG);
    assert_int_equal(doctor_count(p->doctor), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, patient_setup, patient_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_as_it_should_be),
        CASE(test_each_setting),
        CASE(test_what_may_be_otherwise),
        CASE(test_the_group_that_forwards),
        CASE(test_a_match_by_address),
        CASE(test_a_match_by_user),
        CASE(test_a_second_sshd),
        CASE(test_processes_that_cannot_be_seen),
        CASE(test_instances),
        CASE(test_examples),
        CASE(test_a_broken_configuration),
        CASE(test_another_daemon),
        CASE(test_changed_since_the_start),
        CASE(test_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
