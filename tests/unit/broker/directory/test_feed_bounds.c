// LINK: -Wl,--wrap=recv
/* What one turn reads, what waits and where, and what a callback may do. */
#include "tests/unit/broker/directory/feed_world.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct feed_message start = {.type = FEED_START, .search = 7, .host = "db1"};
static const struct feed_message state_message = {.type = FEED_STATE, .state = FEED_LIVE};

static int open_and_connect(struct feed_world *w)
{
    int fd;

    feed_world_open_mine(w);
    fd = feed_world_connect(w);
    (void)feed_world_turn(w);
    feed_world_assert_told(w, "+");
    return fd;
}

/* Sends as much of `octets` as goes in; how much that was. */
static size_t push(int fd, const uint8_t *octets, size_t size)
{
    size_t sent = 0;

    while (sent < size) {
        ssize_t n = send(fd, octets + sent, size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EAGAIN)
            break;
        assert_true(n > 0);
        sent += (size_t)n;
    }
    return sent;
}

static void test_the_longest_frame(void **state)
{
    struct feed_world *w = *state;
    struct feed_message m = {.type = FEED_ENTRY, .search = 1, .kind = FEED_DOCUMENT};
    cleanup_free uint8_t *document = malloc(FEED_BODY_MAX);
    cleanup_buf struct buf frame = BUF_INIT;
    size_t sent = 0, turns = 0;
    int fd = open_and_connect(w);

    assert_non_null(document);
    memset(document, 1, FEED_BODY_MAX);
    m.document = (struct feed_octets){document, FEED_BODY_MAX - 29};
    assert_int_equal(feed_encode(&m, &frame), 0);
    assert_int_equal(frame.size, FRAME_HEADER_SIZE + FEED_BODY_MAX);
    while (sent < frame.size && turns++ < 100000) {
        sent += push(fd, frame.data + sent, frame.size - sent);
        assert_int_equal(w->n_messages, 0);
        feed_world_turn_once(w);
    }
    (void)feed_world_turn(w);
    feed_world_assert_told(w, "m");
    assert_int_equal(w->sum, m.document.size);
}

/* The loop has other things to do. */
static void test_a_turn_is_bounded(void **state)
{
    struct feed_world *w = *state;
    int fd = open_and_connect(w);

    for (uint32_t i = 1; i <= 150; i++)
        feed_world_entry(fd, i, 1);
    feed_world_turn_once(w);
    assert_int_equal(w->n_messages, 64);
    feed_world_turn_once(w);
    assert_int_equal(w->n_messages, 128);
    (void)feed_world_turn(w);
    assert_int_equal(w->n_messages, 150);
    assert_false(w->disorder);
}

/* A socket that never runs dry, as somebody who sends without end makes it look: the frame again and again.
 */
static struct {
    const struct buf *frame; /* NULL: the sockets are the real ones */
    size_t at;
    size_t at_once; /* octets that one call gives; 0: as many as are asked for */
    size_t calls, octets;
} flood;

ssize_t __real_recv(int fd, void *buffer, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *buffer, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *buffer, size_t size, int flags)
{
    uint8_t *to = buffer;

    if (!flood.frame)
        return __real_recv(fd, buffer, size, flags);
    if (flood.at_once > 0 && size > flood.at_once)
        size = flood.at_once;
    for (size_t i = 0; i < size; i++)
        to[i] = flood.frame->data[flood.at++ % flood.frame->size];
    flood.calls++;
    flood.octets += size;
    return (ssize_t)size;
}

static void flood_a_turn(struct feed_world *w, const struct buf *frame, size_t at_once)
{
    flood.frame = frame;
    flood.at_once = at_once;
    flood.calls = flood.octets = 0;
    feed_world_turn_once(w);
    flood.frame = NULL;
}

/* The same of somebody who sends without end: large frames, and octet by octet. */
static void test_a_flood_does_not_hold_the_loop(void **state)
{
    struct feed_world *w = *state;
    cleanup_free uint8_t *document = calloc(1, FEED_BODY_MAX);
    struct feed_message m = {.type = FEED_ENTRY, .search = 1, .kind = FEED_DOCUMENT};
    cleanup_buf struct buf large = BUF_INIT, small = BUF_INIT;
    int fd = open_and_connect(w);

    assert_non_null(document);
    m.document = (struct feed_octets){document, FEED_BODY_MAX - 29};
    assert_int_equal(feed_encode(&m, &large), 0);
    assert_int_equal(feed_encode(&state_message, &small), 0);
    feed_world_put(fd, "x", 1); /* there is something to be read */
    for (unsigned i = 1; i <= 16; i++) {
        flood_a_turn(w, &large, 0);
        assert_int_equal(flood.octets, 256 << 10);
        assert_int_equal(w->n_messages, i * (256 << 10) / large.size);
    }
    flood.at = 0;
    feed_free(w->feed);
    w->n_told = 0;
    memset(w->told, 0, sizeof(w->told));
    w->n_messages = 0;
    fd = open_and_connect(w);
    feed_world_put(fd, "x", 1);
    flood_a_turn(w, &small, 1);
    assert_int_equal(flood.calls, 256);
    assert_int_equal(w->n_messages, 256 / small.size);
    flood_a_turn(w, &small, 0);
    assert_true(w->n_messages <= 256 / small.size + 64);
}

