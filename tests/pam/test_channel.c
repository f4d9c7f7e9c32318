// LAYERS: test_support
/* hufu-channel as sshd starts it: environment and input in, output and exit status out. */
#include "helper.h"
#include "pam_module/client.h"
#include "policy/base/cleanup.h"
#include "policy/wire/gate.h"

#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void start_channel(struct helper_result *r, const char *path, const char *command, const char *input)
{
    char *argv[] = {getenv("HUFU_TEST_CHANNEL"), (char *)"-s", (char *)path, NULL};
    char variable[4096];
    char *environment[] = {(char *)"PATH=/usr/bin:/bin",
                           (char *)"SSH_CONNECTION=10.1.2.3 5 10.9.0.1 22",
                           (char *)"SSH_TTY=/dev/pts/3",
                           (char *)"MARK=kept",
                           variable,
                           NULL};

    assert_non_null(argv[0]);
    if (command)
        assert_true((size_t)snprintf(variable, sizeof(variable), "SSH_ORIGINAL_COMMAND=%s", command) <
                    sizeof(variable));
    else
        environment[4] = NULL;
    helper_run(r, argv, environment, input);
}

/* The shell of the account that runs the tests; some have none that runs anything. */
static const char *own_shell(void)
{
    const struct passwd *row = getpwuid(geteuid());

    return row && strstr(row->pw_shell, "sh") && access(row->pw_shell, X_OK) == 0 ? row->pw_shell : NULL;
}

static struct gate_channel *channel_request(const struct fake_gate *g)
{
    static uint8_t octets[FRAME_MAX];
    static struct gate_channel m;
    struct frame_header h;

    assert_int_equal(frame_parse(octets, fake_gate_request(g, octets, sizeof(octets)), &h), 0);
    assert_int_equal(h.type, FRAME_GATE_CHANNEL);
    assert_int_equal(gate_decode_channel(octets + FRAME_HEADER_SIZE, h.length, &m), 0);
    assert_int_equal(m.caller.parent, getpid());
    assert_int_equal(m.caller.uid, geteuid());
    assert_string_equal(m.ssh_connection, "10.1.2.3 5 10.9.0.1 22");
    assert_string_equal(m.tty, "/dev/pts/3");
    return &m;
}

static void a_command_runs_in_the_persons_shell(void **state)
{
    struct fake_gate *g;
    struct gate_channel *m;
    struct helper_result r;

    (void)state;
    if (!own_shell())
        skip();
    g = helper_gate(VERDICT_ALLOW, "Not said to a program.", "");
    start_channel(&r, fake_gate_path(g), "echo $((6*7)) \"$MARK\"; cat; exit 7", "input");
    assert_string_equal(r.out, "42 kept\ninput");
    assert_string_equal(r.err, "");
    assert_int_equal(r.status, 7);
    m = channel_request(g);
    assert_int_equal(m->channel, GATE_CHANNEL_EXEC);
    assert_string_equal(m->command, "echo $((6*7)) \"$MARK\"; cat; exit 7");
    fake_gate_free(g);
}

static void a_shell_is_a_login_shell(void **state)
{
    struct fake_gate *g;
    const char *name;
    char expected[256];
    struct helper_result r;

    (void)state;
    if (!own_shell())
        skip();
    name = strrchr(own_shell(), '/');
    (void)snprintf(expected, sizeof(expected), "-%s\n", name ? name + 1 : own_shell());
    g = helper_gate(VERDICT_ALLOW, "You may stay until 18:00.\x1b[2J", "");
    start_channel(&r, fake_gate_path(g), NULL, "echo \"$0\"\nexit 3\n");
    assert_non_null(strstr(r.out, expected));
    assert_non_null(strstr(r.err, "You may stay until 18:00.?[2J\n"));
    assert_int_equal(r.status, 3);
    assert_int_equal(channel_request(g)->channel, GATE_CHANNEL_SHELL);
    fake_gate_free(g);
}

/* At the end of its input sftp-server exits with 0. Without one on this machine that is said, and nothing
 * else is started in its place. */
static void a_transfer_starts_sftp_server_itself(void **state)
{
    static const char *const commands[] = {"internal-sftp", "/usr/lib/openssh/sftp-server -l INFO"};
    bool there = access("/usr/lib/openssh/sftp-server", X_OK) == 0 ||
                 access("/usr/libexec/openssh/sftp-server", X_OK) == 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        struct fake_gate *g = helper_gate(VERDICT_ALLOW, "", "");
        struct helper_result r;

        start_channel(&r, fake_gate_path(g), commands[i], "");
        assert_int_equal(channel_request(g)->channel, GATE_CHANNEL_TRANSFER);
        assert_int_equal(r.status, there ? 0 : 127);
        if (!there)
            assert_non_null(strstr(r.err, "sftp-server: No such file"));
        assert_string_equal(r.out, "");
        fake_gate_free(g);
    }
}

