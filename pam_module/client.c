#include "pam_module/client.h"

#include "policy/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/*
 * Every wait below is given what is left of one deadline, and the deadline is looked at again after each
 * of them: a peer that sends an octet a second, or a signal handler of the host process that keeps
 * interrupting, moves nothing but the remaining time.
 *
 * A full backlog: connect() on an AF_UNIX stream does not go on in the background as TCP's does. It either
 * blocks until the server accepts somebody, or fails with EAGAIN, and there is nothing to poll for. So where
 * there is no place at once the socket blocks for that one call, bounded by SO_SNDTIMEO, which
 * unix_stream_connect() honours; everything after it uses MSG_DONTWAIT and poll().
 */

#define NS_PER_MS 1000000
#define MS_PER_S  1000

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}
#define cleanup_fd cleanup(close_fd)

static int64_t now_ms(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_MONOTONIC, &t) < 0)
        return INT64_MAX; /* no clock: every deadline has passed */
    return (int64_t)t.tv_sec * MS_PER_S + t.tv_nsec / NS_PER_MS;
}

/* Milliseconds left, at least 1, or -ETIMEDOUT. */
static int left_until(int64_t deadline)
{
    int64_t left = deadline - now_ms();

    return left <= 0 ? -ETIMEDOUT : (int)left;
}

static int wait_for(int fd, short events, int64_t deadline)
{
    struct pollfd p = {.fd = fd, .events = events};
    int left = left_until(deadline);
    int r;

    if (left < 0)
        return left;
    r = poll(&p, 1, left);
    if (r < 0 && errno != EINTR)
        return -errno;
    /* Whether something happened or not, the caller tries again and comes back with less time left. */
    return 0;
}

/* Uid of the folder that the socket lies in. Only its owner is asked for, so there is nothing to open. */
static int folder_owner(const char *path, uid_t *ret)
{
    char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
    const char *slash = strrchr(path, '/');
    size_t length = slash == path ? 1 : (size_t)(slash - path);
    struct stat st;

    memcpy(folder, path, length);
    folder[length] = 0;
    if (stat(folder, &st) < 0)
        return -errno;
    *ret = st.st_uid;
    return 0;
}

static int judge_server(int fd, const char *path)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    uid_t owner = (uid_t)-1;
    int r;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return -errno;
    r = folder_owner(path, &owner);
    if (r < 0)
        return r;
    return peer.uid == 0 || peer.uid == owner ? 0 : -EPERM;
}

static int connect_until(int fd, const char *path, int64_t deadline)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    memcpy(address.sun_path, path, strlen(path) + 1);
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return 0;
    if (errno != EINTR && errno != EAGAIN)
        return -errno;
    if (fcntl(fd, F_SETFL, 0) < 0)
        return -errno;
    for (;;) {
        int left = left_until(deadline);
        struct timeval limit = {.tv_sec = left / MS_PER_S, .tv_usec = (suseconds_t)(left % MS_PER_S) * 1000};

        if (left < 0)
            return left;
        if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
            return -errno;
        if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
            return 0;
        if (errno != EINTR && errno != EAGAIN)
            return -errno;
    }
}

static int send_until(int fd, const uint8_t *octets, size_t size, int64_t deadline)
{
    while (size > 0) {
        ssize_t n = send(fd, octets, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        int r;

        if (n >= 0) {
            octets += n;
            size -= (size_t)n;
            continue;
        }
        if (errno != EAGAIN && errno != EINTR)
            return -errno;
        r = wait_for(fd, POLLOUT, deadline);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Whether `size` octets are the whole frame: 1, 0 (not yet) or what is wrong with them. */
static int is_whole(const uint8_t *octets, size_t size, struct frame_header *ret)
{
    int r;

    if (size < FRAME_HEADER_SIZE)
        return 0;
    r = frame_parse_header(octets, ret);
    if (r < 0)
        return r;
    if (ret->type != FRAME_GATE_REPLY || size - FRAME_HEADER_SIZE > ret->length)
        return -EBADMSG;
    return size - FRAME_HEADER_SIZE == ret->length;
}

static int receive_until(int fd, int64_t deadline, struct gate_reply *ret)
{
    uint8_t octets[FRAME_MAX + 1]; /* one more, so that what follows a full frame is seen */
    struct frame_header h = {0};
    size_t size = 0;

    /* A server that decides takes longer than it takes to come here: it is waited for before it is read. */
    for (;;) {
        int r = wait_for(fd, POLLIN, deadline);
        ssize_t n;

        if (r < 0)
            return r;
        n = recv(fd, octets + size, sizeof(octets) - size, MSG_DONTWAIT);
        if (n == 0)
            return -EBADMSG;
        if (n > 0) {
            size += (size_t)n;
            r = is_whole(octets, size, &h);
            if (r < 0)
                return r;
            if (r == 1)
                return gate_decode_reply(octets + FRAME_HEADER_SIZE, h.length, ret);
        } else if (errno != EAGAIN && errno != EINTR) {
            return -errno;
        }
    }
}

static int exchange(const char *path, const uint8_t *frame, size_t size, int64_t deadline,
                    struct gate_reply *ret)
{
    cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int r;

    if (fd < 0)
        return -errno;
    r = connect_until(fd, path, deadline);
    if (r == 0)
        r = judge_server(fd, path);
    if (r < 0)
        return r;
    r = send_until(fd, frame, size, deadline);
    /* A server that refused before it read everything (EPIPE) may have left a reply that says why. */
    if (r == 0 || r == -EPIPE)
        r = receive_until(fd, deadline, ret);
    return r;
}

static int judge_path(const char *path)
{
    if (path[0] != '/')
        return -EINVAL;
    return strlen(path) < sizeof(((struct sockaddr_un *)0)->sun_path) ? 0 : -ENAMETOOLONG;
}

int client_call(const char *path, const uint8_t *frame, size_t size, struct gate_reply *ret)
{
    int64_t now = now_ms();
    int r = now == INT64_MAX ? -ETIMEDOUT : judge_path(path);

    if (r == 0)
        r = exchange(path, frame, size, now + CLIENT_DEADLINE_MS, ret);
    if (r == 0)
        return 0;
    memset(ret, 0, sizeof(*ret));
    ret->verdict = VERDICT_DENY;
    ret->reason = REASON_BROKER_ERROR;
    return r;
}
