// LINK: -rdynamic
// LAYERS: test_support
// LIBRARIES: sudo-plugin
/* hufu_sudo.so as it is shipped, called as sudo calls it, with a fake broker to ask. */
#include "host.h"
#include "pam_module/client.h"
#include "pam_module/scope.h"
#include "policy/base/cleanup.h"
#include "policy/base/doubt.h"
#include "policy/wire/gate.h"
#include "tests/unit/support/fake_gate.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sudo_plugin.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define RANGE "gated_uid=20000-29999"

static struct {
    void *library;
    struct approval_plugin *approval;
    struct audit_plugin *audit;
    struct fake_gate *gate;
    char socket[200];
    char said[8192]; /* by the plugin, to the person */
    const char *error, *reference;
    char *options[3];
} sudo;

static __attribute__((format(printf, 2, 3))) int say(int type, const char *format, ...)
{
    size_t used = strlen(sudo.said);
    va_list arguments;

    (void)type;
    va_start(arguments, format);
    (void)vsnprintf(sudo.said + used, sizeof(sudo.said) - used, format, arguments);
    va_end(arguments);
    return 0;
}

static void answer(enum fake_gate_manner manner, enum verdict verdict, enum reason reason,
                   const char *message)
{
    static uint8_t reply[FRAME_MAX];
    struct gate_reply m = {.verdict = verdict, .reason = reason};
    int size;

    (void)snprintf(m.message, sizeof(m.message), "%s", message);
    (void)snprintf(m.reference, sizeof(m.reference), "%s", sudo.reference ? sudo.reference : "K7TQ2MXA");
    size = gate_encode_reply(&m, reply);
    assert_true(size > 0);
    if (sudo.gate)
        fake_gate_free(sudo.gate);
    sudo.gate = fake_gate_new(manner, reply, (size_t)size, (uid_t)-1);
    (void)snprintf(sudo.socket, sizeof(sudo.socket), "socket=%s", fake_gate_path(sudo.gate));
    sudo.options[0] = (char *)RANGE;
    sudo.options[1] = sudo.socket;
}

/* A new sudo: the plugin is loaded anew, as its static state is. The caller is zhang.san. */
static int setup(void **state)
{
    const char *path = getenv("HUFU_TEST_SUDO");

    (void)state;
    (void)alarm(100);
    host_reset();
    host.uid = 20001;
    host.login_uid = 20001;
    memset(&sudo, 0, sizeof(sudo));
    assert_non_null(path);
    sudo.library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!sudo.library)
        fail_msg("%s", dlerror());
    sudo.approval = dlsym(sudo.library, "hufu_approval");
    sudo.audit = dlsym(sudo.library, "hufu_audit");
    assert_true(sudo.approval && sudo.audit);
    answer(FAKE_GATE_ANSWERS, VERDICT_ALLOW, REASON_OK, "");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fake_gate_free(sudo.gate);
    return dlclose(sudo.library);
}

static char *const no_settings[] = {NULL};
static char *const user_info[] = {"user=zhang.san", "cwd=/tmp", "tty=/dev/pts/3", NULL};
static char *const submit_argv[] = {"sudo", "-u", "wang", "true", NULL};
static char *const command_info[] = {"command=/usr/bin/true", "runas_user=wang", "runas_uid=1000",
                                     "runas_gid=1000", NULL};
static char *const run_argv[] = {"true", NULL};
static char *const run_envp[] = {"PATH=/usr/bin", NULL};

static int open_approval(unsigned version)
{
    return sudo.approval->open(version, NULL, say, no_settings, user_info, 3, submit_argv, run_envp,
                               sudo.options, &sudo.error);
}

static int open_audit(void)
{
    return sudo.audit->open(SUDO_API_VERSION, NULL, say, no_settings, user_info, 3, submit_argv, run_envp,
                            sudo.options, &sudo.error);
}

static int check(char *const info[])
{
    sudo.error = NULL;
    sudo.said[0] = '\0';
    return sudo.approval->check(info, run_argv, run_envp, &sudo.error);
}

static struct frame_header request(uint8_t body[static FRAME_MAX])
{
    static uint8_t octets[FRAME_MAX];
    struct frame_header h;

