#include "pam_module/channel/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define RELAY_WINDOW    32768 /* half of what a pipe holds */
#define RELAY_SIGNALLED 128
#define RELAY_POLL_MS   100

static ssize_t read_again(int fd, void *octets, size_t size)
{
    ssize_t n;

    do
        n = read(fd, octets, size);
    while (n < 0 && errno == EINTR);
    return n;
}

static int write_all(int fd, const char *octets, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, octets, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        octets += n;
        size -= (size_t)n;
    }
    return 0;
}

bool relay_hear(int fd, struct relay_heard *heard)
{
    char octets[512];
    ssize_t n = read_again(fd, octets, sizeof(octets));

    for (ssize_t i = 0; i < n && heard->used < sizeof(heard->text) - 1; i++)
        heard->text[heard->used++] = octets[i];
    heard->text[heard->used] = '\0';
    return n > 0;
}

/* ---- in front of tlog ---- */

struct feed {
    int from, to, channel;
    uint64_t sent, handed_on;
    bool ended; /* and told so */
};

static int feed_more(struct feed *f)
{
    char octets[RELAY_WINDOW];
    size_t room = RELAY_WINDOW - (size_t)(f->sent - f->handed_on);
    ssize_t n = read_again(f->from, octets, room);

    if (n > 0) {
        f->sent += (uint64_t)n;
        return write_all(f->to, octets, (size_t)n);
    }
    f->ended = true;
    return send(f->channel, &f->sent, sizeof(f->sent), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int feed_heard(struct feed *f)
{
    uint32_t n = 0;
    ssize_t r = recv(f->channel, &n, sizeof(n), MSG_DONTWAIT);

    if (r < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (r != sizeof(n))
        return -EPIPE; /* nobody takes anything any more */
    if (n > f->sent - f->handed_on)
        return -EBADMSG;
    f->handed_on += n;
    return 0;
}

int relay_feed(int from, int to, int channel, int watch, struct relay_heard *heard)
{
    struct feed f = {.from = from, .to = to, .channel = channel};
    int r = 0;

    for (;;) {
        bool full = f.sent - f.handed_on >= RELAY_WINDOW;
        struct pollfd fds[] = {{.fd = watch, .events = POLLIN},
                               {.fd = r == 0 ? channel : -1, .events = POLLIN},
                               {.fd = r == 0 && !f.ended && !full ? from : -1, .events = POLLIN}};

        if (poll(fds, sizeof(fds) / sizeof(fds[0]), -1) < 0) {
            if (errno != EINTR)
                return -errno;
            continue;
        }
        if (fds[0].revents != 0 && !relay_hear(watch, heard))
            return r == -EPIPE ? 0 : r;
        if (fds[1].revents != 0)
            r = feed_heard(&f);
        if (r == 0 && fds[2].revents != 0)
            r = feed_more(&f);
    }
}

/* ---- behind tlog ---- */

struct hand_on {
    int to; /* -1: the command reads no more */
    uint64_t came;
    uint64_t total; /* UINT64_MAX: not told yet */
    pid_t pid;
    int status;
    bool over;
};

static void stop_writing(struct hand_on *h)
{
    if (h->to >= 0)
        (void)close(h->to);
    h->to = -1;
}

static void take_total(struct hand_on *h)
{
    uint64_t total;
    ssize_t n = recv(RELAY_FD, &total, sizeof(total), MSG_DONTWAIT);

    if (n == sizeof(total))
        h->total = total;
    else if (n >= 0 || (errno != EAGAIN && errno != EINTR))
        h->total = h->came; /* whoever fed us is gone */
}

static void look_for_exit(struct hand_on *h)
{
    h->over = h->over || waitpid(h->pid, &h->status, WNOHANG) == h->pid;
}

/* Not for ever: a command may end without having read what is there for it. */
static void write_on(struct hand_on *h, const char *octets, size_t size)
{
    while (size > 0 && h->to >= 0 && !h->over) {
        struct pollfd fd = {.fd = h->to, .events = POLLOUT};
        ssize_t n;

        if (poll(&fd, 1, RELAY_POLL_MS) == 0) {
            look_for_exit(h);
            continue;
        }
        n = write(h->to, octets, size);
        if (n > 0) {
            octets += n;
            size -= (size_t)n;
        } else if (errno != EAGAIN && errno != EINTR) {
            stop_writing(h);
        }
    }
}

static void take_input(struct hand_on *h)
{
    char octets[RELAY_WINDOW];
    ssize_t n = read_again(STDIN_FILENO, octets, sizeof(octets));
    uint32_t told = (uint32_t)n;

    if (n <= 0) {
        h->total = h->came;
        return;
    }
    h->came += (uint64_t)n;
    write_on(h, octets, (size_t)n);
    (void)send(RELAY_FD, &told, sizeof(told), MSG_NOSIGNAL);
}

static void hand_all_on(struct hand_on *h)
{
    while (!h->over) {
        bool ended = h->came >= h->total;
        struct pollfd fds[] = {{.fd = ended ? -1 : STDIN_FILENO, .events = POLLIN},
                               {.fd = h->total == UINT64_MAX ? RELAY_FD : -1, .events = POLLIN}};

        if (ended)
            stop_writing(h);
        if (poll(fds, 2, RELAY_POLL_MS) > 0) {
            if (fds[1].revents != 0)
                take_total(h);
            if (fds[0].revents != 0)
                take_input(h);
        }
        look_for_exit(h);
    }
    stop_writing(h);
}

static pid_t start(char *const argv[], int input[static 2])
{
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    (void)close(RELAY_FD);
    (void)close(input[1]);
    if (dup2(input[0], STDIN_FILENO) < 0)
        _exit(126);
    (void)close(input[0]);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)execv(argv[0], argv + 1);
    _exit(errno == ENOENT ? 127 : 126);
}

int relay_run(char *const argv[])
{
    struct hand_on h = {.total = UINT64_MAX};
    int input[2];

    (void)signal(SIGPIPE, SIG_IGN);
    if (fcntl(RELAY_FD, F_SETFD, FD_CLOEXEC) < 0 || pipe(input) < 0)
        return -errno;
    h.pid = start(argv, input);
    (void)close(input[0]);
    h.to = input[1];
    if (h.pid < 0 || fcntl(h.to, F_SETFL, O_NONBLOCK) < 0 || fcntl(h.to, F_SETFD, FD_CLOEXEC) < 0) {
        stop_writing(&h);
        return -EAGAIN;
    }
    hand_all_on(&h);
    return WIFSIGNALED(h.status) ? RELAY_SIGNALLED + WTERMSIG(h.status) : WEXITSTATUS(h.status);
}
