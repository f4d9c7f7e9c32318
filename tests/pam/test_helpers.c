// LAYERS: test_support
/* hufu-authorized-keys and hufu-channel as sshd starts them: arguments and environment in, output and exit
 * status out. */
#include "pam_module/client.h"
#include "policy/base/cleanup.h"
#include "policy/wire/gate.h"
#include "tests/unit/support/fake_gate.h"

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define OUTPUT_SIZE 8192

/* An ed25519 key's blob of zeros: u32 11, "ssh-ed25519", u32 32, 32 octets. */
#define TYPE "ssh-ed25519"
#define KEY  "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static uint8_t reply[FRAME_MAX];
static size_t reply_size;

struct run {
    int status;
    char out[OUTPUT_SIZE];
    char err[OUTPUT_SIZE];
};

static struct fake_gate *gate_with(enum verdict verdict, const char *message, const char *options)
{
    struct gate_reply m = {.verdict = verdict, .reason = REASON_OK};

    (void)snprintf(m.message, sizeof(m.message), "%s", message);
    (void)snprintf(m.options, sizeof(m.options), "%s", options);
    reply_size = (size_t)gate_encode_reply(&m, reply);
    return fake_gate_new(FAKE_GATE_ANSWERS, reply, reply_size, (uid_t)-1);
}

static void read_all(int fd, char *text)
{
    size_t size = 0;
    ssize_t n;

    while ((n = read(fd, text + size, OUTPUT_SIZE - 1 - size)) > 0)
        size += (size_t)n;
    assert_true(n == 0);
    text[size] = 0;
    (void)close(fd);
}

/* Output and input are small enough for pipes to hold: nobody waits for anybody. */
static void run(struct run *r, char *const *argv, char *const *environment, const char *input)
{
    int in[2], out[2], err[2];
    pid_t child;

    (void)alarm(60);
    assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC) | pipe2(err, O_CLOEXEC), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (dup2(in[0], 0) < 0 || dup2(out[1], 1) < 0 || dup2(err[1], 2) < 0)
            _exit(99);
        (void)execve(argv[0], argv, environment);
        _exit(98);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    (void)close(err[1]);
    assert_int_equal(write(in[1], input, strlen(input)), (ssize_t)strlen(input));
    (void)close(in[1]);
    read_all(out[0], r->out);
    read_all(err[0], r->err);
    assert_int_equal(waitpid(child, &r->status, 0), child);
    assert_true(WIFEXITED(r->status));
    r->status = WEXITSTATUS(r->status);
}

/* --- hufu-authorized-keys ----------------------------------------------------------------------------------
 */

static void ask_key(struct run *r, const char *path, const char *user, const char *type, const char *key)
{
    char *argv[] = {getenv("HUFU_TEST_AUTHORIZED_KEYS"),
                    (char *)"-s",
                    (char *)path,
                    (char *)user,
                    (char *)type,
                    (char *)key,
                    NULL};
    char *environment[] = {NULL};

    assert_non_null(argv[0]);
    run(r, argv, environment, "");
}

static void a_granted_key_is_printed_with_its_bounds(void **state)
{
    struct fake_gate *g = gate_with(VERDICT_ALLOW, "", "restrict,pty,port-forwarding");
    static uint8_t octets[FRAME_MAX];
    static struct gate_keys m;
    struct frame_header h;
    struct run r;

    (void)state;
    ask_key(&r, fake_gate_path(g), "zhang.san", TYPE, KEY);
    assert_string_equal(r.out, "restrict,pty,port-forwarding " TYPE " " KEY "\n");
    assert_string_equal(r.err, "");
    assert_int_equal(r.status, 0);
    assert_int_equal(frame_parse(octets, fake_gate_request(g, octets, sizeof(octets)), &h), 0);
    assert_int_equal(h.type, FRAME_GATE_KEYS);
    assert_int_equal(gate_decode_keys(octets + FRAME_HEADER_SIZE, h.length, &m), 0);
    assert_string_equal(m.user, "zhang.san");
    assert_string_equal(m.key_type, TYPE);
    assert_string_equal(m.key, KEY);
    assert_int_equal(m.parent, getpid());
    assert_true(m.pid > 0 && m.parent_start_time > 0);
    fake_gate_free(g);
}

