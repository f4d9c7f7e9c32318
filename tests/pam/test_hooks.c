// LINK: -rdynamic
// LAYERS: test_support
#include "host.h"
#include "pam_module/client.h"
#include "pam_module/result.h"
#include "policy/base/cleanup.h"
#include "policy/wire/gate.h"
#include "stack.h"
#include "tests/unit/support/fake_gate.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define RANGE      "gated_uid=20000-29999"
#define CONNECTION "10.1.2.3 50022 10.9.0.1 22"
#define AUTH_INFO  "publickey ssh-ed25519 AAAAC3Nz\n"

static const enum stack_hook asking[] = {STACK_ACCOUNT, STACK_OPEN, STACK_CLOSE};
static const enum stack_hook deciding[] = {STACK_ACCOUNT, STACK_OPEN};

static uint8_t reply[FRAME_MAX + 64];
static size_t reply_size;
static char arguments[256];

static void answer_with(enum verdict verdict, enum reason reason, const char *message)
{
    struct gate_reply m = {
        .verdict = verdict, .reason = reason, .runtime_max = 28800, .reference = "A1-0042"};

    (void)snprintf(m.message, sizeof(m.message), "%s", message);
    reply_size = (size_t)gate_encode_reply(&m, reply);
}

static int count_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    assert_non_null(d);
    while (readdir(d))
        n++;
    (void)closedir(d);
    return n;
}

/* What was open before a test has to be all that is open after it, with the fake server gone. */
static int descriptors;

static int set_up(void **state)
{
    (void)state;
    (void)alarm(100);
    descriptors = count_descriptors();
    host_reset();
    answer_with(VERDICT_ALLOW, REASON_OK, "");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(count_descriptors(), descriptors);
    return 0;
}

static struct fake_gate *gate_of(enum fake_gate_manner manner, const char *options)
{
    struct fake_gate *g = fake_gate_new(manner, reply, reply_size, (uid_t)-1);

    (void)snprintf(arguments, sizeof(arguments), "%s socket=%s", options, fake_gate_path(g));
    return g;
}

/* One hook in a transaction of its own. */
static int call_for(const char *service, const char *user, enum stack_hook hook, int flags, struct stack *s)
{
    int code;

    stack_start(s, service, user, arguments);
    code = stack_call(s, hook, flags);
    stack_end(s);
    return code;
}

/* A gated login that must be refused, with the sentence for an absent broker. */
static void refused_as_away(enum stack_hook hook)
{
    struct stack s;

    assert_int_equal(call_for("sshd", "zhang.san", hook, 0, &s), PAM_PERM_DENIED);
    assert_string_equal(s.text, CLIENT_AWAY_TEXT);
    assert_int_equal(s.errors, 1);
    assert_int_equal(s.infos + s.prompts, 0);
}

static void the_module_shows_six_functions(void **state)
{
    static const char *const shown[] = {"pam_sm_authenticate", "pam_sm_setcred",       "pam_sm_acct_mgmt",
                                        "pam_sm_open_session", "pam_sm_close_session", "pam_sm_chauthtok"};
    static const char *const hidden[] = {"client_call", "scope_judge", "arguments_parse", "gate_encode_pam"};
    void *module = dlopen(getenv("HUFU_TEST_MODULE"), RTLD_NOW | RTLD_LOCAL);

    (void)state;
    assert_non_null(module);
    for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
        assert_non_null(dlsym(module, shown[i]));
    for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
        assert_null(dlsym(module, hidden[i]));
    (void)dlclose(module);
}

static void authentication_and_passwords_are_passed_over(void **state)
{
    static const enum stack_hook hooks[] = {STACK_AUTHENTICATE, STACK_CHAUTHTOK};
    struct fake_gate *g = gate_of(FAKE_GATE_ANSWERS, RANGE);
    struct stack s;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
        assert_int_equal(call_for("sshd", "zhang.san", hooks[i], 0, &s), STACK_IGNORED);
        assert_int_equal(call_for("sshd", "wang", hooks[i], 0, &s), STACK_IGNORED);
    }
    /* setcred follows the way that authenticate took through the stack */
    stack_start(&s, "sshd", "zhang.san", arguments);
    (void)stack_call(&s, STACK_AUTHENTICATE, 0);
    assert_int_equal(stack_call(&s, STACK_SETCRED, 0), STACK_IGNORED);
    stack_end(&s);
    assert_int_equal(fake_gate_accepted(g), 0);
    fake_gate_free(g);
}

