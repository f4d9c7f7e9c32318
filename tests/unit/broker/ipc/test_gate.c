// LAYERS: wire common base
// LIBRARIES: sd-event

#include "broker/common/files.h"
#include "broker/common/sockets.h"
#include "tests/unit/broker/ipc/gate_world.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

/* What clients can do wrong at the gate: each ends its own connection. */

static void test_answer(void **state)
{
    struct gate_world *w = *state;

    gate_world_open(w, geteuid(), (uid_t)-1, GATE_LIMITS_DEFAULT);
    assert_int_equal(gate_world_ask(w, FRAME_GATE_ACCOUNT), REASON_OK);
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
        gate_world_open(w, cells[i].root ? geteuid() : GATE_WORLD_OTHER_UID,
                        cells[i].keys ? geteuid() : (uid_t)-1, GATE_LIMITS_DEFAULT);
        if (gate_world_ask(w, cells[i].type) != cells[i].reason)
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
    size_t size = gate_world_frame(FRAME_GATE_ACCOUNT, "hello", octets);
    int fd;

    gate_world_open(w, geteuid(), (uid_t)-1, GATE_LIMITS_DEFAULT);
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

    gate_world_open(w, geteuid(), (uid_t)-1, GATE_LIMITS_DEFAULT);
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
    assert_int_equal(gate_world_ask(w, FRAME_GATE_ACCOUNT), REASON_OK);
}

static void test_an_octet_too_many(void **state)
{
    struct gate_world *w = *state;
    uint8_t octets[64];
    size_t size = gate_world_frame(FRAME_GATE_ACCOUNT, "hello", octets);
    int fd;

    gate_world_open(w, geteuid(), (uid_t)-1, GATE_LIMITS_DEFAULT);
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
    size_t size = gate_world_frame(FRAME_GATE_ACCOUNT, "x", octets);
    int fd;

    gate_world_open(w, geteuid(), (uid_t)-1, GATE_LIMITS_DEFAULT);
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

    gate_world_open(w, geteuid(), (uid_t)-1, GATE_LIMITS_DEFAULT);
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
    gate_world_open(w, geteuid(), (uid_t)-1, GATE_LIMITS_DEFAULT);
    assert_int_equal(unsetenv("LISTEN_PID") | unsetenv("LISTEN_FDS") | unsetenv("LISTEN_FDNAMES"), 0);
    assert_int_equal(gate_world_ask(w, FRAME_GATE_ACCOUNT), REASON_OK);
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
    size_t size = gate_world_frame(FRAME_GATE_ACCOUNT, "hello", octets);
    int fd;

    w->hold = true;
    gate_world_open(w, geteuid(), (uid_t)-1, GATE_LIMITS_DEFAULT);
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
    size_t size = gate_world_frame(FRAME_GATE_ACCOUNT, "hello", octets);
    int fd;

    w->hold = true;
    gate_world_open(w, geteuid(), (uid_t)-1, GATE_LIMITS_DEFAULT);
    fd = client_connect(&w->client);
    client_send(fd, octets, size);
    client_turn(&w->client, 20);
    close_fd(fd);
    client_turn(&w->client, 20);
    gate_call_reply(w->held, &reply);
    assert_int_equal(gate_counters(w->gate).open, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATE_WORLD_TEST(test_answer),
        GATE_WORLD_TEST(test_who_may_ask),
        GATE_WORLD_TEST(test_octet_by_octet),
        GATE_WORLD_TEST(test_garbage),
        GATE_WORLD_TEST(test_an_octet_too_many),
        GATE_WORLD_TEST(test_body_that_is_no_message),
        GATE_WORLD_TEST(test_hangs_up_in_the_middle),
        GATE_WORLD_TEST(test_kept_socket),
        GATE_WORLD_TEST(test_answer_after_the_gate_has_gone),
        GATE_WORLD_TEST(test_caller_who_left),
    };

    gate_world_occupy_listen_fd();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