static void no_key_is_an_answer(void **state)
{
    static const enum fake_gate_manner manners[] = {FAKE_GATE_LEAVES, FAKE_GATE_HANGS_UP, FAKE_GATE_FROZEN};
    struct fake_gate *g = gate_with(VERDICT_DENY, "No.", "restrict");
    struct run r;

    (void)state;
    ask_key(&r, fake_gate_path(g), "zhang.san", TYPE, KEY);
    assert_string_equal(r.out, "");
    assert_int_equal(r.status, 0);
    fake_gate_free(g);
    for (size_t i = 0; i < ARRAY_SIZE(manners); i++) {
        g = fake_gate_new(manners[i], NULL, 0, (uid_t)-1);
        ask_key(&r, fake_gate_path(g), "zhang.san", TYPE, KEY);
        assert_string_equal(r.out, "");
        assert_int_equal(r.status, 0);
        fake_gate_free(g);
    }
    ask_key(&r, "/nonexistent/gate", "zhang.san", TYPE, KEY);
    assert_string_equal(r.out, "");
    assert_int_equal(r.status, 0);
}

/* A line that gives more than was granted, or that is two lines, is never printed. */
static void options_that_do_not_restrict_are_not_printed(void **state)
{
    static const char *const options[] = {
        "",
        "pty",
        "pty,restrict",
        "restricted",
        "restrict pty",
        "restrict,command=\"a b\"",
        "restrict\nssh-rsa AAAA",
        " restrict",
        "restrict,\x80",
        "restrict\t",
        "RESTRICT",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
        struct fake_gate *g = gate_with(VERDICT_ALLOW, "", options[i]);
        struct run r;

        ask_key(&r, fake_gate_path(g), "zhang.san", TYPE, KEY);
        assert_string_equal(r.out, "");
        assert_int_equal(r.status, 0);
        assert_int_equal(fake_gate_accepted(g), 1);
        fake_gate_free(g);
    }
}

static void malformed_arguments_are_not_asked_about(void **state)
{
    static const struct {
        const char *user, *type, *key;
    } rows[] = {
        {"", TYPE, KEY},
        {"Zhang", TYPE, KEY},
        {"-zhang", TYPE, KEY},
        {"zhang san", TYPE, KEY},
        {"zhang\nsan", TYPE, KEY},
        {"zhang.san", "", KEY},
        {"zhang.san", "ssh-ed25519 x", KEY},
        {"zhang.san", "SSH-ED25519", KEY},
        {"zhang.san", "ssh-rsa", KEY}, /* the blob says otherwise */
        {"zhang.san", "ssh-ed2551", KEY},
        {"zhang.san", TYPE, ""},
        {"zhang.san", TYPE, "AAAA"},
        {"zhang.san", TYPE, "AAAAC3NzaC1lZDI1NTE5"}, /* nothing behind the type */
        {"zhang.san", TYPE, KEY "="},
        {"zhang.san", TYPE, KEY " x"},
        {"zhang.san", TYPE, KEY "\n" TYPE},
        {"zhang.san", TYPE, "QQ=="},
        {"zhang.san", TYPE, "QR=="}, /* not canonical */
        {"zhang.san", TYPE, NULL},
    };
    struct fake_gate *g = gate_with(VERDICT_ALLOW, "", "restrict");

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct run r;

        ask_key(&r, fake_gate_path(g), rows[i].user, rows[i].type, rows[i].key);
        assert_string_equal(r.out, "");
        assert_int_equal(r.status, 2);
        assert_non_null(strstr(r.err, "usage: hufu-authorized-keys"));
    }
    assert_int_equal(fake_gate_accepted(g), 0);
    fake_gate_free(g);
}

