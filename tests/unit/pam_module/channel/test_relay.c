/* What a recorded command reads: handed on whole, ended when it ended, and never more of it under way than a
 * pipe holds. Between the two sides stands `cat`, as tlog would. */
#include "pam_module/channel/relay.h"
#include "policy/base/cleanup.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MUCH      3000000
#define COMPLAINT "Failed creating lock file\n"

/* Of what the test has open a process has its own ends alone, or nothing would ever end. */
static void keep_only(int fds[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        fds[i] = fcntl(fds[i], F_DUPFD, 40 + (int)i);
        if (fds[i] != 40 + (int)i)
            _exit(100);
    }
    (void)close_range(STDERR_FILENO + 1, 39, 0);
}

/* The side behind tlog, in a process of its own: `command` runs in a shell, its output goes to `out`. */
static pid_t start_behind(int in, int channel, int out, const char *command)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        char *argv[] = {(char *)"/bin/sh", (char *)"sh", (char *)"-c", (char *)command, NULL};
        int copy = fcntl(channel, F_DUPFD, 20), copy_in = fcntl(in, F_DUPFD, 20),
            copy_out = fcntl(out, F_DUPFD, 20);

        if (dup2(copy_in, STDIN_FILENO) < 0 || dup2(copy, RELAY_FD) < 0 || dup2(copy_out, STDOUT_FILENO) < 0)
            _exit(100);
        (void)close_range(RELAY_FD + 1, ~0U, 0);
        _exit(relay_run(argv));
    }
    return pid;
}

struct outcome {
    int status;
    size_t size;
    char first[64];
};

/* The side in front of it, fed with `n` octets, or by a pipe that stays open. */
static pid_t start_front(int from, int to, int channel, int watch)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        int fds[] = {from, to, channel, watch};
        struct relay_heard heard = {0};

        keep_only(fds, ARRAY_SIZE(fds));
        (void)signal(SIGPIPE, SIG_IGN);
        if (relay_feed(fds[0], fds[1], fds[2], fds[3], &heard) < 0)
            _exit(1);
        _exit(strcmp(heard.text, COMPLAINT) == 0 ? 0 : 2);
    }
    return pid;
}

static pid_t start_writer(int to, size_t n)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        keep_only(&to, 1);
        (void)signal(SIGPIPE, SIG_IGN);
        while (n > 0) {
            static const char octets[5000] = {'x'};
            ssize_t r = write(to, octets, n < sizeof(octets) ? n : sizeof(octets));

            if (r <= 0)
                _exit(1);
            n -= (size_t)r;
        }
        _exit(0);
    }
    return pid;
}

static struct outcome run(const char *command, size_t n, bool ends)
{
    int source[2], between[2], out[2], watch[2], channel[2], status;
    struct outcome o = {0};
    char octets[4096];
    ssize_t r;
    pid_t writer, front, behind;

    assert_true(pipe2(source, O_CLOEXEC) == 0 && pipe2(between, O_CLOEXEC) == 0 &&
                pipe2(out, O_CLOEXEC) == 0 && pipe2(watch, O_CLOEXEC) == 0 &&
                socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) == 0);
    /* tlog has something to say about most of its starts, and goes on. */
    assert_int_equal(write(watch[1], COMPLAINT, strlen(COMPLAINT)), strlen(COMPLAINT));
    writer = start_writer(source[1], n);
    if (ends)
        (void)close(source[1]);
    front = start_front(source[0], between[1], channel[0], watch[0]);
    behind = start_behind(between[0], channel[1], out[1], command);
    (void)close(out[1]);
    (void)close(channel[1]);
    (void)close(channel[0]);
    while ((r = read(out[0], octets, sizeof(octets))) > 0) {
        if (o.size < sizeof(o.first) - 1)
            memcpy(o.first + o.size, octets,
                   (size_t)r < sizeof(o.first) - 1 - o.size ? (size_t)r : sizeof(o.first) - 1 - o.size);
        o.size += (size_t)r;
    }
    assert_int_equal(waitpid(behind, &o.status, 0), behind);
    (void)close(watch[1]); /* tlog has ended */
    assert_int_equal(waitpid(front, &status, 0), front);
    assert_int_equal(status, 0);
    (void)kill(writer, SIGKILL);
    (void)waitpid(writer, NULL, 0);
    for (size_t i = 0; i < 2; i++) {
        (void)close(source[i == 0 ? 0 : ends ? 0 : 1]);
        (void)close(between[i]);
    }
    (void)close(out[0]);
    (void)close(watch[0]);
    return o;
}

static void everything_arrives_and_then_the_end(void **state)
{
    struct outcome o = run("wc -c", MUCH, true);

    (void)state;
    assert_int_equal(atoi(o.first), MUCH);
    o = run("cat", MUCH, true);
    assert_int_equal(o.size, MUCH);
    o = run("wc -c", 0, true);
    assert_int_equal(atoi(o.first), 0);
}

static void a_command_that_does_not_read_ends_all_the_same(void **state)
{
    struct outcome o = run("echo done; exit 7", MUCH, true);

    (void)state;
    assert_string_equal(o.first, "done\n");
    assert_int_equal(WEXITSTATUS(o.status), 7);
    o = run("exec <&-; sleep 0.3; echo done", MUCH, true);
    assert_string_equal(o.first, "done\n");
}

static void input_that_never_ends_keeps_nobody(void **state)
{
    struct outcome o = run("head -c 5 | wc -c", 5, false);

    (void)state;
    assert_int_equal(atoi(o.first), 5);
}

static void a_signal_is_told_as_shells_do(void **state)
{
    struct outcome o = run("kill -TERM $$", 0, true);

    (void)state;
    assert_int_equal(WEXITSTATUS(o.status), 128 + SIGTERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_arrives_and_then_the_end),
        cmocka_unit_test(a_command_that_does_not_read_ends_all_the_same),
        cmocka_unit_test(input_that_never_ends_keeps_nobody),
        cmocka_unit_test(a_signal_is_told_as_shells_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