static void what_is_refused_is_not_started(void **state)
{
    static const char *const commands[] = {NULL, "echo started", "internal-sftp"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        struct fake_gate *g = helper_gate(VERDICT_DENY, "Your grant has no such channel.\x07", "");
        struct helper_result r;

        start_channel(&r, fake_gate_path(g), commands[i], "echo started\n");
        assert_string_equal(r.out, "");
        assert_string_equal(r.err, "Your grant has no such channel.?\n");
        assert_int_equal(r.status, 1);
        fake_gate_free(g);
    }
}

static void without_an_answer_nothing_is_started(void **state)
{
    static const enum fake_gate_manner manners[] = {FAKE_GATE_LEAVES, FAKE_GATE_HANGS_UP, FAKE_GATE_FROZEN};
    struct helper_result r;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(manners); i++) {
        struct fake_gate *g = fake_gate_new(manners[i], NULL, 0, (uid_t)-1);

        start_channel(&r, fake_gate_path(g), "echo started", "");
        assert_string_equal(r.out, "");
        assert_string_equal(r.err, CLIENT_AWAY_TEXT "\n");
        assert_int_equal(r.status, 1);
        fake_gate_free(g);
    }
    start_channel(&r, "/nonexistent/gate", NULL, "echo started\n");
    assert_string_equal(r.out, "");
    assert_string_equal(r.err, CLIENT_AWAY_TEXT "\n");
    assert_int_equal(r.status, 1);
}

/* hufud asks for what this program does not know, or for a recording of a name that is none. */
static void what_is_asked_for_and_not_understood_is_not_left_undone(void **state)
{
    static const char *const options[] = {"witness=2", "record=", "record=../17-3-0123456789abcdef",
                                          "record=17-3-0123456789ABCDEF", "report=required"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
        struct fake_gate *g = helper_gate(VERDICT_ALLOW, "", options[i]);
        struct helper_result r;

        start_channel(&r, fake_gate_path(g), "echo started", "");
        assert_string_equal(r.out, "");
        assert_non_null(strstr(r.err, CLIENT_AWAY_TEXT));
        assert_int_equal(r.status, 1);
        fake_gate_free(g);
    }
}

/* Where there is no recorder nothing is started in its place. */
static void what_is_to_be_recorded_is_the_recorders_to_start(void **state)
{
    static const char *const commands[] = {NULL, "echo started"};

    (void)state;
    if (access("/usr/libexec/hufu/hufu-recorder", F_OK) == 0)
        skip();
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        struct fake_gate *g = helper_gate(VERDICT_ALLOW, "", "record=17-3-0123456789abcdef");
        struct helper_result r;

        start_channel(&r, fake_gate_path(g), commands[i], "echo started\n");
        assert_string_equal(r.out, "");
        assert_non_null(strstr(r.err, "/hufu-recorder: No such file"));
        assert_int_equal(r.status, 127);
        fake_gate_free(g);
    }
}

/* For the record a command may be cut; what is started is the whole of it. */
static void a_long_command_is_cut_for_the_record_only(void **state)
{
    static char command[3000];
    struct fake_gate *g;
    struct gate_channel *m;
    struct helper_result r;

    (void)state;
    if (!own_shell())
        skip();
    memset(command, ' ', sizeof(command) - 1);
    memcpy(command, "true;", 5);
    memcpy(command + sizeof(command) - 1 - 9, "echo done", 9);
    g = helper_gate(VERDICT_ALLOW, "", "");
    start_channel(&r, fake_gate_path(g), command, "");
    assert_string_equal(r.out, "done\n");
    m = channel_request(g);
    assert_int_equal(strlen(m->command), sizeof(m->command) - 1);
    assert_memory_equal(m->command, command, sizeof(m->command) - 1);
    fake_gate_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_runs_in_the_persons_shell),
        cmocka_unit_test(a_shell_is_a_login_shell),
        cmocka_unit_test(a_transfer_starts_sftp_server_itself),
        cmocka_unit_test(what_is_refused_is_not_started),
        cmocka_unit_test(without_an_answer_nothing_is_started),
        cmocka_unit_test(what_is_asked_for_and_not_understood_is_not_left_undone),
        cmocka_unit_test(what_is_to_be_recorded_is_the_recorders_to_start),
        cmocka_unit_test(a_long_command_is_cut_for_the_record_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