static void keys_too_long_for_a_frame_are_not_asked_about(void **state)
{
    struct fake_gate *g = gate_with(VERDICT_ALLOW, "", "restrict");
    static char key[8001];
    struct run r;

    (void)state;
    memset(key, 'A', sizeof(key) - 1);
    memcpy(key, KEY, 20);
    ask_key(&r, fake_gate_path(g), "zhang.san", TYPE, key);
    assert_int_equal(r.status, 2);
    key[6000] = 0;
    ask_key(&r, fake_gate_path(g), "zhang.san", TYPE, key);
    assert_int_equal(r.status, 0);
    assert_int_equal(strlen(r.out), strlen("restrict " TYPE " \n") + 6000);
    fake_gate_free(g);
}

static void options_of_the_helpers_are_known(void **state)
{
    char *const programs[] = {getenv("HUFU_TEST_AUTHORIZED_KEYS"), getenv("HUFU_TEST_CHANNEL")};
    char *environment[] = {NULL};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
        char *unknown[] = {programs[i], (char *)"-x", NULL};
        char *extra[] = {programs[i], (char *)"a", (char *)"b", (char *)"c", (char *)"d", NULL};
        char *incomplete[] = {programs[i], (char *)"-s", NULL};
        char *const *const calls[] = {unknown, extra, incomplete};

        for (size_t k = 0; k < ARRAY_SIZE(calls); k++) {
            struct run r;

            run(&r, calls[k], environment, "");
            assert_int_equal(r.status, 2);
            assert_string_equal(r.out, "");
            assert_non_null(strstr(r.err, "usage: "));
        }
    }
}

/* --- hufu-channel ------------------------------------------------------------------------------------------
 */

static void start_channel(struct run *r, const char *path, const char *command, const char *input)
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
    run(r, argv, environment, input);
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
    struct run r;

    (void)state;
    if (!own_shell())
        skip();
    g = gate_with(VERDICT_ALLOW, "Not said to a program.", "");
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
    struct run r;

    (void)state;
    if (!own_shell())
        skip();
    name = strrchr(own_shell(), '/');
    (void)snprintf(expected, sizeof(expected), "-%s\n", name ? name + 1 : own_shell());
    g = gate_with(VERDICT_ALLOW, "You may stay until 18:00.\x1b[2J", "");
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
        struct fake_gate *g = gate_with(VERDICT_ALLOW, "", "");
        struct run r;

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
        struct fake_gate *g = gate_with(VERDICT_DENY, "Your grant has no such channel.\x07", "");
        struct run r;

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
    struct run r;

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

/* For the record a command may be cut; what is started is the whole of it. */
static void a_long_command_is_cut_for_the_record_only(void **state)
{
    static char command[3000];
    struct fake_gate *g;
    struct gate_channel *m;
    struct run r;

    (void)state;
    if (!own_shell())
        skip();
    memset(command, ' ', sizeof(command) - 1);
    memcpy(command, "true;", 5);
    memcpy(command + sizeof(command) - 1 - 9, "echo done", 9);
    g = gate_with(VERDICT_ALLOW, "", "");
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
        cmocka_unit_test(a_granted_key_is_printed_with_its_bounds),
        cmocka_unit_test(no_key_is_an_answer),
        cmocka_unit_test(options_that_do_not_restrict_are_not_printed),
        cmocka_unit_test(malformed_arguments_are_not_asked_about),
        cmocka_unit_test(keys_too_long_for_a_frame_are_not_asked_about),
        cmocka_unit_test(options_of_the_helpers_are_known),
        cmocka_unit_test(a_command_runs_in_the_persons_shell),
        cmocka_unit_test(a_shell_is_a_login_shell),
        cmocka_unit_test(a_transfer_starts_sftp_server_itself),
        cmocka_unit_test(what_is_refused_is_not_started),
        cmocka_unit_test(without_an_answer_nothing_is_started),
        cmocka_unit_test(a_long_command_is_cut_for_the_record_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
