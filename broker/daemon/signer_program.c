#include "broker/daemon/signer_program.h"

#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "policy/base/buf.h"
#include "policy/base/ident.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define OUTPUT_MAX 16384
#define LOOK_MS    100 /* how often a cancellation is looked for */

struct child {
    pid_t pid;
    int out, err; /* what it says */
    struct buf said, complaint;
};

void signer_run_begin(struct signer_run *r, const char *program, const char *uri, const char *pin_file)
{
    signer_run_done(r);
    *r = (struct signer_run){.program = program, .uri = uri, .pin_file = pin_file};
}

void signer_run_done(struct signer_run *r)
{
    free(r->spki);
    free(r->signature);
    r->spki = r->signature = NULL;
}

void signer_run_cancel(struct signer_run *r)
{
    atomic_store(&r->cancelled, true);
}

void signer_run_take(struct signer_run *from, struct signer_run *to)
{
    *to = (struct signer_run){.result = from->result,
                              .spki = from->spki,
                              .signature = from->signature,
                              .spki_size = from->spki_size,
                              .signature_size = from->signature_size};
    memcpy(to->why, from->why, sizeof(to->why));
    from->spki = from->signature = NULL;
}

/* What is signed is a few lines: the pipe takes them before anybody reads. */
static int fill_pipe(const void *octets, size_t size, int *ret)
{
    int ends[2];
    ssize_t n = 0;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    if (size > 0)
        n = write(ends[1], octets, size);
    (void)close(ends[1]);
    if (n != (ssize_t)size) {
        (void)close(ends[0]);
        return -EIO;
    }
    *ret = ends[0];
    return 0;
}

static int start(struct child *c, const struct signer_run *r, int in, int out, int err)
{
    /* NOLINTBEGIN(performance-no-int-to-ptr): posix_spawn() takes its texts without const, and only reads
     * them. */
    char *const argv[] = {(char *)(uintptr_t)r->program, (char *)(uintptr_t)r->uri,
                          (char *)(uintptr_t)r->pin_file, NULL};
    /* NOLINTEND(performance-no-int-to-ptr) */
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    int e;

    (void)sigemptyset(&none);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    e = posix_spawn(&c->pid, r->program, &actions, &attributes, argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    return -e;
}

static int launch(struct child *c, const struct signer_run *r, const void *octets, size_t size)
{
    cleanup_close int in = -1;
    int out[2] = {-1, -1}, err[2] = {-1, -1};
    int e = fill_pipe(octets, size, &in);

    if (e == 0 && (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0))
        e = -errno;
    if (e == 0)
        e = start(c, r, in, out[1], err[1]);
    close_fd(out[1]);
    close_fd(err[1]);
    c->out = out[0];
    c->err = err[0];
    return e;
}

/* True: that end is closed. */
static bool drain(int fd, struct buf *b)
{
    uint8_t chunk[1024];
    ssize_t n = read(fd, chunk, sizeof(chunk));

    if (n > 0 && b->size < OUTPUT_MAX)
        buf_put(b, chunk, (size_t)n);
    return n <= 0;
}

static int listen_to(struct child *c, const struct signer_run *r, int timeout_ms)
{
    const uint64_t until = clock_boot_us() + (uint64_t)timeout_ms * 1000;
    struct pollfd p[] = {{.fd = c->out, .events = POLLIN}, {.fd = c->err, .events = POLLIN}};

    while (p[0].fd >= 0 || p[1].fd >= 0) {
        if (atomic_load(&r->cancelled))
            return -ECANCELED;
        if (clock_boot_us() >= until)
            return -ETIMEDOUT;
        if (poll(p, 2, LOOK_MS) <= 0)
            continue;
        if (p[0].revents != 0 && drain(c->out, &c->said))
            p[0].fd = -1;
        if (p[1].revents != 0 && drain(c->err, &c->complaint))
            p[1].fd = -1;
    }
    return 0;
}

static int reap(struct child *c, bool end)
{
    int status = 0;

    if (end)
        (void)kill(c->pid, SIGKILL);
    while (waitpid(c->pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

static int decode_line(const char **at, const char *end, uint8_t **ret, size_t *size)
{
    const char *lf = memchr(*at, '\n', (size_t)(end - *at));
    int r;

    if (!lf)
        return -EPROTO;
    if (lf == *at) {
        *ret = NULL;
        *size = 0;
        r = 0;
    } else {
        r = ident_base64_decode(*at, (size_t)(lf - *at), ret, size);
    }
    *at = lf + 1;
    return r;
}

static int take_output(struct signer_run *r, const struct buf *said, bool sign)
{
    const char *at = (const char *)said->data, *end = at;
    int e;

    if (said->size == 0)
        return -EPROTO;
    end += said->size;
    e = decode_line(&at, end, &r->spki, &r->spki_size);
    if (e == 0)
        e = decode_line(&at, end, &r->signature, &r->signature_size);
    return e == 0 && (at != end || !r->spki || (sign && !r->signature)) ? -EPROTO : e;
}

/* What the program, or a module of a token's maker, said goes into a record: one visible line. */
static void say_why(struct signer_run *r, const struct buf *complaint)
{
    size_t n = 0;

    if (r->result == -ETIMEDOUT) {
        (void)snprintf(r->why, sizeof(r->why), "the token does not answer");
        return;
    }
    while (n < complaint->size && n < sizeof(r->why) - 1 && complaint->data[n] != '\n') {
        r->why[n] = complaint->data[n] >= 0x20 && complaint->data[n] < 0x7f ? (char)complaint->data[n] : '?';
        n++;
    }
    r->why[n] = '\0';
    if (n == 0)
        (void)snprintf(r->why, sizeof(r->why), "%.200s: %s", r->program, strerror(-r->result));
}

void signer_run(struct signer_run *r, const void *octets, size_t size, int timeout_ms)
{
    struct child c = {.pid = -1, .out = -1, .err = -1};
    int e;

    r->result = launch(&c, r, octets, size);
    if (r->result == 0) {
        r->result = listen_to(&c, r, timeout_ms);
        e = reap(&c, r->result < 0);
        if (r->result == 0)
            r->result = e;
    }
    if (r->result == 0)
        r->result = take_output(r, &c.said, size > 0);
    if (r->result < 0)
        say_why(r, &c.complaint);
    close_fd(c.out);
    close_fd(c.err);
    buf_done(&c.said);
    buf_done(&c.complaint);
}
