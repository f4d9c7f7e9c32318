// LINK: -Wl,--wrap=recv -Wl,--wrap=realloc
/* What one turn reads, and what waits and where. */
#include "tests/unit/broker/directory/feed_world.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct feed_message start = {.type = FEED_START, .search = 7, .host = "db1"};
static const struct feed_message state_message = {.type = FEED_STATE, .state = FEED_LIVE};

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
    int fd = feed_world_open_and_connect(w);

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
    int fd = feed_world_open_and_connect(w);

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
    int fd = feed_world_open_and_connect(w);

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
    fd = feed_world_open_and_connect(w);
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
    int fd = feed_world_open_and_connect(w);
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
    int fd = feed_world_open_and_connect(w);

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

    fd = feed_world_open_and_connect(w);
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

static bool no_memory;

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size)
{
    return no_memory ? NULL : __real_realloc(memory, size);
}

/* Whoever waits for a START that was not sent would wait for ever: so it ends, and begins anew. */
static void test_without_memory(void **state)
{
    struct feed_world *w = *state;
    struct feed_message wrong = start;
    int fd = feed_world_open_and_connect(w);

    no_memory = true;
    assert_int_equal(feed_world_send(w, &start), -ENOMEM);
    no_memory = false;
    assert_false(feed_is_here(w->feed));
    (void)feed_world_turn(w);
    feed_world_assert_told(w, "t-");
    assert_string_equal(w->detail, "no memory for what it is to be sent");
    assert_true(feed_world_is_hung_up(fd));
    fd = feed_world_connect(w);
    (void)feed_world_turn(w);
    wrong.host[0] = '*';
    assert_int_equal(feed_world_send(w, &wrong), -EINVAL);
    assert_true(feed_is_here(w->feed));
    feed_world_entry(fd, 1, 10);
    no_memory = true;
    (void)feed_world_turn(w);
    no_memory = false;
    feed_world_assert_told(w, "+t-");
    assert_string_equal(w->detail, "no memory for its frame");
}

/* Somebody who never catches up, but reads: what was sent takes no memory, for more octets than a buffer
 * holds. */
static void test_what_was_sent_is_forgotten(void **state)
{
    struct feed_world *w = *state;
    struct feed_message m = start;
    uint8_t octets[FEED_COOKIE_MAX] = {0};
    size_t behind = 0, sent = 0, frame;
    int fd = feed_world_open_and_connect(w);

    m.n_groups = FEED_GROUPS_MAX;
    for (size_t i = 0; i < FEED_GROUPS_MAX; i++)
        memset(m.groups[i], 'g', IDENT_NAME_MAX);
    m.cookie = (struct feed_octets){octets, sizeof(octets)};
    frame = FRAME_HEADER_SIZE + 4 + 2 + 3 + 2 + (size_t)FEED_GROUPS_MAX * (2 + IDENT_NAME_MAX) + 2 +
            sizeof(octets);
    while (sent < BUF_DEFAULT_LIMIT + (8 << 20)) {
        static uint8_t got[65536];
        ssize_t n;

        assert_int_equal(feed_world_send(w, &m), 0);
        sent += frame;
        behind += frame;
        /* About a socket and a half waits. */
        while (behind > (300 << 10) && (n = recv(fd, got, sizeof(got), MSG_DONTWAIT)) > 0) {
            behind -= (size_t)n;
            (void)feed_world_turn(w);
        }
    }
    assert_true(feed_is_here(w->feed));
}

static void test_who_does_not_read_is_hung_up_on(void **state)
{
    struct feed_world *w = *state;
    uint8_t cookie[FEED_COOKIE_MAX] = {0};
    struct feed_message m = start;
    size_t sent = 0;
    int fd = feed_world_open_and_connect(w), r;

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
        WORLD(test_without_memory),
        WORLD(test_what_was_sent_is_forgotten),
        WORLD(test_who_does_not_read_is_hung_up_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
