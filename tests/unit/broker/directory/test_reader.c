#include "broker/directory/reader.h"
#include "policy/base/buf.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct pipe {
    int ends[2];
    struct feed_reader reader;
    size_t octets; /* of the last read */
};

static int setup(void **state)
{
    struct pipe *p = calloc(1, sizeof(*p));

    assert_non_null(p);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p->ends), 0);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct pipe *p = *state;

    feed_reader_done(&p->reader);
    (void)close(p->ends[0]);
    (void)close(p->ends[1]);
    free(p);
    return 0;
}

static void put(struct pipe *p, const void *octets, size_t size)
{
    assert_int_equal(send(p->ends[1], octets, size, MSG_NOSIGNAL | MSG_DONTWAIT), size);
}

static int get(struct pipe *p)
{
    return feed_reader_read(&p->reader, p->ends[0], SIZE_MAX, &p->octets);
}

static void put_header(struct pipe *p, enum feed_type type, uint32_t length)
{
    uint8_t header[FRAME_HEADER_SIZE];

    frame_write_header(header, type, length);
    put(p, header, sizeof(header));
}

/* Not one octet of what follows a frame is taken before it is asked for. */
static void test_one_frame_after_the_other(void **state)
{
    struct pipe *p = *state;
    char rest[32];

    assert_int_equal(get(p), FEED_READER_NOTHING);
    put_header(p, FEED_BEGIN, 5);
    put(p, "12345", 5);
    put_header(p, FEED_STATE, 3);
    put(p, "abcdef", 6);
    assert_int_equal(get(p), FEED_READER_MORE);
    assert_int_equal(p->octets, FRAME_HEADER_SIZE);
    assert_int_equal(get(p), FEED_READER_FRAME);
    assert_int_equal(p->octets, 5);
    assert_true(p->reader.type == FEED_BEGIN && p->reader.length == 5);
    assert_memory_equal(p->reader.body, "12345", 5);
    feed_reader_next(&p->reader);
    assert_int_equal(get(p), FEED_READER_MORE);
    assert_int_equal(get(p), FEED_READER_FRAME);
    assert_true(p->reader.type == FEED_STATE && p->reader.length == 3);
    assert_memory_equal(p->reader.body, "abc", 3);
    assert_int_equal(recv(p->ends[0], rest, sizeof(rest), MSG_DONTWAIT), 3);
    assert_memory_equal(rest, "def", 3);
}

static void test_so_many_octets_at_most(void **state)
{
    struct pipe *p = *state;

    put_header(p, FEED_BEGIN, 5);
    put(p, "12345", 5);
    assert_int_equal(feed_reader_read(&p->reader, p->ends[0], 10, &p->octets), FEED_READER_MORE);
    assert_int_equal(p->octets, 10);
    assert_int_equal(feed_reader_read(&p->reader, p->ends[0], 10, &p->octets), FEED_READER_MORE);
    assert_int_equal(p->octets, 2);
    assert_int_equal(feed_reader_read(&p->reader, p->ends[0], 2, &p->octets), FEED_READER_MORE);
    assert_int_equal(feed_reader_read(&p->reader, p->ends[0], 10, &p->octets), FEED_READER_FRAME);
    assert_int_equal(p->octets, 3);
}

/* What was announced is no reason to take memory; what came is. A large frame's goes when it was read, and a
 * small one's when nothing more is there. */
static void test_memory_is_that_of_what_came(void **state)
{
    static uint8_t octets[65536];
    struct pipe *p = *state;
    size_t here = 0;
    int r = FEED_READER_MORE;

    put_header(p, FEED_ENTRY, FEED_BODY_MAX);
    put(p, octets, 1);
    assert_int_equal(get(p), FEED_READER_MORE);
    assert_int_equal(p->reader.capacity, 0);
    assert_int_equal(get(p), FEED_READER_MORE);
    for (here = 1; here < FEED_BODY_MAX; here += p->octets) {
        assert_true(p->reader.capacity <= 4096 || p->reader.capacity <= 2 * here);
        if (send(p->ends[1], octets, FEED_BODY_MAX - here < 4096 ? FEED_BODY_MAX - here : 4096,
                 MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            assert_int_equal(errno, EAGAIN);
        r = get(p);
        assert_true(r == FEED_READER_MORE || r == FEED_READER_FRAME);
    }
    assert_int_equal(r, FEED_READER_FRAME);
    feed_reader_next(&p->reader);
    assert_true(p->reader.capacity <= FEED_READER_KEPT);
    while (recv(p->ends[0], octets, sizeof(octets), MSG_DONTWAIT) > 0)
        ;
    put_header(p, FEED_COOKIE, 1);
    put(p, "x", 1);
    assert_int_equal(get(p), FEED_READER_MORE);
    assert_int_equal(get(p), FEED_READER_FRAME);
    feed_reader_rest(&p->reader); /* a frame is there: it stays */
    assert_true(p->reader.body && p->reader.body[0] == 'x');
    feed_reader_next(&p->reader);
    assert_true(p->reader.capacity > 0); /* kept for the next */
    feed_reader_rest(&p->reader);
    assert_null(p->reader.body);
    assert_int_equal(p->reader.capacity, 0);
}

static void test_what_is_no_frame(void **state)
{
    static const struct {
        unsigned type;
        uint32_t length;
        int expected;
    } rows[] = {
        {FEED_START, 1, -EBADMSG},
        {FEED_CLAIM, 1, -EBADMSG},
        {FRAME_GATE_OPEN, 1, -EBADMSG},
        {FEED_ENTRY, FEED_BODY_MAX + 1, -EBADMSG},
        {FEED_ENTRY, FEED_BODY_MAX, FEED_READER_MORE},
        {FEED_BEGIN, 0, FEED_READER_FRAME},
    };
    struct pipe *p = *state;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        put_header(p, (enum feed_type)rows[i].type, rows[i].length);
        assert_int_equal(get(p), rows[i].expected);
        feed_reader_done(&p->reader);
    }
    put(p, "HUFU\0\2\2\x82\0\0\0\0", 12);
    assert_int_equal(get(p), -EPROTONOSUPPORT);
}

static void test_the_end(void **state)
{
    struct pipe *p = *state;

    put_header(p, FEED_BEGIN, 5);
    put(p, "12", 2);
    assert_int_equal(shutdown(p->ends[1], SHUT_WR), 0);
    assert_int_equal(get(p), FEED_READER_MORE);
    assert_int_equal(get(p), FEED_READER_MORE);
    assert_int_equal(get(p), FEED_READER_END);
    assert_int_equal(p->octets, 0);
}

int main(void)
{
#define PIPE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        PIPE(test_one_frame_after_the_other),
        PIPE(test_so_many_octets_at_most),
        PIPE(test_memory_is_that_of_what_came),
        PIPE(test_what_is_no_frame),
        PIPE(test_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