static void an_admission_lets_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(deciding); i++) {
        struct fake_gate *g;
        struct stack s;

        answer_with(VERDICT_ALLOW, REASON_OK, "You may stay until 18:00.\n可以停留到 18:00。");
        g = gate_of(FAKE_GATE_ANSWERS, RANGE);
        assert_int_equal(call_for("sshd", "zhang.san", deciding[i], 0, &s), PAM_SUCCESS);
        assert_string_equal(s.text, "You may stay until 18:00.\n可以停留到 18:00。");
        assert_int_equal(s.infos, 1);
        assert_int_equal(s.errors + s.prompts, 0);
        assert_int_equal(fake_gate_accepted(g), 1);
        fake_gate_free(g);
    }
}

static void a_refusal_keeps_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(deciding); i++) {
        struct fake_gate *g;
        struct stack s;

        answer_with(VERDICT_DENY, REASON_EXPIRED, "Your grant has ended.\x1b[2J\nQuote A1-0042.");
        g = gate_of(FAKE_GATE_ANSWERS, RANGE);
        assert_int_equal(call_for("sshd", "zhang.san", deciding[i], 0, &s), PAM_PERM_DENIED);
        assert_string_equal(s.text, "Your grant has ended.?[2J\nQuote A1-0042.");
        assert_int_equal(s.errors, 1);
        assert_int_equal(s.infos + s.prompts, 0);
        fake_gate_free(g);
    }
}

static void silence_is_kept(void **state)
{
    static const enum verdict verdicts[] = {VERDICT_ALLOW, VERDICT_DENY};

    (void)state;
    for (size_t v = 0; v < 2; v++)
        for (size_t i = 0; i < ARRAY_SIZE(deciding); i++) {
            struct fake_gate *g;
            struct stack s;

            answer_with(verdicts[v], REASON_NO_GRANT, "Something to say.");
            g = gate_of(FAKE_GATE_ANSWERS, RANGE);
            (void)call_for("sshd", "zhang.san", deciding[i], PAM_SILENT, &s);
            assert_int_equal(s.errors + s.infos + s.prompts, 0);
            fake_gate_free(g);
            (void)call_for("sshd", "zhang.san", deciding[i], PAM_SILENT, &s); /* nobody there */
            assert_int_equal(s.errors + s.infos + s.prompts, 0);
        }
}

/* `refusals=shown`: a refusal is explained to the silent, too, and nothing else is said to them. */
static void refusals_are_shown_where_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(deciding); i++) {
        struct fake_gate *g;
        struct stack s;

        answer_with(VERDICT_DENY, REASON_NO_GRANT, "Something to say.");
        g = gate_of(FAKE_GATE_ANSWERS, RANGE " refusals=shown");
        assert_int_equal(call_for("sshd", "zhang.san", deciding[i], PAM_SILENT, &s), PAM_PERM_DENIED);
        assert_string_equal(s.text, "Something to say.");
        fake_gate_free(g);
        assert_int_equal(call_for("sshd", "zhang.san", deciding[i], PAM_SILENT, &s), PAM_PERM_DENIED);
        assert_string_equal(s.text, CLIENT_AWAY_TEXT);
        assert_int_equal(call_for("sshd", "zhang.san", STACK_CLOSE, PAM_SILENT, &s), PAM_SUCCESS);
        assert_int_equal(s.errors + s.infos + s.prompts, 0);
        answer_with(VERDICT_ALLOW, REASON_OK, "Something to say.");
        g = gate_of(FAKE_GATE_ANSWERS, RANGE " refusals=shown");
        assert_int_equal(call_for("sshd", "zhang.san", deciding[i], PAM_SILENT, &s), PAM_SUCCESS);
        assert_int_equal(s.errors + s.infos + s.prompts, 0);
        fake_gate_free(g);
    }
}