static void pause_it(struct feed_world *w)
{
    feed_pause(w->feed);
}

/* Nothing is read any more: what waits is what the socket holds, whatever somebody tries to send. */
static void test_a_pause_stops_reading(void **state)
{
    struct feed_world *w = *state;
    cleanup_buf struct buf frame = BUF_INIT;
    int fd = open_and_connect(w);
    size_t waiting;

    feed_world_entry(fd, 1, 100);
    feed_world_entry(fd, 2, 100);
    feed_world_entry(fd, 3, 100);
    w->when = 'm';
    w->then = pause_it;
    (void)feed_world_turn(w);
    feed_world_assert_told(w, "m"); /* paused out of the first: the second waits */
    w->then = NULL;
    feed_pause(w->feed);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(feed_encode(&state_message, &frame), 0);
    while (push(fd, frame.data, frame.size) == frame.size)
        ;
    for (unsigned i = 0; i < 3; i++) {
        waiting = push(fd, frame.data, frame.size);
        assert_int_equal(feed_world_turn(w), 0);
        assert_int_equal(waiting, 0); /* no octet was taken out */
    }
    feed_resume(w->feed); /* one of two */
    (void)feed_world_turn(w);
    feed_world_assert_told(w, "");
    feed_resume(w->feed);
    feed_world_turn_once(w);
    assert_true(w->n_messages > 1);
    feed_resume(w->feed); /* one too many does nothing */
    feed_pause(w->feed);
    w->n_messages = 0;
    (void)feed_world_turn(w);
    assert_int_equal(w->n_messages, 0);
}

/* The loop does not spin, and what was said before is heard once it may be. */
static void test_hanging_up_in_a_pause(void **state)
{
    struct feed_world *w = *state;
    int fd = open_and_connect(w);

    feed_pause(w->feed);
    feed_world_entry(fd, 1, 100);
    assert_int_equal(shutdown(fd, SHUT_RDWR), 0);
    assert_int_equal(feed_world_turn(w), 0);
    assert_int_equal(feed_world_send(w, &start), -ENOTCONN);
    assert_int_equal(feed_world_turn(w), 0);
    feed_world_assert_told(w, "");
    feed_resume(w->feed);
    (void)feed_world_turn(w);
    feed_world_assert_told(w, "m-");
}

/* What waits for somebody who reads late comes whole and in order. */
static void test_a_slow_reader(void **state)
{
    struct feed_world *w = *state;
    struct feed_message m = start;
    cleanup_buf struct buf got = BUF_INIT;
    const int little = 4096;
    uint8_t octets[4096];
    uint32_t n = 0;
    ssize_t size;
    int fd;

    fd = open_and_connect(w);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof(little));
    m.cookie = (struct feed_octets){octets, FEED_COOKIE_MAX};
    memset(octets, 'c', sizeof(octets));
    for (; n < 300; n++) {
        m.search = n;
        assert_int_equal(feed_world_send(w, &m), 0);
    }
    feed_pause(w->feed); /* which is about the other direction */
    for (unsigned idle = 0; idle < 3;) {
        size = recv(fd, octets, sizeof(octets), MSG_DONTWAIT);
        if (size > 0)
            buf_put(&got, octets, (size_t)size);
        idle = size > 0 || feed_world_turn(w) > 0 ? 0 : idle + 1;
    }
    assert_true(got.size % n == 0 && got.size / n == FRAME_HEADER_SIZE + 4 + 2 + 3 + 2 + 2 + FEED_COOKIE_MAX);
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *frame = got.data + i * (got.size / n);
        struct feed_message back;

        assert_int_equal(
            feed_decode(FEED_START, frame + FRAME_HEADER_SIZE, got.size / n - FRAME_HEADER_SIZE, &back), 0);
        assert_int_equal(back.search, i);
    }
    feed_world_assert_told(w, "");
}

