#include "fake_gate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define REQUEST_SIZE 16384
#define HEADER_SIZE  12
#define PILE         16 /* connections that fill the backlog */

struct fake_gate {
    enum fake_gate_manner manner;
    const uint8_t *reply;
    size_t reply_size;
    char folder[32];
    char path[64];
    int listener;
    int stop[2];
    int pile[PILE];
    pthread_t thread;
    int has_thread;
    atomic_uint accepted;
    uint8_t request[REQUEST_SIZE];
    atomic_size_t request_size;
};

static void must(int good, const char *what)
{
    if (!good) {
        perror(what);
        abort();
    }
}

/* Waits at most `ms` for input; true when it is time to stop. */
static int stopped(const struct fake_gate *g, int ms)
{
    struct pollfd p = {.fd = g->stop[0], .events = POLLIN};

    int n;

    do
        n = poll(&p, 1, ms);
    while (n < 0 && errno == EINTR);
    return n > 0;
}

static void read_request(struct fake_gate *g, int fd)
{
    size_t size = 0, whole = HEADER_SIZE;

    while (size < whole) {
        ssize_t n = recv(fd, g->request + size, whole - size, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        size += (size_t)n;
        if (size == HEADER_SIZE)
            whole += (size_t)g->request[8] << 24 | (size_t)g->request[9] << 16 | (size_t)g->request[10] << 8 |
                     g->request[11];
        must(whole <= sizeof(g->request), "request size");
    }
    g->request_size = size;
}

static void send_reply(const struct fake_gate *g, int fd)
{
    size_t step = g->manner == FAKE_GATE_STUTTERS || g->manner == FAKE_GATE_DRIPS ? 1 : g->reply_size;

    for (size_t at = 0; at < g->reply_size; at += step) {
        if (send(fd, g->reply + at, step, MSG_NOSIGNAL) != (ssize_t)step)
            return;
        if (g->manner == FAKE_GATE_DRIPS && stopped(g, 100))
            return;
    }
}

static void serve(struct fake_gate *g, int fd)
{
    if (g->manner == FAKE_GATE_HANGS_UP)
        return;
    if (g->manner != FAKE_GATE_BLURTS)
        read_request(g, fd);
    if (g->manner == FAKE_GATE_SILENT)
        (void)stopped(g, -1);
    else if (g->manner != FAKE_GATE_LEAVES)
        send_reply(g, fd);
}

static void *run(void *argument)
{
    struct fake_gate *g = argument;
    struct pollfd p[2] = {{.fd = g->listener, .events = POLLIN}, {.fd = g->stop[0], .events = POLLIN}};

    for (;;) {
        int fd;

        if (poll(p, 2, -1) < 0)
            continue; /* a signal of the test, or of seteuid() */
        if (p[1].revents != 0)
            return NULL;
        fd = accept4(g->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        g->accepted++;
        serve(g, fd);
        (void)close(fd);
    }
}

static void fill_backlog(struct fake_gate *g, const struct sockaddr_un *address)
{
    for (size_t i = 0; i < PILE; i++) {
        g->pile[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        must(g->pile[i] >= 0, "socket");
        if (connect(g->pile[i], (const struct sockaddr *)address, sizeof(*address)) < 0) {
            must(errno == EAGAIN, "a full backlog");
            return;
        }
    }
    must(0, "a backlog that fills");
}

struct fake_gate *fake_gate_new(enum fake_gate_manner manner, const void *reply, size_t size, uid_t owner)
{
    struct fake_gate *g = calloc(1, sizeof(*g));
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    must(g != NULL, "memory");
    g->manner = manner;
    g->reply = reply;
    g->reply_size = size;
    for (size_t i = 0; i < PILE; i++)
        g->pile[i] = -1;
    memcpy(g->folder, "/tmp/fake-gate-XXXXXX", sizeof("/tmp/fake-gate-XXXXXX"));
    must(mkdtemp(g->folder) != NULL, "mkdtemp");
    must(chmod(g->folder, 0755) == 0, "chmod");
    (void)snprintf(g->path, sizeof(g->path), "%s/gate", g->folder);
    memcpy(address.sun_path, g->path, strlen(g->path) + 1);
    g->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    must(g->listener >= 0, "socket");
    must(bind(g->listener, (const struct sockaddr *)&address, sizeof(address)) == 0, "bind");
    must(chmod(g->path, 0666) == 0, "chmod");
    must(listen(g->listener, manner == FAKE_GATE_FULL ? 0 : 16) == 0, "listen");
    must(owner == (uid_t)-1 || chown(g->folder, owner, (gid_t)-1) == 0, "chown");
    must(pipe2(g->stop, O_CLOEXEC) == 0, "pipe");
    if (manner == FAKE_GATE_FULL)
        fill_backlog(g, &address);
    if (manner != FAKE_GATE_FULL && manner != FAKE_GATE_FROZEN) {
        must(pthread_create(&g->thread, NULL, run, g) == 0, "pthread_create");
        g->has_thread = 1;
    }
    return g;
}

const char *fake_gate_path(const struct fake_gate *g)
{
    return g->path;
}

unsigned fake_gate_accepted(const struct fake_gate *g)
{
    return g->accepted;
}

size_t fake_gate_request(const struct fake_gate *g, void *octets, size_t size)
{
    size_t have = g->request_size;

    memcpy(octets, g->request, have < size ? have : size);
    return have;
}

void fake_gate_free(struct fake_gate *g)
{
    if (!g)
        return;
    must(write(g->stop[1], "", 1) == 1, "write");
    if (g->has_thread)
        (void)pthread_join(g->thread, NULL);
    for (size_t i = 0; i < PILE; i++)
        if (g->pile[i] >= 0)
            (void)close(g->pile[i]);
    (void)close(g->listener);
    (void)close(g->stop[0]);
    (void)close(g->stop[1]);
    (void)unlink(g->path);
    (void)rmdir(g->folder);
    free(g);
}
