#include "helper.h"

#include "policy/wire/gate.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct fake_gate *helper_gate(enum verdict verdict, const char *message, const char *options)
{
    static uint8_t reply[FRAME_MAX];
    struct gate_reply m = {.verdict = verdict, .reason = REASON_OK};

    (void)snprintf(m.message, sizeof(m.message), "%s", message);
    (void)snprintf(m.options, sizeof(m.options), "%s", options);
    return fake_gate_new(FAKE_GATE_ANSWERS, reply, (size_t)gate_encode_reply(&m, reply), (uid_t)-1);
}

static void read_all(int fd, char *text)
{
    size_t size = 0;
    ssize_t n;

    while ((n = read(fd, text + size, HELPER_OUTPUT_SIZE - 1 - size)) > 0)
        size += (size_t)n;
    assert_true(n == 0);
    text[size] = 0;
    (void)close(fd);
}

void helper_run(struct helper_result *r, char *const *argv, char *const *environment, const char *input)
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
