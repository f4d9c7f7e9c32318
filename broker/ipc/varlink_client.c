#include "broker/ipc/varlink_client.h"

#include "broker/common/clock.h"
#include "broker/common/files.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define NEVER UINT64_MAX

/* Waits until `fd` is ready or the deadline (CLOCK_BOOTTIME, microseconds) has passed. */
static int wait_for(int fd, short events, uint64_t deadline)
{
    for (;;) {
        uint64_t now = clock_boot_us();
        struct pollfd p = {.fd = fd, .events = events};
        int n;

        if (now >= deadline)
            return -ETIMEDOUT;
        n = poll(&p, 1, deadline == NEVER ? -1 : (int)((deadline - now + 999) / 1000));
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return -errno;
    }
}

static int connect_to(const char *path, uint64_t deadline)
{
    cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int r;

    if (fd < 0)
        return -errno;
    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path) + 1);
    while (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        if (errno != EAGAIN)
            return -errno;
        /* Its queue is full, which poll() does not tell about: try again a little later. */
        if (clock_boot_us() >= deadline)
            return -ETIMEDOUT;
        (void)poll(NULL, 0, 10);
    }
    r = fd;
    fd = -1;
    return r;
}

static int send_all(int fd, const uint8_t *data, size_t size, uint64_t deadline)
{
    while (size > 0) {
        ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

        if (n >= 0) {
            data += n;
            size -= (size_t)n;
            continue;
        }
        if (errno != EAGAIN && errno != EINTR)
            return errno == EPIPE ? -ECONNRESET : -errno;
        int r = wait_for(fd, POLLOUT, deadline);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Reads until there is a NUL; returns the size of the message before it, which `b` begins with. */
static ssize_t receive_message(int fd, struct buf *b, uint64_t deadline)
{
    for (;;) {
        ssize_t size = varlink_message_size(b->data, b->size, VARLINK_REPLY_MAX);
        uint8_t octets[16384];
        ssize_t n;

        if (size != -EAGAIN)
            return size;
        n = recv(fd, octets, sizeof(octets), 0);
        if (n == 0)
            return -ECONNRESET;
        if (n < 0) {
            int r;

            if (errno != EAGAIN && errno != EINTR)
                return -errno;
            r = wait_for(fd, POLLIN, deadline);
            if (r < 0)
                return r;
            continue;
        }
        buf_put(b, octets, (size_t)n);
        if (buf_error(b) < 0)
            return buf_error(b);
    }
}

static uint64_t deadline_of(unsigned timeout_ms)
{
    return timeout_ms == 0 ? NEVER : clock_boot_us() + (uint64_t)timeout_ms * 1000;
}

/* Connects and sends what `out` holds. The descriptor, or -errno. */
static int ask(const char *path, const struct buf *out, uint64_t deadline)
{
    cleanup_close int fd = -1;
    int r = buf_error(out);

    if (r < 0)
        return r;
    fd = connect_to(path, deadline);
    if (fd < 0)
        return fd;
    r = send_all(fd, out->data, out->size, deadline);
    if (r < 0)
        return r;
    r = fd;
    fd = -1;
    return r;
}

int varlink_stream_next(struct varlink_stream *s, unsigned timeout_ms, struct varlink_reply *ret)
{
    ssize_t size = receive_message(s->fd, &s->in, deadline_of(timeout_ms));
    int r;

    *ret = (struct varlink_reply){0};
    if (size < 0)
        return (int)size;
    r = varlink_parse_reply((const char *)s->in.data, (size_t)size, ret);
    s->in.size -= (size_t)size + 1;
    memmove(s->in.data, s->in.data + size + 1, s->in.size);
    return r;
}

void varlink_stream_done(struct varlink_stream *s)
{
    close_fd(s->fd);
    buf_done(&s->in);
    *s = VARLINK_STREAM_INIT;
}

int varlink_stream_open(const char *path, const char *method, json_t *parameters, unsigned timeout_ms,
                        struct varlink_stream *ret)
{
    cleanup_buf struct buf out = BUF_INIT;
    int fd;

    *ret = VARLINK_STREAM_INIT;
    varlink_write_call_more(&out, method, parameters);
    fd = ask(path, &out, deadline_of(timeout_ms));
    if (fd < 0)
        return fd;
    ret->fd = fd;
    return 0;
}

int varlink_call(const char *path, const char *method, json_t *parameters, unsigned timeout_ms,
                 struct varlink_reply *ret)
{
    uint64_t deadline = deadline_of(timeout_ms);
    cleanup_close int fd = -1;
    cleanup_buf struct buf out = BUF_INIT, in = BUF_INIT;
    ssize_t size;

    *ret = (struct varlink_reply){0};
    varlink_write_call(&out, method, parameters);
    fd = ask(path, &out, deadline);
    if (fd < 0)
        return fd;
    size = receive_message(fd, &in, deadline);
    if (size < 0)
        return (int)size;
    return varlink_parse_reply((const char *)in.data, (size_t)size, ret);
}