    assert_int_equal(frame_parse(octets, fake_gate_request(sudo.gate, octets, sizeof(octets)), &h), 0);
    memcpy(body, octets + FRAME_HEADER_SIZE, h.length);
    return h;
}

static struct gate_command_end *told(void)
{
    static struct gate_command_end m;
    static uint8_t body[FRAME_MAX];
    struct frame_header h = request(body);

    assert_int_equal(h.type, FRAME_GATE_COMMAND_END);
    assert_int_equal(gate_decode_command_end(body, h.length, &m), 0);
    return &m;
}

static void the_question_says_what_would_run(void **state)
{
    static struct gate_command m;
    static uint8_t body[FRAME_MAX];
    struct frame_header h;

    (void)state;
    assert_int_equal(open_approval(SUDO_API_VERSION), 1);
    assert_int_equal(check(command_info), 1);
    h = request(body);
    assert_int_equal(h.type, FRAME_GATE_COMMAND);
    assert_int_equal(gate_decode_command(body, h.length, &m), 0);
    assert_int_equal(m.caller.pid, getpid());
    assert_true(m.caller.start_time > 0);
    assert_true(m.caller.uid == 20001 && m.caller.login_uid == 20001);
    assert_int_equal(m.caller.audit_session, 7);
    assert_int_equal(m.range.first, 20000);
    assert_string_equal(m.person, "zhang.san");
    assert_string_equal(m.target, "wang");
    assert_true(m.person_uid == 20001 && m.target_uid == 1000);
    assert_string_equal(m.path, "/usr/bin/true");
    assert_string_equal(m.arguments, "");
    assert_string_equal(m.cwd, "/tmp");
    assert_string_equal(m.tty, "/dev/pts/3");
    assert_string_equal(sudo.said, "");
}

static void only_allow_runs(void **state)
{
    (void)state;
    assert_int_equal(open_approval(SUDO_API_VERSION), 1);
    answer(FAKE_GATE_ANSWERS, VERDICT_DENY, REASON_COMMAND_NOT_GRANTED, "Hufu: no.\033[2J\nReference: X");
    assert_int_equal(open_approval(SUDO_API_VERSION), 1);
    assert_int_equal(check(command_info), 0);
    assert_string_equal(sudo.said, "Hufu: no.?[2J\nReference: X\n");
    assert_string_equal(sudo.error, "refused by Hufu: command-not-granted");
}

static void without_an_answer_nothing_runs(void **state)
{
    static const enum fake_gate_manner manners[] = {FAKE_GATE_LEAVES, FAKE_GATE_HANGS_UP, FAKE_GATE_FROZEN,
                                                    FAKE_GATE_SILENT};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(manners); i++) {
        answer(manners[i], VERDICT_ALLOW, REASON_OK, "");
        assert_int_equal(open_approval(SUDO_API_VERSION), 1);
        assert_int_equal(check(command_info), 0);
        assert_string_equal(sudo.said, CLIENT_AWAY_TEXT "\n");
    }
    sudo.options[1] = (char *)"socket=/nonexistent/gate";
    assert_int_equal(open_approval(SUDO_API_VERSION), 1);
    assert_int_equal(check(command_info), 0);
    assert_string_equal(sudo.said, CLIENT_AWAY_TEXT "\n");
}

/* Whatever is wrong with Hufu, and without a connection. */
static void nobody_else_is_in_the_way(void **state)
{
    static char *const options[][3] = {{RANGE, "socket=/nonexistent/gate"}, {RANGE, "nonsense"}, {NULL}};
    static const uint32_t uids[] = {0, 1000, 19999, 30000};

    (void)state;
    host.login_uid = UINT32_MAX;
    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        for (size_t k = 0; k < ARRAY_SIZE(uids); k++) {
            memcpy(sudo.options, options[i], sizeof(sudo.options));
            host.uid = uids[k];
            assert_int_equal(open_approval(SUDO_API_VERSION), 0);
            assert_int_equal(open_approval(SUDO_API_MKVERSION(1, 0)), 0);
            assert_int_equal(open_audit(), 0);
            host.login_uid = 1000;
            assert_int_equal(open_approval(SUDO_API_VERSION), 0);
            host.login_uid = UINT32_MAX;
        }
    assert_int_equal(fake_gate_accepted(sudo.gate), 0);
}

