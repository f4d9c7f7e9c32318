#include "broker/common/files.h"
#include "tests/fuzz/stage/host.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define PATIENCE_S 60

/* Questions over the sockets, and their answers. */

static int connect_to(const struct host *h, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", h->folder, name);
    must(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    return fd;
}

bool host_has_answer(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 0) == 1;
}

static void await(struct host *h, int fd)
{
    for (unsigned i = 0; !host_has_answer(fd); i++) {
        must(i < PATIENCE_S);
        host_pass(h, 1000000);
    }
}

int host_begin_frame(struct host *h, const struct process *as, const uint8_t *frame, int size)
{
    int fd;

    people_speak_as(as);
    fd = connect_to(h, "gate");
    must(size > 0 && send(fd, frame, (size_t)size, 0) == size);
    host_settle(h);
    people_speak_as(NULL);
    return fd;
}

int host_begin_ask(struct host *h, const struct process *as, enum frame_type type, const struct gate_pam *m)
{
    uint8_t frame[FRAME_MAX];

    return host_begin_frame(h, as, frame, gate_encode_pam(type, m, frame));
}

struct gate_reply host_take(struct host *h, int fd)
{
    uint8_t frame[FRAME_MAX];
    struct frame_header header;
    struct gate_reply reply;
    ssize_t n;

    await(h, fd);
    n = recv(fd, frame, sizeof(frame), 0);
    must(n >= FRAME_HEADER_SIZE);
    must(frame_parse_header(frame, &header) == 0 && header.type == FRAME_GATE_REPLY);
    must(gate_decode_reply(frame + FRAME_HEADER_SIZE, header.length, &reply) == 0);
    close_fd(fd);
    return reply;
}

struct gate_reply host_ask(struct host *h, const struct process *as, enum frame_type type,
                           const struct gate_pam *m)
{
    return host_take(h, host_begin_ask(h, as, type, m));
}

int host_begin_call(struct host *h, const char *method, json_t *parameters)
{
    cleanup_buf struct buf b = BUF_INIT;
    int fd = connect_to(h, "control");
    char qualified[128];

    (void)snprintf(qualified, sizeof(qualified), "org.hufu.control.%s", method);
    varlink_write_call(&b, qualified, parameters);
    json_decref(parameters);
    must(buf_error(&b) == 0 && send(fd, b.data, b.size, 0) == (ssize_t)b.size);
    host_settle(h);
    return fd;
}

struct varlink_reply host_take_call(struct host *h, int fd)
{
    static char octets[256 * 1024];
    struct varlink_reply reply;
    size_t size = 0;

    do {
        ssize_t n;

        await(h, fd);
        n = recv(fd, octets + size, sizeof(octets) - size, 0);
        must(n > 0);
        size += (size_t)n;
    } while (octets[size - 1] != '\0');
    must(varlink_parse_reply(octets, size - 1, &reply) == 0);
    close_fd(fd);
    host_settle(h);
    return reply;
}

struct varlink_reply host_call(struct host *h, const char *method, json_t *parameters)
{
    return host_take_call(h, host_begin_call(h, method, parameters));
}
