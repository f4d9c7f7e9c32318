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

/* How long, how many and how often: the bounds of the gate. */

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

static void test_silence_has_an_end(void **state)
{
    struct gate_world *w = *state;
    struct gate_limits limits = GATE_LIMITS_DEFAULT;
    int fd;

    limits.deadline_us = 100000;
    open_gate(w, geteuid(), (uid_t)-1, limits);
    fd = client_connect(&w->client);
    client_turn(&w->client, 50);
    assert_int_equal(gate_counters(w->gate).open, 1);
    client_turn(&w->client, 150);
    assert_int_equal(gate_counters(w->gate).open, 0);
    assert_true(client_is_hung_up(&w->client, fd));
    close_fd(fd);
}

static void test_too_many_of_one_uid(void **state)
{
    struct gate_world *w = *state;
    struct gate_limits limits = GATE_LIMITS_DEFAULT;
    int fds[4];

    limits.per_uid = 3;
    open_gate(w, OTHER_UID, (uid_t)-1, limits);
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
        fds[i] = client_connect(&w->client);
        client_turn(&w->client, 5);
    }
    assert_int_equal(gate_counters(w->gate).open, 3);
    assert_int_equal(w->trouble, REASON_TOO_MANY_REQUESTS);
    assert_true(client_is_hung_up(&w->client, fds[3]));
    assert_false(client_is_hung_up(&w->client, fds[0]));
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        close_fd(fds[i]);
    client_turn(&w->client, 20);
    assert_int_equal(ask(w, FRAME_GATE_ACCOUNT), REASON_OK);
}

static void test_too_often(void **state)
{
    struct gate_world *w = *state;
    struct gate_limits limits = GATE_LIMITS_DEFAULT;
    int fd;

    limits.rate = 3;
    open_gate(w, OTHER_UID, (uid_t)-1, limits);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(ask(w, FRAME_GATE_ACCOUNT), REASON_OK);
    fd = client_connect(&w->client);
    assert_true(client_is_hung_up(&w->client, fd));
    assert_int_equal(w->trouble, REASON_TOO_MANY_REQUESTS);
    close_fd(fd);
}

static void test_rate(void **state)
{
    struct rate r = {0};

    (void)state;
    for (uint64_t now = 1; now <= 3; now++)
        assert_true(rate_allows(&r, 1000, now, 100, 3));
    assert_false(rate_allows(&r, 1000, 50, 100, 3));
    assert_true(rate_allows(&r, 1001, 50, 100, 3)); /* another uid is another */
    assert_false(rate_allows(&r, 1000, 100, 100, 3));
    assert_true(rate_allows(&r, 1000, 101, 100, 3)); /* the next window */
    for (uid_t uid = 2000; uid < 2000 + RATE_UIDS; uid++)
        assert_true(rate_allows(&r, uid, 200, 100, 3));
    assert_false(rate_allows(&r, 3000, 200, 100, 0));
}

/* root's bound is another: what an ordinary uid has filled does not keep root out. */
static void test_root_has_room(void **state)
{
    struct gate_world *w = *state;
    const struct gate_limits limits = {.all = 0, .per_uid = 0, .privileged = 2, .deadline_us = 1000000};

    open_gate(w, geteuid(), (uid_t)-1, limits);
    assert_int_equal(ask(w, FRAME_GATE_ACCOUNT), REASON_OK);
}

/* Descriptors run out: who waits first is hung up on, nobody spins, and afterwards all is well. */
static void test_out_of_descriptors(void **state)
{
    struct gate_world *w = *state;
    struct rlimit old, low;
    int fds[3], filler;

    open_gate(w, geteuid(), (uid_t)-1, GATE_LIMITS_DEFAULT);
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        fds[i] = client_connect(&w->client);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    filler = open("/dev/null", O_RDONLY | O_CLOEXEC);
    low = (struct rlimit){.rlim_cur = (rlim_t)filler, .rlim_max = old.rlim_max};
    close_fd(filler);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    client_turn(&w->client, 50);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_true(client_is_hung_up(&w->client, fds[0]));
    client_turn(&w->client, 200);
    assert_int_equal(ask(w, FRAME_GATE_ACCOUNT), REASON_OK);
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        close_fd(fds[i]);
}

#define GATE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATE_TEST(test_silence_has_an_end), GATE_TEST(test_too_many_of_one_uid),
        GATE_TEST(test_too_often),          cmocka_unit_test(test_rate),
        GATE_TEST(test_root_has_room),      GATE_TEST(test_out_of_descriptors),
    };

    /* Descriptor 3 is the first that a service manager passes: nothing else may get it. */
    if (fcntl(SD_LISTEN_FDS_START, F_GETFD) < 0)
        (void)dup2(STDERR_FILENO, SD_LISTEN_FDS_START);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
