#include "tests/crash/clients.h"

#include "broker/common/files.h"
#include "broker/ipc/varlink.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Far beyond any answer of a broker that is there, also one that first has to be started. */
#define PATIENCE_MS 40000

/* Octets, 0 at the end, at a reset, or when `pidfd` says so. */
static ssize_t take(struct lane *l, int fd, int pidfd, void *octets, size_t size, const char *what)
{
    struct pollfd p[] = {{.fd = fd, .events = POLLIN}, {.fd = pidfd, .events = POLLIN}};
    ssize_t n;

    while (poll(p, ARRAY_SIZE(p), PATIENCE_MS) < 0)
        must(errno == EINTR);
    if (p[0].revents == 0 && p[1].revents != 0)
        return 0;
    if (p[0].revents == 0)
        lane_violation(l, "%s was not answered, and not hung up on either", what);
    n = recv(fd, octets, size, 0);
    return n < 0 ? 0 : n;
}

int gate_ask(struct lane *l, const struct process *p, enum frame_type type, const struct gate_pam *m,
             struct gate_reply *ret)
{
    cleanup_close int fd = process_connect(p, lane_path(l, "run/gate"));
    uint8_t frame[FRAME_MAX];
    struct frame_header header;
    size_t have = 0;
    ssize_t n;
    int size = gate_encode_pam(type, m, frame);

    must(size > 0);
    if (fd < 0 || send(fd, frame, (size_t)size, MSG_NOSIGNAL) != size)
        return -EPIPE;
    while ((n = take(l, fd, -1, frame + have, sizeof(frame) - have, "a question at the gate")) > 0)
        have += (size_t)n;
    if (have == 0)
        return -ECONNRESET;
    if (frame_parse(frame, have, &header) < 0 || header.type != FRAME_GATE_REPLY ||
        gate_decode_reply(frame + FRAME_HEADER_SIZE, header.length, ret) < 0)
        lane_violation(l, "the gate's answer is no whole frame");
    return 0;
}

static int connect_control(const struct lane *l)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    must(fd >= 0);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", lane_path(l, "run/control"));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return close_fd(fd);
    return fd;
}

static int send_call(int fd, const char *method, json_t *parameters)
{
    cleanup_buf struct buf b = BUF_INIT;
    char qualified[64];
    ssize_t n;

    (void)snprintf(qualified, sizeof(qualified), "org.hufu.control.%s", method);
    varlink_write_call(&b, qualified, parameters);
    must(buf_error(&b) == 0);
    for (size_t sent = 0; sent < b.size; sent += (size_t)n) {
        n = send(fd, b.data + sent, b.size - sent, MSG_NOSIGNAL);
        if (n <= 0)
            return -EPIPE;
    }
    return 0;
}

static int take_answer(struct lane *l, int fd, int pidfd, const char *method, struct buf *b)
{
    char octets[16384];
    ssize_t n;

    do {
        n = take(l, fd, pidfd, octets, sizeof(octets), method);
        if (n == 0)
            return -ECONNRESET;
        buf_put(b, octets, (size_t)n);
    } while (octets[n - 1] != '\0');
    must(buf_error(b) == 0);
    return 0;
}

int control_ask(struct lane *l, int pidfd, const char *method, json_t *parameters, json_t **ret)
{
    cleanup_json json_t *own = parameters;
    cleanup_close int fd = connect_control(l);
    cleanup_buf struct buf b = BUF_INIT;
    struct varlink_reply reply;

    *ret = NULL;
    if (fd < 0 || send_call(fd, method, own) < 0 || take_answer(l, fd, pidfd, method, &b) < 0)
        return -ECONNRESET;
    if (varlink_parse_reply((const char *)b.data, b.size - 1, &reply) < 0)
        lane_violation(l, "what answers %s is no reply", method);
    *ret = json_incref(reply.parameters);
    if (reply.error)
        (void)json_object_set_new(*ret, "error", json_string(reply.error));
    varlink_reply_done(&reply);
    return 0;
}
