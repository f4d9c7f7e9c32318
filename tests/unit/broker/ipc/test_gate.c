// LAYERS: wire common base
// LIBRARIES: sd-event

#include "broker/common/files.h"
#include "broker/common/sockets.h"
#include "broker/ipc/gate.h"
#include "broker/ipc/rate.h"
#include "tests/unit/broker/ipc/client.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cmocka.h>

/* What clients can do wrong at the gate: each ends its own connection. */

struct gate_world {
    struct client_world client;
    struct gate *gate;
    struct gate_call *held; /* not answered yet */
    bool hold;
    unsigned calls, troubles;
    enum reason trouble;
    pid_t pid;
    uid_t uid;
};

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

static void open_gate(struct gate_world *w, uid_t root, uid_t keys, struct gate_limits limits)
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

static int setup(void **state)
{
    struct gate_world *w = calloc(1, sizeof(*w));

    client_world_new(&w->client);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct gate_world *w = *state;

    gate_free(w->gate);
    client_world_done(&w->client);
    free(w);
    return 0;
}

#define OTHER_UID 4242

static size_t frame_of(enum frame_type type, const char *text, uint8_t octets[static 64])
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

static enum reason ask(struct gate_world *w, enum frame_type type)
{
    uint8_t octets[FRAME_MAX];
    size_t size = frame_of(type, "hello", octets);
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

static void test_answer(void **state)
{
    struct gate_world *w = *state;

    open_gate(w, geteuid(), (uid_t)-1, GATE_LIMITS_DEFAULT);
    assert_int_equal(ask(w, FRAME_GATE_ACCOUNT), REASON_OK);
    assert_int_equal(w->pid, getpid());
    assert_int_equal(w->uid, geteuid());
    assert_int_equal(gate_counters(w->gate).requests, 1);
    assert_int_equal(gate_counters(w->gate).open, 0);
    assert_int_equal(w->troubles, 0);
}

/* The table: cell by cell. */
static void test_who_may_ask(void **state)
{
    static const struct {
        bool root, keys;
        enum frame_type type;
        enum reason reason;
    } cells[] = {
        {true, false, FRAME_GATE_ACCOUNT, REASON_OK},
        {true, false, FRAME_GATE_OPEN, REASON_OK},
        {true, false, FRAME_GATE_KEYS, REASON_CALLER_FORBIDDEN},
        {false, true, FRAME_GATE_ACCOUNT, REASON_CALLER_FORBIDDEN},
        {false, true, FRAME_GATE_OPEN, REASON_CALLER_FORBIDDEN},
        {false, true, FRAME_GATE_KEYS, REASON_OK},
        {false, false, FRAME_GATE_ACCOUNT, REASON_OK},
        {false, false, FRAME_GATE_OPEN, REASON_CALLER_FORBIDDEN},
        {false, false, FRAME_GATE_KEYS, REASON_CALLER_FORBIDDEN},
    };
    struct gate_world *w = *state;

    for (size_t i = 0; i < ARRAY_SIZE(cells); i++) {
        open_gate(w, cells[i].root ? geteuid() : OTHER_UID, cells[i].keys ? geteuid() : (uid_t)-1,
                  GATE_LIMITS_DEFAULT);
        if (ask(w, cells[i].type) != cells[i].reason)
            fail_msg("cell %zu", i);
        w->gate = gate_free(w->gate);
    }
    assert_int_equal(w->calls, 4);
    assert_int_equal(w->troubles, 5);
}

static void test_octet_by_octet(void **state)
{
    struct gate_world *w = *state;
    uint8_t octets[64];
    size_t size = frame_of(FRAME_GATE_ACCOUNT, "hello", octets);
    int fd;

    open_gate(w, geteuid(), (uid_t)-1, GATE_LIMITS_DEFAULT);
    fd = client_connect(&w->client);
    for (size_t i = 0; i < size; i++) {
        client_send(fd, octets + i, 1);
        client_turn(&w->client, 3);
        assert_int_equal(w->calls, i + 1 == size);
    }
    close_fd(fd);
}

/* Each of these ends its connection without an answer, is told of, and nobody else notices. */
static void test_garbage(void **state)
{
    static const char *const garbage[] = {"GET / HTTP/1.0\r\n\r\n", "HUFU\xff\xff\0\1\0\0\0\0",
                                          "HUFU\0\1\x7f\x7f\0\0\0\0", "HUFU\0\1\0\1\xff\xff\xff\xff",
                                          "HUFU\0\1\0\x80\0\0\0\0"};
    static const size_t sizes[] = {18, 12, 12, 12, 12};
    struct gate_world *w = *state;

    open_gate(w, geteuid(), (uid_t)-1, GATE_LIMITS_DEFAULT);
    for (size_t i = 0; i < ARRAY_SIZE(garbage); i++) {
        int other = client_connect(&w->client), fd = client_connect(&w->client);

        client_send(fd, garbage[i], sizes[i]);
        if (!client_is_hung_up(&w->client, fd))
            fail_msg("garbage %zu is listened to", i);
        assert_false(client_is_hung_up(&w->client, other));
        assert_int_equal(w->troubles, i + 1);
        assert_int_equal(w->trouble, REASON_BAD_REQUEST);
        close_fd(fd);
        close_fd(other);
        client_turn(&w->client, 5);
    }
    assert_int_equal(w->calls, 0);
    assert_int_equal(ask(w, FRAME_GATE_ACCOUNT), REASON_OK);
}

static void test_an_octet_too_many(void **state)
{
    struct gate_world *w = *state;
    uint8_t octets[64];
    size_t size = frame_of(FRAME_GATE_ACCOUNT, "hello", octets);
    int fd;

    open_gate(w, geteuid(), (uid_t)-1, GATE_LIMITS_DEFAULT);
    fd = client_connect(&w->client);
    client_send(fd, octets, size + 1);
    assert_true(client_is_hung_up(&w->client, fd));
    assert_int_equal(w->calls, 0);
    close_fd(fd);
}

static void test_body_that_is_no_message(void **state)
{
    struct gate_world *w = *state;
    uint8_t octets[64];
    size_t size = frame_of(FRAME_GATE_ACCOUNT, "x", octets);
    int fd;

    open_gate(w, geteuid(), (uid_t)-1, GATE_LIMITS_DEFAULT);
    fd = client_connect(&w->client);
    client_send(fd, octets, size);
    assert_true(client_is_hung_up(&w->client, fd));
    assert_int_equal(w->trouble, REASON_BAD_REQUEST);
    close_fd(fd);
}

static void test_hangs_up_in_the_middle(void **state)
{
    struct gate_world *w = *state;
    int fd;

    open_gate(w, geteuid(), (uid_t)-1, GATE_LIMITS_DEFAULT);
    fd = client_connect(&w->client);
    client_send(fd, "HUFU", 4);
    client_turn(&w->client, 5);
    close_fd(fd);
    client_turn(&w->client, 20);
    assert_int_equal(w->troubles, 1);
    assert_int_equal(gate_counters(w->gate).open, 0);
}

/* A socket that the service manager kept over a restart is taken up again, and stays when the gate goes. */
static void test_kept_socket(void **state)
{
    struct gate_world *w = *state;
    int listening = socket_listen_unix(w->client.path, SOCK_STREAM, 0666, 8),
        early = client_connect(&w->client);
    char pid[16];

    assert_int_equal(dup2(listening, SD_LISTEN_FDS_START), SD_LISTEN_FDS_START);
    close_fd(listening);
    (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
    assert_int_equal(setenv("LISTEN_PID", pid, 1) | setenv("LISTEN_FDS", "1", 1), 0);
    assert_int_equal(setenv("LISTEN_FDNAMES", "gate", 1), 0);
    open_gate(w, geteuid(), (uid_t)-1, GATE_LIMITS_DEFAULT);
    assert_int_equal(unsetenv("LISTEN_PID") | unsetenv("LISTEN_FDS") | unsetenv("LISTEN_FDNAMES"), 0);
    assert_int_equal(ask(w, FRAME_GATE_ACCOUNT), REASON_OK);
    assert_int_equal(gate_counters(w->gate).open, 1); /* who knocked before it was there */
    close_fd(early);
    w->gate = gate_free(w->gate);
    assert_int_equal(access(w->client.path, F_OK), 0);
}

/* A handler that still waits for the disk when the gate closes: its call stays good until it is answered. */
static void test_answer_after_the_gate_has_gone(void **state)
{
    static const struct gate_reply reply = {.verdict = VERDICT_DENY, .reason = REASON_STOPPING};
    struct gate_world *w = *state;
    uint8_t octets[64];
    size_t size = frame_of(FRAME_GATE_ACCOUNT, "hello", octets);
    int fd;

    w->hold = true;
    open_gate(w, geteuid(), (uid_t)-1, GATE_LIMITS_DEFAULT);
    fd = client_connect(&w->client);
    client_send(fd, octets, size);
    client_turn(&w->client, 20);
    assert_non_null(w->held);
    w->gate = gate_free(w->gate);
    gate_call_reply(w->held, &reply);
    assert_true(recv(fd, octets, sizeof(octets), 0) > FRAME_HEADER_SIZE);
    close_fd(fd);
}

static void test_caller_who_left(void **state)
{
    static const struct gate_reply reply = {.verdict = VERDICT_ALLOW, .reason = REASON_OK};
    struct gate_world *w = *state;
    uint8_t octets[64];
    size_t size = frame_of(FRAME_GATE_ACCOUNT, "hello", octets);
    int fd;

    w->hold = true;
    open_gate(w, geteuid(), (uid_t)-1, GATE_LIMITS_DEFAULT);
    fd = client_connect(&w->client);
    client_send(fd, octets, size);
    client_turn(&w->client, 20);
    close_fd(fd);
    client_turn(&w->client, 20);
    gate_call_reply(w->held, &reply);
    assert_int_equal(gate_counters(w->gate).open, 0);
}

#define GATE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATE_TEST(test_answer),
        GATE_TEST(test_who_may_ask),
        GATE_TEST(test_octet_by_octet),
        GATE_TEST(test_garbage),
        GATE_TEST(test_an_octet_too_many),
        GATE_TEST(test_body_that_is_no_message),
        GATE_TEST(test_hangs_up_in_the_middle),
        GATE_TEST(test_kept_socket),
        GATE_TEST(test_answer_after_the_gate_has_gone),
        GATE_TEST(test_caller_who_left),
    };

    /* Descriptor 3 is the first that a service manager passes: nothing else may get it. */
    if (fcntl(SD_LISTEN_FDS_START, F_GETFD) < 0)
        (void)dup2(STDERR_FILENO, SD_LISTEN_FDS_START);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
