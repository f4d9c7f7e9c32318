#include "pam_module/client.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
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
static int folder_owner(const struct sockaddr_un *address, uid_t *ret)
{
    struct sockaddr_un folder = *address;
    char *slash = memrchr(folder.sun_path, '/', strlen(folder.sun_path));
    struct stat st;

    slash[slash == folder.sun_path] = 0;
    if (stat(folder.sun_path, &st) < 0)
        return -errno;
    *ret = st.st_uid;
    return 0;
}

static int judge_server(const struct client *c)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    uid_t owner = (uid_t)-1;
    int r;

    if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return -errno;
    r = folder_owner(&c->address, &owner);
    if (r < 0)
        return r;
    return peer.uid == 0 || peer.uid == owner ? 0 : -EPERM;
}

static int connect_once(const struct client *c)
{
    return connect(c->fd, (const struct sockaddr *)&c->address, sizeof(c->address));
}

static int connect_until(const struct client *c)
{
    if (connect_once(c) == 0)
        return 0;
    if (errno != EINTR && errno != EAGAIN)
        return -errno;
    if (fcntl(c->fd, F_SETFL, 0) < 0)
        return -errno;
    for (;;) {
        int left = left_until(c->deadline);
        struct timeval limit = {.tv_sec = left / MS_PER_S, .tv_usec = (suseconds_t)(left % MS_PER_S) * 1000};

        if (left < 0)
            return left;
        if (setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
            return -errno;
        if (connect_once(c) == 0)
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

static int exchange(const struct client *c, const uint8_t *frame, size_t size, struct gate_reply *ret)
{
    int r = judge_server(c);

    if (r < 0)
        return r;
    r = send_until(c->fd, frame, size, c->deadline);
    /* A server that refused before it read everything (EPIPE) may have left a reply that says why. */
    if (r == 0 || r == -EPIPE)
        r = receive_until(c->fd, c->deadline, ret);
    return r;
}

static int make_address(const char *path, struct sockaddr_un *ret)
{
    size_t length = strlen(path);

    if (path[0] != '/')
        return -EINVAL;
    if (length >= sizeof(ret->sun_path))
        return -ENAMETOOLONG;
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(ret->sun_path, path, length);
    return 0;
}

int client_connect(const char *path, struct client *ret)
{
    int64_t now = now_ms();
    int r;

    ret->fd = -1;
    ret->deadline = now + CLIENT_DEADLINE_MS;
    r = now == INT64_MAX ? -ETIMEDOUT : make_address(path, &ret->address);
    if (r < 0)
        return r;
    ret->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (ret->fd < 0)
        return -errno;
    r = connect_until(ret);
    if (r < 0)
        client_close(ret);
    return r;
}

static void refuse(struct gate_reply *ret)
{
    *ret = (struct gate_reply){.verdict = VERDICT_DENY, .reason = REASON_BROKER_ERROR};
}

int client_ask(const struct client *c, const uint8_t *frame, size_t size, struct gate_reply *ret)
{
    int r = exchange(c, frame, size, ret);

    if (r < 0)
        refuse(ret);
    return r;
}

void client_close(struct client *c)
{
    if (c->fd >= 0)
        (void)close(c->fd);
    c->fd = -1;
}

int client_call(const char *path, const uint8_t *frame, size_t size, struct gate_reply *ret)
{
    struct client c;
    int r = client_connect(path, &c);

    refuse(ret);
    if (r < 0)
        return r;
    r = client_ask(&c, frame, size, ret);
    client_close(&c);
    return r;
}