static void test_who_does_not_read_is_hung_up_on(void **state)
{
    struct feed_world *w = *state;
    uint8_t cookie[FEED_COOKIE_MAX] = {0};
    struct feed_message m = start;
    size_t sent = 0;
    int fd = open_and_connect(w), r;

    m.cookie = (struct feed_octets){cookie, sizeof(cookie)};
    while ((r = feed_world_send(w, &m)) == 0)
        assert_true(++sent < 10000);
    assert_int_equal(r, -ENOBUFS);
    assert_true(sent > 200); /* a quarter of a MiB waits without trouble */
    assert_false(feed_is_here(w->feed));
    assert_int_equal(feed_world_send(w, &m), -ENOTCONN);
    feed_world_say(fd, &state_message); /* too late */
    (void)feed_world_turn(w);
    feed_world_assert_told(w, "t-");
    assert_string_equal(w->detail, "does not read what it is sent");
    (void)feed_world_connect(w);
    (void)feed_world_turn(w);
    feed_world_assert_told(w, "+");
    assert_int_equal(feed_world_send(w, &m), 0);
}

static void free_it(struct feed_world *w)
{
    w->feed = feed_free(w->feed);
}

/* Out of each callback, with more to do behind it. Nothing is told any more. */
static void test_freed_in_a_callback(void **state)
{
    static const struct {
        char when;
        const char *told;
    } rows[] = {{'+', "+"}, {'m', "+m"}, {'t', "+mt"}, {'-', "+mt-"}};
    struct feed_world *w = *state;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        int fd;

        feed_world_open_mine(w);
        fd = feed_world_connect(w);
        feed_world_say(fd, &state_message);
        feed_world_put(fd, "rubbish that is no frame", 24);
        w->when = rows[i].when;
        w->then = free_it;
        (void)feed_world_turn(w);
        feed_world_assert_told(w, rows[i].told);
        assert_null(w->feed);
        assert_true(feed_world_is_hung_up(fd));
    }
}

/* The listener's turn goes on behind the callback: of a new connection, of the one whose place it takes, of a
 * stranger. */
static void test_freed_while_others_wait(void **state)
{
    static const struct {
        uid_t stranger;
        char when;
        const char *told;
    } rows[] = {{0, '+', "+"}, {0, '-', "+-"}, {1, 't', "t"}};
    struct feed_world *w = *state;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        size_t first = w->n_clients;

        feed_world_open(w, geteuid() + rows[i].stranger, geteuid() + 2);
        for (unsigned k = 0; k < 5; k++)
            (void)feed_world_connect(w);
        w->when = rows[i].when;
        w->then = free_it;
        (void)feed_world_turn(w);
        feed_world_assert_told(w, rows[i].told);
        for (size_t k = first; k < w->n_clients; k++)
            assert_true(feed_world_is_hung_up(w->clients[k]));
    }
}

static void forbid_it(struct feed_world *w)
{
    feed_set_uid(w->feed, geteuid() + 2);
    assert_false(feed_is_here(w->feed));
}

static void fill_it(struct feed_world *w)
{
    uint8_t cookie[FEED_COOKIE_MAX] = {0};
    struct feed_message m = start;

    m.cookie = (struct feed_octets){cookie, sizeof(cookie)};
    while (feed_world_send(w, &m) == 0)
        ;
    assert_false(feed_is_here(w->feed));
}

/* What is behind the message that brought it about is not handed over. */
static void test_hung_up_on_in_a_callback(void **state)
{
    void (*const causes[])(struct feed_world * w) = {forbid_it, fill_it};
    struct feed_world *w = *state;

    for (size_t i = 0; i < ARRAY_SIZE(causes); i++) {
        int fd = open_and_connect(w);

        memset(&w->last, 0, sizeof(w->last));
        w->sum = 0;
        w->when = 'm';
        w->then = causes[i];
        for (uint32_t k = 1; k <= 5; k++)
            feed_world_entry(fd, k, 100);
        (void)feed_world_turn(w);
        feed_world_assert_told(w, "mt-");
        assert_int_equal(w->sum, 100);
        w->feed = feed_free(w->feed);
    }
}

int main(void)
{
#define WORLD(f) cmocka_unit_test_setup_teardown(f, feed_world_setup, feed_world_teardown)
    const struct CMUnitTest tests[] = {
        WORLD(test_the_longest_frame),
        WORLD(test_a_turn_is_bounded),
        WORLD(test_a_flood_does_not_hold_the_loop),
        WORLD(test_a_pause_stops_reading),
        WORLD(test_hanging_up_in_a_pause),
        WORLD(test_a_slow_reader),
        WORLD(test_who_does_not_read_is_hung_up_on),
        WORLD(test_freed_in_a_callback),
        WORLD(test_freed_while_others_wait),
        WORLD(test_hung_up_on_in_a_callback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