static void who_became_root_is_asked_about(void **state)
{
    static struct gate_command m;
    static uint8_t body[FRAME_MAX];

    (void)state;
    host.uid = 0;
    assert_int_equal(open_approval(SUDO_API_VERSION), 1);
    assert_int_equal(open_audit(), 1);
    assert_int_equal(check(command_info), 1);
    assert_int_equal(gate_decode_command(body, request(body).length, &m), 0);
    assert_string_equal(m.person, "zhang.san");
}

static void two_persons_are_refused(void **state)
{
    (void)state;
    host.login_uid = 20002;
    assert_int_equal(open_approval(SUDO_API_VERSION), 1);
    assert_int_equal(open_audit(), 0);
    assert_int_equal(check(command_info), 0);
    assert_string_equal(sudo.said, SCOPE_TWO_PERSONS_TEXT "\n");
    assert_int_equal(fake_gate_accepted(sudo.gate), 0);
}

static void an_unknown_person_is_refused(void **state)
{
    (void)state;
    host.database_error = 5;
    assert_int_equal(open_approval(SUDO_API_VERSION), 1);
    assert_int_equal(check(command_info), 0);
    assert_string_equal(sudo.said, SCOPE_UNSURE_TEXT "\n");
}

static void faulty_options_refuse_the_gated(void **state)
{
    (void)state;
    sudo.options[1] = (char *)"nonsense";
    assert_int_equal(open_approval(SUDO_API_VERSION), 1);
    assert_int_equal(check(command_info), 0);
    assert_string_equal(sudo.said, SCOPE_MISCONFIGURED_TEXT "\n");
    sudo.options[0] = NULL; /* members of the group are */
    assert_int_equal(open_approval(SUDO_API_VERSION), 1);
    assert_int_equal(check(command_info), 0);
}

static void an_older_sudo_is_no_place_for_it(void **state)
{
    (void)state;
    assert_int_equal(open_approval(SUDO_API_MKVERSION(1, 14)), -1);
    assert_int_equal(open_approval(SUDO_API_MKVERSION(1, 15)), 1);
}

static void a_run_that_is_not_told_is_refused(void **state)
{
    static char *const without_command[] = {"runas_user=wang", NULL};

    (void)state;
    assert_int_equal(open_approval(SUDO_API_VERSION), 1);
    assert_int_equal(check(without_command), 0);
    assert_non_null(strstr(sudo.said, "does not say what it would run"));
    assert_int_equal(check(NULL), 0);
    assert_int_equal(fake_gate_accepted(sudo.gate), 0);
}

static void the_end_is_told_with_its_reference(void **state)
{
    static const struct {
        int type, status;
        enum gate_command_outcome outcome;
        uint32_t told;
        uint8_t core;
    } rows[] = {
        {SUDO_PLUGIN_WAIT_STATUS, W_EXITCODE(0, 0), GATE_COMMAND_EXITED, 0, 0},
        {SUDO_PLUGIN_WAIT_STATUS, W_EXITCODE(3, 0), GATE_COMMAND_EXITED, 3, 0},
        {SUDO_PLUGIN_WAIT_STATUS, W_EXITCODE(0, 9), GATE_COMMAND_SIGNALLED, 9, 0},
        {SUDO_PLUGIN_WAIT_STATUS, W_EXITCODE(0, 11) | WCOREFLAG, GATE_COMMAND_SIGNALLED, 11, 1},
        {SUDO_PLUGIN_EXEC_ERROR, 13, GATE_COMMAND_NOT_STARTED, 13, 0},
        {SUDO_PLUGIN_SUDO_ERROR, 12, GATE_COMMAND_FAILED, 0, 0},
    };

    (void)state;
    assert_int_equal(open_audit(), 1);
    assert_int_equal(open_approval(SUDO_API_VERSION), 1);
    assert_int_equal(check(command_info), 1);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct gate_command_end *m;

        sudo.audit->close(rows[i].type, rows[i].status);
        m = told();
        assert_string_equal(m->reference, "K7TQ2MXA");
        assert_string_equal(m->person, "zhang.san");
        assert_int_equal(m->outcome, rows[i].outcome);
        assert_int_equal(m->status, rows[i].told);
        assert_int_equal(m->core, rows[i].core);
        assert_string_equal(m->command, "true");
    }
}

