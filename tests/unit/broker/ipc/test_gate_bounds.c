// LAYERS: wire common base
// LIBRARIES: sd-event

#include "broker/common/files.h"
#include "broker/ipc/rate.h"
#include "tests/unit/broker/ipc/gate_world.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

/* How long, how many and how often: the bounds of the gate. */

static void test_silence_has_an_end(void **state)
{
    struct gate_world *w = *state;
    struct gate_limits limits = GATE_LIMITS_DEFAULT;
    int fd;

    limits.deadline_us = 100000;
    gate_world_open(w, geteuid(), (uid_t)-1, limits);
    fd = client_connect(&w->client);
    client_turn(&w->client, 50);
    assert_int_equal(gate_counters(w->gate).open, 1);
    client_turn(&w->client, 150);
    assert_int_equal(gate_counters(w->gate).open, 0);
    assert_true(client_is_hung_up(&w->client, fd));
    close_fd(fd);
}

/* Until no more than so many are heard; after some seconds whatever is the case. */
static void turn_until_open(struct gate_world *w, unsigned n)
{
    for (int i = 0; i < 500 && gate_counters(w->gate).open > n; i++)
        client_turn(&w->client, 10);
    assert_int_equal(gate_counters(w->gate).open, n);
}

/* One timer for all: each has the whole of its time, and no more, whoever came before it. */
static void test_each_has_the_whole_time(void **state)
{
    struct gate_world *w = *state;
    struct gate_limits limits = GATE_LIMITS_DEFAULT;
    int first, second;

    limits.deadline_us = 400000;
    gate_world_open(w, geteuid(), (uid_t)-1, limits);
    assert_int_equal(gate_world_ask(w, FRAME_GATE_ACCOUNT), REASON_OK);
    first = client_connect(&w->client);
    client_turn(&w->client, 200);
    second = client_connect(&w->client);
    client_turn(&w->client, 5);
    assert_int_equal(gate_counters(w->gate).open, 2);
    turn_until_open(w, 1);
    assert_true(client_is_hung_up(&w->client, first));
    assert_false(client_is_hung_up(&w->client, second));
    turn_until_open(w, 0);
    assert_int_equal(w->troubles, 2);
    close_fd(first);
    first = client_connect(&w->client); /* the timer begins anew */
    client_turn(&w->client, 5);
    assert_int_equal(gate_counters(w->gate).open, 1);
    turn_until_open(w, 0);
    close_fd(first);
    close_fd(second);
}

static void test_too_many_of_one_uid(void **state)
{
    struct gate_world *w = *state;
    struct gate_limits limits = GATE_LIMITS_DEFAULT;
    int fds[4];

    limits.per_uid = 3;
    gate_world_open(w, GATE_WORLD_OTHER_UID, (uid_t)-1, limits);
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
    assert_int_equal(gate_world_ask(w, FRAME_GATE_ACCOUNT), REASON_OK);
}

static void test_too_often(void **state)
{
    struct gate_world *w = *state;
    struct gate_limits limits = GATE_LIMITS_DEFAULT;
    int fd;

    limits.rate = 3;
    gate_world_open(w, GATE_WORLD_OTHER_UID, (uid_t)-1, limits);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(gate_world_ask(w, FRAME_GATE_ACCOUNT), REASON_OK);
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

    gate_world_open(w, geteuid(), (uid_t)-1, limits);
    assert_int_equal(gate_world_ask(w, FRAME_GATE_ACCOUNT), REASON_OK);
}

/* Descriptors run out: who waits first is hung up on, nobody spins, and afterwards all is well. */
static void test_out_of_descriptors(void **state)
{
    struct gate_world *w = *state;
    struct rlimit old, low;
    int fds[3], filler;

    gate_world_open(w, geteuid(), (uid_t)-1, GATE_LIMITS_DEFAULT);
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
    assert_int_equal(gate_world_ask(w, FRAME_GATE_ACCOUNT), REASON_OK);
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        close_fd(fds[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATE_WORLD_TEST(test_silence_has_an_end),
        GATE_WORLD_TEST(test_each_has_the_whole_time),
        GATE_WORLD_TEST(test_too_many_of_one_uid),
        GATE_WORLD_TEST(test_too_often),
        cmocka_unit_test(test_rate),
        GATE_WORLD_TEST(test_root_has_room),
        GATE_WORLD_TEST(test_out_of_descriptors),
    };

    gate_world_occupy_listen_fd();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
