// LINK: -rdynamic
// LAYERS: test_support
/* Whom the module asks about, what it says of them, and whom it leaves alone. */
#include "hooks.h"
#include "host.h"
#include "pam_module/result.h"
#include "policy/base/cleanup.h"
#include "policy/wire/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define CONNECTION "10.1.2.3 50022 10.9.0.1 22"
#define AUTH_INFO  "publickey ssh-ed25519 AAAAC3Nz\n"

static const enum stack_hook asking[] = {STACK_ACCOUNT, STACK_OPEN, STACK_CLOSE};
static const enum stack_hook deciding[] = {STACK_ACCOUNT, STACK_OPEN};

static void the_request_says_who_and_whence(void **state)
{
    static const enum frame_type types[] = {FRAME_GATE_ACCOUNT, FRAME_GATE_OPEN, FRAME_GATE_CLOSE};
    static uint8_t octets[FRAME_MAX];
    static struct gate_pam m;

    (void)state;
    host.login_uid = 20001;
    assert_int_equal(setenv("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22", 1), 0);
    for (size_t i = 0; i < ARRAY_SIZE(asking); i++) {
        struct fake_gate *g = hooks_gate_of(FAKE_GATE_ANSWERS, RANGE);
        struct frame_header h;
        struct stack s;

        stack_start(&s, "sshd", "zhang.san", hooks_arguments);
        assert_int_equal(pam_set_item(s.pamh, PAM_TTY, "ssh"), PAM_SUCCESS);
        assert_int_equal(pam_set_item(s.pamh, PAM_RHOST, "10.1.2.3"), PAM_SUCCESS);
        assert_int_equal(pam_set_item(s.pamh, PAM_RUSER, "someone"), PAM_SUCCESS);
        assert_int_equal(pam_putenv(s.pamh, "SSH_CONNECTION=" CONNECTION), PAM_SUCCESS);
        assert_int_equal(pam_putenv(s.pamh, "SSH_AUTH_INFO_0=" AUTH_INFO), PAM_SUCCESS);
        assert_int_equal(stack_call(&s, asking[i], 0), PAM_SUCCESS);
        stack_end(&s);
        assert_int_equal(frame_parse(octets, fake_gate_request(g, octets, sizeof(octets)), &h), 0);
        assert_int_equal(h.type, types[i]);
        assert_int_equal(gate_decode_pam(octets + FRAME_HEADER_SIZE, h.length, &m), 0);
        assert_int_equal(m.caller.pid, getpid());
        assert_int_equal(m.caller.parent, getppid());
        assert_true(m.caller.start_time > 0 && m.caller.parent_start_time > 0);
        assert_int_equal(m.caller.uid, 0);
        /* what is only asked about has not got them yet */
        assert_int_equal(m.caller.login_uid, i == 0 ? UINT32_MAX : 20001);
        assert_int_equal(m.caller.audit_session, i == 0 ? UINT32_MAX : 7);
        assert_int_equal(m.range.first, 20000);
        assert_int_equal(m.range.last, 29999);
        assert_string_equal(m.user, "zhang.san");
        assert_int_equal(m.user_uid, 20001);
        assert_string_equal(m.person, "zhang.san");
        assert_int_equal(m.person_uid, 20001);
        assert_string_equal(m.service, "sshd");
        assert_string_equal(m.tty, "ssh");
        assert_string_equal(m.remote_host, "10.1.2.3");
        assert_string_equal(m.remote_user, "someone");
        assert_string_equal(m.ssh_connection, CONNECTION);
        assert_string_equal(m.auth_info, AUTH_INFO);
        fake_gate_free(g);
    }
    assert_int_equal(unsetenv("SSH_CONNECTION"), 0);
}

static struct gate_pam *request_of(const char *service, const char *user)
{
    static uint8_t octets[FRAME_MAX];
    static struct gate_pam m;
    struct fake_gate *g = hooks_gate_of(FAKE_GATE_ANSWERS, RANGE);
    struct frame_header h;
    struct stack s;

    stack_start(&s, service, user, hooks_arguments);
    assert_int_equal(pam_putenv(s.pamh, "SSH_AUTH_INFO_0=" AUTH_INFO), PAM_SUCCESS);
    assert_int_equal(stack_call(&s, STACK_ACCOUNT, 0), PAM_SUCCESS);
    stack_end(&s);
    assert_int_equal(frame_parse(octets, fake_gate_request(g, octets, sizeof(octets)), &h), 0);
    assert_int_equal(gate_decode_pam(octets + FRAME_HEADER_SIZE, h.length, &m), 0);
    fake_gate_free(g);
    return &m;
}

/* An sshd restarted by hand has somebody's connection in its own environment; su and sudo have their
 * caller's, and whatever that caller wrote there. */
static void the_process_environment_is_not_believed(void **state)
{
    (void)state;
    assert_int_equal(setenv("SSH_CONNECTION", CONNECTION, 1), 0);
    assert_string_equal(request_of("sshd", "zhang.san")->ssh_connection, "");
    assert_string_equal(request_of("sshd", "zhang.san")->auth_info, AUTH_INFO);
    assert_string_equal(request_of("login", "zhang.san")->auth_info, "");
    host.uid = 20001;
    assert_string_equal(request_of("sudo", "zhang.san")->ssh_connection, "");
    assert_string_equal(request_of("sudo", "zhang.san")->auth_info, "");
    assert_int_equal(unsetenv("SSH_CONNECTION"), 0);
}