static void what_was_refused_has_no_end(void **state)
{
    (void)state;
    assert_int_equal(open_audit(), 1);
    answer(FAKE_GATE_ANSWERS, VERDICT_DENY, REASON_COMMAND_NOT_GRANTED, "no");
    assert_int_equal(open_approval(SUDO_API_VERSION), 1);
    assert_int_equal(open_audit(), 1);
    assert_int_equal(check(command_info), 0);
    assert_int_equal(
        sudo.audit->reject("hufu_approval", SUDO_APPROVAL_PLUGIN, "x", command_info, &sudo.error), 1);
    sudo.audit->close(SUDO_PLUGIN_NO_STATUS, 0);
    assert_int_equal(fake_gate_accepted(sudo.gate), 1); /* the question alone */
}

static void what_sudo_refuses_is_told(void **state)
{
    struct gate_command_end *m;

    (void)state;
    assert_int_equal(open_audit(), 1);
    assert_int_equal(
        sudo.audit->reject("sudoers_policy", SUDO_POLICY_PLUGIN, "command not allowed", NULL, &sudo.error),
        1);
    m = told();
    assert_int_equal(m->outcome, GATE_COMMAND_REFUSED);
    assert_string_equal(m->reference, "");
    assert_string_equal(m->detail, "command not allowed");
    assert_string_equal(m->command, "true");
    assert_int_equal(sudo.audit->error("sudoers_policy", SUDO_POLICY_PLUGIN, NULL, command_info, &sudo.error),
                     1);
    m = told();
    assert_int_equal(m->outcome, GATE_COMMAND_FAILED);
    assert_string_equal(m->command, "/usr/bin/true");
}

/* To be told is not to be asked: who ran it goes on. */
static void an_end_that_nobody_hears_stops_nobody(void **state)
{
    (void)state;
    answer(FAKE_GATE_HANGS_UP, VERDICT_ALLOW, REASON_OK, "");
    assert_int_equal(open_audit(), 1);
    assert_int_equal(sudo.audit->reject("sudoers_policy", SUDO_POLICY_PLUGIN, "x", NULL, &sudo.error), 1);
    sudo.audit->close(SUDO_PLUGIN_WAIT_STATUS, 0);
    assert_string_equal(sudo.said, "");
}

/* Sub-commands that sudo checks (intercept): each is asked about; the end is that of the first. */
static void sub_commands_are_asked_about_too(void **state)
{
    (void)state;
    assert_int_equal(open_approval(SUDO_API_VERSION), 1);
    assert_int_equal(check(command_info), 1);
    sudo.reference = "SECOND22";
    answer(FAKE_GATE_ANSWERS, VERDICT_ALLOW, REASON_OK, "");
    assert_int_equal(open_approval(SUDO_API_VERSION), 1);
    assert_int_equal(check(command_info), 1);
    assert_int_equal(open_audit(), 1);
    sudo.audit->close(SUDO_PLUGIN_WAIT_STATUS, 0);
    assert_string_equal(told()->reference, "K7TQ2MXA");
}

#define SUDO_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUDO_TEST(the_question_says_what_would_run),   SUDO_TEST(only_allow_runs),
        SUDO_TEST(without_an_answer_nothing_runs),     SUDO_TEST(nobody_else_is_in_the_way),
        SUDO_TEST(who_became_root_is_asked_about),     SUDO_TEST(two_persons_are_refused),
        SUDO_TEST(an_unknown_person_is_refused),       SUDO_TEST(faulty_options_refuse_the_gated),
        SUDO_TEST(an_older_sudo_is_no_place_for_it),   SUDO_TEST(a_run_that_is_not_told_is_refused),
        SUDO_TEST(the_end_is_told_with_its_reference), SUDO_TEST(what_was_refused_has_no_end),
        SUDO_TEST(what_sudo_refuses_is_told),          SUDO_TEST(an_end_that_nobody_hears_stops_nobody),
        SUDO_TEST(sub_commands_are_asked_about_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