static void the_longest_life_is_left_for_logind(void **state)
{
    static const uint32_t seconds[] = {0, 1, 28800, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(seconds); i++) {
        struct gate_reply m = {.verdict = VERDICT_ALLOW, .reason = REASON_OK, .runtime_max = seconds[i]};
        struct fake_gate *g;
        struct stack s;
        char text[16];

        reply_size = (size_t)gate_encode_reply(&m, reply);
        g = gate_of(FAKE_GATE_ANSWERS, RANGE);
        stack_start(&s, "sshd", "zhang.san", arguments);
        assert_int_equal(stack_call(&s, STACK_OPEN, 0), PAM_SUCCESS);
        (void)snprintf(text, sizeof(text), "%u", seconds[i]);
        if (seconds[i] == 0)
            assert_null(pam_getenv(s.pamh, "RUNTIME_MAX"));
        else
            assert_string_equal(pam_getenv(s.pamh, "RUNTIME_MAX"), text);
        stack_end(&s);
        fake_gate_free(g);
    }
}

static void closing_never_fails_and_says_nothing(void **state)
{
    static const enum fake_gate_manner manners[] = {FAKE_GATE_ANSWERS, FAKE_GATE_LEAVES, FAKE_GATE_HANGS_UP,
                                                    FAKE_GATE_FROZEN};
    struct stack s;

    (void)state;
    answer_with(VERDICT_DENY, REASON_NO_SESSION, "Something to say.");
    for (size_t i = 0; i < ARRAY_SIZE(manners); i++) {
        struct fake_gate *g = gate_of(manners[i], RANGE);

        assert_int_equal(call_for("sshd", "zhang.san", STACK_CLOSE, 0, &s), PAM_SUCCESS);
        assert_int_equal(s.errors + s.infos + s.prompts, 0);
        fake_gate_free(g);
    }
    assert_int_equal(call_for("sshd", "zhang.san", STACK_CLOSE, 0, &s), PAM_SUCCESS);
    assert_int_equal(s.errors + s.infos + s.prompts, 0);
}