static void a_switch_asks_about_the_caller(void **state)
{
    const struct gate_pam *m;

    (void)state;
    host.login_uid = 20001; /* a root shell that a vendor got */
    m = request_of("su", "root");
    assert_string_equal(m->user, "root");
    assert_int_equal(m->user_uid, 0);
    assert_string_equal(m->person, "zhang.san");
    assert_int_equal(m->person_uid, 20001);
    host.uid = 20001;
    m = request_of("sudo-i", "wang");
    assert_string_equal(m->user, "wang");
    assert_int_equal(m->user_uid, 1000);
    assert_string_equal(m->person, "zhang.san");
    assert_int_equal(m->caller.uid, 20001);
    host.login_uid = UINT32_MAX; /* out of a user manager */
    m = request_of("polkit-1", "nobody.there");
    assert_int_equal(m->user_uid, UINT32_MAX);
    assert_string_equal(m->person, "zhang.san");
}

static void nobody_else_is_in_the_way(void **state)
{
    static const char *const users[] = {"root", "wang", "before", "after"};
    static const char *const services[] = {"sshd", "login",        "su",     "sudo",
                                           "cron", "systemd-user", "vsftpd", "gdm-password"};
    static const char *const options[] = {
        RANGE, RANGE " unknown-option", "", "gated_uid=nonsense", "gated_uid=0-29999", RANGE " " RANGE};
    static const enum fake_gate_manner manners[] = {FAKE_GATE_ANSWERS, FAKE_GATE_FULL};

    (void)state;
    hooks_answer_with(VERDICT_DENY, REASON_NO_GRANT, "You should never see this.");
    host.uid = 1000;
    host.login_uid = 1000;
    for (size_t m = 0; m < ARRAY_SIZE(manners); m++)
        for (size_t o = 0; o < ARRAY_SIZE(options); o++) {
            struct fake_gate *g = hooks_gate_of(manners[m], options[o]);

            for (size_t i = 0; i < ARRAY_SIZE(users) * ARRAY_SIZE(services) * ARRAY_SIZE(asking); i++) {
                struct stack s;

                assert_int_equal(hooks_call(services[i / ARRAY_SIZE(users) % ARRAY_SIZE(services)],
                                            users[i % ARRAY_SIZE(users)],
                                            asking[i / ARRAY_SIZE(users) / ARRAY_SIZE(services)], 0, &s),
                                 STACK_IGNORED);
                assert_int_equal(s.errors + s.infos + s.prompts, 0);
            }
            assert_int_equal(fake_gate_accepted(g), 0);
            fake_gate_free(g);
        }
}

/* A daemon that was restarted from a vendor's shell has that vendor's login uid, and serves everyone. */
static void the_login_uid_plays_no_part_in_logins(void **state)
{
    struct fake_gate *g = hooks_gate_of(FAKE_GATE_ANSWERS, RANGE);
    struct stack s;

    (void)state;
    host.login_uid = 20001;
    assert_int_equal(hooks_call("sshd", "wang", STACK_ACCOUNT, 0, &s), STACK_IGNORED);
    assert_int_equal(hooks_call("cron", "root", STACK_OPEN, 0, &s), STACK_IGNORED);
    assert_int_equal(hooks_call("login", "root", STACK_ACCOUNT, 0, &s), STACK_IGNORED);
    assert_int_equal(fake_gate_accepted(g), 0);
    fake_gate_free(g);
}

/* Where the kernel counts processes, hufud needs no start time to keep a use for a login; all else is told in
 * full. */
static void a_login_is_asked_about_without_start_times(void **state)
{
    static const struct {
        const char *release, *service;
        bool told;
    } rows[] = {{"6.18.1", "sshd", false},
                {"6.9.0", "login", false},
                {"6.8.0", "sshd", true},
                {"6.18.1", "cron", true},
                {"6.18.1", "other", true}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct gate_caller *c;

        host.release = rows[i].release;
        c = &request_of(rows[i].service, "zhang.san")->caller;
        assert_int_equal(c->start_time > 0, rows[i].told);
        assert_int_equal(c->parent_start_time > 0, rows[i].told);
    }
}

static void two_persons_are_refused_without_asking(void **state)
{
    struct fake_gate *g = hooks_gate_of(FAKE_GATE_ANSWERS, RANGE);
    struct stack s;

    (void)state;
    host.uid = 20002;
    host.login_uid = 20001;
    assert_int_equal(hooks_call("su", "root", STACK_ACCOUNT, 0, &s), PAM_PERM_DENIED);
    assert_string_equal(s.text, SCOPE_TWO_PERSONS_TEXT);
    assert_int_equal(fake_gate_accepted(g), 0);
    fake_gate_free(g);
}

static void an_unknown_account_is_not_let_through(void **state)
{
    struct fake_gate *g = hooks_gate_of(FAKE_GATE_ANSWERS, RANGE);
    struct stack s;

    (void)state;
    for (size_t h = 0; h < ARRAY_SIZE(deciding); h++) {
        assert_int_equal(hooks_call("sshd", "nobody.there", deciding[h], 0, &s), PAM_USER_UNKNOWN);
        assert_int_equal(hooks_call("vsftpd", "nobody.there", deciding[h], 0, &s), STACK_IGNORED);
    }
    assert_int_equal(fake_gate_accepted(g), 0);
    fake_gate_free(g);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, hooks_set_up, hooks_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_request_says_who_and_whence),
        TEST(the_process_environment_is_not_believed),
        TEST(a_switch_asks_about_the_caller),
        TEST(nobody_else_is_in_the_way),
        TEST(a_login_is_asked_about_without_start_times),
        TEST(the_login_uid_plays_no_part_in_logins),
        TEST(two_persons_are_refused_without_asking),
        TEST(an_unknown_account_is_not_let_through),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
