#include "tests/unit/broker/ipc/gate_world.h"

#include "broker/common/files.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

static void handle(void *userdata, struct gate_call *call, const uint8_t *body, size_t size)
{
    static const struct gate_reply reply = {.verdict = VERDICT_ALLOW, .reason = REASON_OK};
    struct gate_world *w = userdata;

    w->calls++;
    w->pid = gate_call_peer(call)->pid;
    w->uid = gate_call_peer(call)->uid;
    assert_true(gate_call_peer(call)->pidfd >= 0);
    if (size > 0 && body[0] == 'x')
        gate_call_malformed(call, "x");
    else if (w->hold)
        w->held = call;
    else
        gate_call_reply(call, &reply);
}

static void on_trouble(void *userdata, const struct peer *peer, enum reason reason, const char *detail)
{
    struct gate_world *w = userdata;

    assert_int_equal(peer->pid, getpid());
    assert_non_null(detail);
    w->troubles++;
    w->trouble = reason;
}

/* Who runs the test is root to one request, an ordinary uid to the gate of the second. */
static const struct gate_request requests[] = {
    {FRAME_GATE_ACCOUNT, GATE_ROOT | GATE_OTHER, handle},
    {FRAME_GATE_OPEN, GATE_ROOT, handle},
    {FRAME_GATE_KEYS, GATE_KEYS, handle},
};

void gate_world_open(struct gate_world *w, uid_t root, uid_t keys, struct gate_limits limits)
{
    const struct gate_options options = {.event = w->client.event,
                                         .path = w->client.path,
                                         .root = root,
                                         .keys_uid = keys,
                                         .limits = limits,
                                         .requests = requests,
                                         .n_requests = ARRAY_SIZE(requests),
                                         .trouble = on_trouble,
                                         .userdata = w};

    assert_int_equal(gate_new(&options, &w->gate), 0);
}

int gate_world_setup(void **state)
{
    struct gate_world *w = calloc(1, sizeof(*w));

    client_world_new(&w->client);
    *state = w;
    return 0;
}

int gate_world_teardown(void **state)
{
    struct gate_world *w = *state;

    gate_free(w->gate);
    client_world_done(&w->client);
    free(w);
    return 0;
}

size_t gate_world_frame(enum frame_type type, const char *text, uint8_t octets[static 64])
{
    size_t length = strlen(text);

    memcpy(octets, "HUFU\0\1", 6);
    octets[6] = (uint8_t)(type >> 8);
    octets[7] = (uint8_t)type;
    octets[8] = octets[9] = octets[10] = 0;
    octets[11] = (uint8_t)length;
    memcpy(octets + FRAME_HEADER_SIZE, text, length);
    return FRAME_HEADER_SIZE + length;
}

enum reason gate_world_ask(struct gate_world *w, enum frame_type type)
{
    uint8_t octets[FRAME_MAX];
    size_t size = gate_world_frame(type, "hello", octets);
    struct frame_header header;
    struct gate_reply reply;
    int fd = client_connect(&w->client);
    ssize_t n;

    client_send(fd, octets, size);
    assert_true(client_wait(&w->client, fd));
    n = recv(fd, octets, sizeof(octets), 0);
    assert_true(n > FRAME_HEADER_SIZE);
    assert_int_equal(frame_parse_header(octets, &header), 0);
    assert_int_equal(gate_decode_reply(octets + FRAME_HEADER_SIZE, header.length, &reply), 0);
    assert_int_equal(recv(fd, octets, 1, 0), 0); /* one request and one reply a connection */
    close_fd(fd);
    return reply.reason;
}

void gate_world_occupy_listen_fd(void)
{
    if (fcntl(SD_LISTEN_FDS_START, F_GETFD) < 0)
        (void)dup2(STDERR_FILENO, SD_LISTEN_FDS_START);
}