static void the_request_says_who_and_whence(void **state)
{
    static const enum frame_type types[] = {FRAME_GATE_ACCOUNT, FRAME_GATE_OPEN, FRAME_GATE_CLOSE};
    static uint8_t octets[FRAME_MAX];
    static struct gate_pam m;

    (void)state;
    host.login_uid = 20001;
    assert_int_equal(setenv("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22", 1), 0);
    for (size_t i = 0; i < ARRAY_SIZE(asking); i++) {
        struct fake_gate *g = gate_of(FAKE_GATE_ANSWERS, RANGE);
        struct frame_header h;
        struct stack s;

        stack_start(&s, "sshd", "zhang.san", arguments);
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
        assert_int_equal(m.caller.login_uid, 20001);
        assert_int_equal(m.caller.audit_session, 7);
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
    struct fake_gate *g = gate_of(FAKE_GATE_ANSWERS, RANGE);
    struct frame_header h;
    struct stack s;

    stack_start(&s, service, user, arguments);
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

static void no_broker_is_a_refusal(void **state)
{
    static const enum fake_gate_manner manners[] = {FAKE_GATE_LEAVES, FAKE_GATE_HANGS_UP, FAKE_GATE_FROZEN,
                                                    FAKE_GATE_SILENT, FAKE_GATE_FULL,     FAKE_GATE_DRIPS};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(manners); i++) {
        struct fake_gate *g;

        answer_with(VERDICT_ALLOW, REASON_OK, "This comes too late.");
        g = gate_of(manners[i], RANGE);
        refused_as_away(STACK_ACCOUNT);
        if (manners[i] == FAKE_GATE_LEAVES || manners[i] == FAKE_GATE_FROZEN)
            refused_as_away(STACK_OPEN);
        fake_gate_free(g);
    }
    for (size_t h = 0; h < ARRAY_SIZE(deciding); h++)
        refused_as_away(deciding[h]); /* the socket is gone */
}

static void nonsense_is_a_refusal(void **state)
{
    (void)state;
    for (size_t h = 0; h < ARRAY_SIZE(deciding); h++)
        for (unsigned kind = 0; kind < 7; kind++) {
            struct fake_gate *g;

            answer_with(VERDICT_ALLOW, REASON_OK, "");
            if (kind == 0)
                memset(reply, 0, reply_size);
            if (kind == 1)
                memcpy(reply, "HTTP/1.1 200 OK\r\n\r\n", 19);
            if (kind == 2)
                reply[5]++; /* another version */
            if (kind == 3)
                reply[7]++; /* another type */
            if (kind == 4)
                reply[FRAME_HEADER_SIZE] ^= 0x40; /* no verdict */
            if (kind == 5)
                reply_size++; /* one octet more */
            if (kind == 6)
                reply_size--;
            g = gate_of(FAKE_GATE_ANSWERS, RANGE);
            refused_as_away(deciding[h]);
            fake_gate_free(g);
        }
}

/* Somebody else's process sits at the socket and admits everyone. */
static void a_server_of_another_uid_is_a_refusal(void **state)
{
    struct fake_gate *g;
    char folder[128];

    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(seteuid(65534), 0);
    g = gate_of(FAKE_GATE_ANSWERS, RANGE);
    assert_int_equal(seteuid(0), 0);
    (void)snprintf(folder, sizeof(folder), "%s", fake_gate_path(g));
    *strrchr(folder, '/') = 0;
    assert_int_equal(chown(folder, 1, (gid_t)-1), 0);
    refused_as_away(STACK_ACCOUNT);
    refused_as_away(STACK_OPEN);
    fake_gate_free(g);
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
    answer_with(VERDICT_DENY, REASON_NO_GRANT, "You should never see this.");
    host.uid = 1000;
    host.login_uid = 1000;
    for (size_t m = 0; m < ARRAY_SIZE(manners); m++)
        for (size_t o = 0; o < ARRAY_SIZE(options); o++) {
            struct fake_gate *g = gate_of(manners[m], options[o]);

            for (size_t i = 0; i < ARRAY_SIZE(users) * ARRAY_SIZE(services) * ARRAY_SIZE(asking); i++) {
                struct stack s;

                assert_int_equal(call_for(services[i / ARRAY_SIZE(users) % ARRAY_SIZE(services)],
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
    struct fake_gate *g = gate_of(FAKE_GATE_ANSWERS, RANGE);
    struct stack s;

    (void)state;
    host.login_uid = 20001;
    assert_int_equal(call_for("sshd", "wang", STACK_ACCOUNT, 0, &s), STACK_IGNORED);
    assert_int_equal(call_for("cron", "root", STACK_OPEN, 0, &s), STACK_IGNORED);
    assert_int_equal(call_for("login", "root", STACK_ACCOUNT, 0, &s), STACK_IGNORED);
    assert_int_equal(fake_gate_accepted(g), 0);
    fake_gate_free(g);
}

static void bad_arguments_refuse_gated_accounts(void **state)
{
    static const char *const options[] = {
        RANGE " unknown-option", RANGE " socket=relative", RANGE " socket=/a socket=/b", "",
        "gated_uid=nonsense",    "gated_uid=20000",        "gated_uid=29999-20000",      "gated_uid=0-29999",
        RANGE " " RANGE,
    };

    (void)state;
    for (size_t o = 0; o < ARRAY_SIZE(options); o++)
        for (size_t h = 0; h < ARRAY_SIZE(deciding); h++) {
            struct fake_gate *g = gate_of(FAKE_GATE_ANSWERS, options[o]);
            struct stack s;

            assert_int_equal(call_for("sshd", "zhang.san", deciding[h], 0, &s), PAM_PERM_DENIED);
            assert_string_equal(s.text, RESULT_MISCONFIGURED_TEXT);
            host.login_uid = 20001;
            assert_int_equal(call_for("sudo", "root", deciding[h], 0, &s), PAM_PERM_DENIED);
            host.login_uid = UINT32_MAX;
            assert_int_equal(fake_gate_accepted(g), 0);
            fake_gate_free(g);
        }
}

static void two_persons_are_refused_without_asking(void **state)
{
    struct fake_gate *g = gate_of(FAKE_GATE_ANSWERS, RANGE);
    struct stack s;

    (void)state;
    host.uid = 20002;
    host.login_uid = 20001;
    assert_int_equal(call_for("su", "root", STACK_ACCOUNT, 0, &s), PAM_PERM_DENIED);
    assert_string_equal(s.text, RESULT_TWO_PERSONS_TEXT);
    assert_int_equal(fake_gate_accepted(g), 0);
    fake_gate_free(g);
}

static void an_unknown_account_is_not_let_through(void **state)
{
    struct fake_gate *g = gate_of(FAKE_GATE_ANSWERS, RANGE);
    struct stack s;

    (void)state;
    for (size_t h = 0; h < ARRAY_SIZE(deciding); h++) {
        assert_int_equal(call_for("sshd", "nobody.there", deciding[h], 0, &s), PAM_USER_UNKNOWN);
        assert_int_equal(call_for("vsftpd", "nobody.there", deciding[h], 0, &s), STACK_IGNORED);
    }
    assert_int_equal(fake_gate_accepted(g), 0);
    fake_gate_free(g);
}

static void a_user_database_that_fails_is_a_refusal(void **state)
{
    struct fake_gate *g = gate_of(FAKE_GATE_ANSWERS, RANGE);
    struct stack s;

    (void)state;
    host.database_error = EIO;
    assert_int_equal(call_for("sshd", "zhang.san", STACK_ACCOUNT, 0, &s), PAM_PERM_DENIED);
    assert_string_equal(s.text, RESULT_UNSURE_TEXT);
    host.uid = 20001;
    assert_int_equal(call_for("sudo", "zhang.san", STACK_ACCOUNT, 0, &s), PAM_PERM_DENIED);
    host.uid = 1000;
    assert_int_equal(call_for("sudo", "wang", STACK_ACCOUNT, 0, &s), STACK_IGNORED);
    assert_int_equal(fake_gate_accepted(g), 0);
    fake_gate_free(g);
}

/* Cut text would be other text: what does not fit the frame is refused, not shortened. */
static void items_that_do_not_fit_are_refused(void **state)
{
    static const int items[] = {PAM_TTY, PAM_RHOST, PAM_RUSER};
    struct fake_gate *g = gate_of(FAKE_GATE_ANSWERS, RANGE);
    static char text[5001];
    struct stack s;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
        text[300] = 0;
        stack_start(&s, "sshd", "zhang.san", arguments);
        assert_int_equal(pam_set_item(s.pamh, items[i], text), PAM_SUCCESS);
        assert_int_equal(stack_call(&s, STACK_ACCOUNT, 0), PAM_PERM_DENIED);
        stack_end(&s);
        text[300] = 'x';
    }
    memcpy(text, "SSH_AUTH_INFO_0=", 16);
    stack_start(&s, "sshd", "zhang.san", arguments);
    assert_int_equal(pam_putenv(s.pamh, text), PAM_SUCCESS);
    assert_int_equal(stack_call(&s, STACK_ACCOUNT, 0), PAM_PERM_DENIED);
    stack_end(&s);
    assert_int_equal(fake_gate_accepted(g), 0);
    fake_gate_free(g);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_module_shows_six_functions),
        TEST(authentication_and_passwords_are_passed_over),
        TEST(an_admission_lets_in),
        TEST(a_refusal_keeps_out),
        TEST(silence_is_kept),
        TEST(refusals_are_shown_where_told),
        TEST(the_longest_life_is_left_for_logind),
        TEST(closing_never_fails_and_says_nothing),
        TEST(the_request_says_who_and_whence),
        TEST(the_process_environment_is_not_believed),
        TEST(a_switch_asks_about_the_caller),
        TEST(no_broker_is_a_refusal),
        TEST(nonsense_is_a_refusal),
        TEST(a_server_of_another_uid_is_a_refusal),
        TEST(nobody_else_is_in_the_way),
        TEST(the_login_uid_plays_no_part_in_logins),
        TEST(bad_arguments_refuse_gated_accounts),
        TEST(two_persons_are_refused_without_asking),
        TEST(an_unknown_account_is_not_let_through),
        TEST(a_user_database_that_fails_is_a_refusal),
        TEST(items_that_do_not_fit_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
