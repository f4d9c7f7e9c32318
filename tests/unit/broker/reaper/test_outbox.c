/* Answers to a peer that is busy wait, in their order; one that never reads is given up. */
#include "broker/reaper/outbox.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MANY 5000U

struct scene {
    sd_event *event;
    struct outbox outbox;
    int ours, theirs;
};

static int setup(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    int fds[2];
    assert_non_null(s);
    assert_int_equal(sd_event_new(&s->event), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    s->ours = fds[0];
    s->theirs = fds[1];
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct scene *s = *state;
    outbox_clear(&s->outbox);
    (void)sd_event_unref(s->event);
    (void)close(s->ours);
    if (s->theirs >= 0)
        (void)close(s->theirs);
    free(s);
    return 0;
}

static int say(struct scene *s, uint32_t number)
{
    uint8_t frame[200] = {0};
    memcpy(frame, &number, sizeof number);
    return outbox_send(&s->outbox, s->event, s->ours, frame, sizeof frame);
}

static void all_arrive_in_order(void **state)
{
    struct scene *s = *state;
    uint8_t frame[300];
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(say(s, i), 0);
    assert_true(s->outbox.size > 0); /* else nothing is tested */
    for (uint32_t i = 0; i < MANY; i++) {
        ssize_t n;
        uint32_t number;
        while ((n = recv(s->theirs, frame, sizeof frame, 0)) < 0 && errno == EAGAIN)
            assert_true(sd_event_run(s->event, 5 * 1000 * 1000) > 0);
        assert_int_equal(n, 200);
        memcpy(&number, frame, sizeof number);
        assert_int_equal(number, i);
    }
    assert_int_equal(s->outbox.size, 0);
    assert_null(s->outbox.source);
    assert_int_equal(say(s, 1), 0);
    assert_int_equal(s->outbox.size, 0);
}

static void who_never_reads_is_given_up(void **state)
{
    struct scene *s = *state;
    int r = 0;
    for (size_t sent = 0; r == 0 && sent < 2 * OUTBOX_MAX; sent += 200)
        r = say(s, 1);
    assert_int_equal(r, -ENOBUFS);
    assert_null(s->outbox.first);
}

static void who_is_gone_is_gone(void **state)
{
    struct scene *s = *state;
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(say(s, i), 0);
    (void)close(s->theirs);
    s->theirs = -1;
    while (s->outbox.source != NULL)
        assert_true(sd_event_run(s->event, 5 * 1000 * 1000) > 0);
    assert_null(s->outbox.first);
    assert_int_equal(say(s, 1), -EPIPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_arrive_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(who_never_reads_is_given_up, setup, teardown),
        cmocka_unit_test_setup_teardown(who_is_gone_is_gone, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
