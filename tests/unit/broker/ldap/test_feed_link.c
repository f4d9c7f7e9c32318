// LAYERS: test_support
// LIBRARIES: sd-event

#include "broker/common/files.h"
#include "broker/ldap/feed_link.h"
#include "policy/base/buf.h"
#include "policy/wire/frame.h"
#include "tests/unit/support/folder.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* The connection to hufud, with hufud played by the test: frames in pieces, one who does not read, one who
 * comes and goes. */

static struct {
    sd_event *event;
    struct feed_link *link;
    int listener, fd;
    unsigned messages, lost, room;
    struct feed_message last;
    bool answers; /* each question at once */
    char path[100];
} here;

static void hear(void *userdata, const struct feed_message *m)
{
    (void)userdata;
    here.messages++;
    here.last = *m;
    if (here.answers)
        (void)feed_link_send(here.link, &(struct feed_message){.type = FEED_BEGIN, .search = m->search});
}

static void lose(void *userdata)
{
    (void)userdata;
    here.lost++;
}

static void have_room(void *userdata)
{
    (void)userdata;
    here.room++;
}

static void listen_here(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", here.path);
    here.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(here.listener >= 0);
    assert_int_equal(bind(here.listener, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(here.listener, 1), 0);
}

/* Until it is connected; it tries at least every two seconds. */
static void take_connection(void)
{
    here.fd = -1;
    for (unsigned i = 0; i < 600 && here.fd < 0; i++) {
        assert_true(sd_event_run(here.event, 50000) >= 0);
        here.fd = accept4(here.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    }
    assert_true(here.fd >= 0);
}

static void turn(unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        assert_true(sd_event_run(here.event, 1000) >= 0);
}

static int setup(void **state)
{
    static const struct feed_link_calls calls = {hear, lose, have_room};

    if (folder_setup(state) < 0)
        return -1;
    memset(&here, 0, sizeof(here));
    here.listener = here.fd = -1;
    (void)snprintf(here.path, sizeof(here.path), "%s", folder_path(*state, "feed"));
    assert_true(sd_event_new(&here.event) >= 0);
    assert_int_equal(feed_link_new(here.event, here.path, &calls, NULL, &here.link), 0);
    return 0;
}

static int teardown(void **state)
{
    feed_link_free(here.link);
    sd_event_unref(here.event);
    close_fd(here.fd);
    close_fd(here.listener);
    return folder_teardown(state);
}

static void put_start(struct buf *b, uint32_t search)
{
    struct feed_message m = {.type = FEED_START, .search = search};

    (void)snprintf(m.host, sizeof(m.host), "db01.finance.example");
    assert_int_equal(feed_encode(&m, b), 0);
}

static void say(const struct buf *b, size_t from, size_t size)
{
    assert_int_equal(send(here.fd, b->data + from, size, MSG_NOSIGNAL), (ssize_t)size);
}

/* Octet by octet, and several at once. */
static void test_frames_in_pieces(void **state)
{
    cleanup_buf struct buf b = BUF_INIT;
    size_t one;

    (void)state;
    listen_here();
    take_connection();
    put_start(&b, 1);
    one = b.size;
    for (size_t i = 0; i < one; i++) {
        assert_int_equal(here.messages, 0);
        say(&b, i, 1);
        turn(1);
    }
    turn(2);
    assert_int_equal(here.messages, 1);
    assert_int_equal(here.last.search, 1);
    put_start(&b, 2);
    put_start(&b, 3);
    say(&b, one, b.size - one - 1);
    turn(3);
    assert_int_equal(here.messages, 2);
    say(&b, b.size - 1, 1);
    turn(3);
    assert_int_equal(here.messages, 3);
    assert_int_equal(here.last.search, 3);
    assert_int_equal(here.lost, 0);
}

/* What is no request of hufud's ends the connection, and another one is made. */
static void test_no_request(void **state)
{
    cleanup_buf struct buf other = BUF_INIT;

    (void)state;
    listen_here();
    assert_int_equal(feed_encode(&(struct feed_message){.type = FEED_BEGIN, .search = 1}, &other), 0);
    for (unsigned i = 1; i <= 3; i++) {
        take_connection();
        if (i == 1)
            assert_int_equal(send(here.fd, "GET / HTTP/1.0\r\n\r\n", 18, MSG_NOSIGNAL), 18);
        else if (i == 2)
            say(&other, 0, other.size);
        else
            (void)shutdown(here.fd, SHUT_RDWR);
        for (unsigned j = 0; j < 200 && here.lost < i; j++)
            turn(1);
        assert_int_equal(here.lost, i);
        here.fd = close_fd(here.fd);
    }
    take_connection();
    assert_int_equal(here.messages, 0);
}

static int tell(size_t size)
{
    static uint8_t octets[256 * 1024];
    struct feed_message m = {
        .type = FEED_ENTRY, .search = 7, .kind = FEED_DOCUMENT, .name = "cn=x", .document = {octets, size}};

    memset(octets, 'd', sizeof(octets));
    return feed_link_send(here.link, &m);
}

/* Whatever there is to read. */
static size_t read_all(void)
{
    static uint8_t octets[1 << 16];
    size_t total = 0;
    ssize_t n;

    while ((n = recv(here.fd, octets, sizeof(octets), MSG_DONTWAIT)) > 0)
        total += (size_t)n;
    return total;
}

/* One who does not read fills the queue, which says so; all of it comes when they do, and then there is room,
 * once. */
static void test_who_does_not_read(void **state)
{
    size_t told = 0, got = 0, frame = 0;

    (void)state;
    listen_here();
    take_connection();
    assert_int_equal(tell(256 * 1024), 0);
    while ((frame = read_all()) > 0) {
        got += frame;
        turn(2);
    }
    frame = got;
    assert_true(frame > (size_t)256 * 1024);
    got = 0;
    for (; !feed_link_is_full(here.link) && told < 64 * frame; told += frame)
        assert_int_equal(tell(256 * 1024), 0);
    assert_true(feed_link_is_full(here.link));
    turn(5);
    assert_int_equal(here.room, 0);
    for (unsigned i = 0; i < 2000 && got < told; i++) {
        got += read_all();
        turn(1);
    }
    assert_int_equal(got, told);
    assert_false(feed_link_is_full(here.link));
    assert_int_equal(here.room, 1);
    assert_int_equal(here.lost, 0);
}

/* Without anybody there nothing is kept for them; whoever comes hears nothing of it. */
static void test_nobody_is_there(void **state)
{
    (void)state;
    turn(3);
    assert_int_equal(tell(10), -ENOTCONN);
    assert_false(feed_link_is_full(here.link));
    listen_here();
    take_connection();
    turn(3);
    assert_int_equal(read_all(), 0);
    assert_int_equal(tell(10), 0);
    assert_true(read_all() > 10);
}

/* What waited for the one before does not reach the next. */
static void test_the_next_begins_anew(void **state)
{
    (void)state;
    listen_here();
    take_connection();
    while (!feed_link_is_full(here.link))
        assert_int_equal(tell(256 * 1024), 0);
    here.fd = close_fd(here.fd);
    take_connection();
    assert_int_equal(here.lost, 1);
    assert_false(feed_link_is_full(here.link));
    turn(3);
    assert_int_equal(read_all(), 0);
    assert_int_equal(here.room, 0);
}

/* What no frame can hold ends the connection, though not from within the call: the caller asks and answers.
 */
static void test_what_no_frame_holds(void **state)
{
    cleanup_buf struct buf b = BUF_INIT;

    (void)state;
    listen_here();
    take_connection();
    assert_true(feed_link_send(here.link, &(struct feed_message){.type = FEED_STATE}) < 0);
    assert_int_equal(here.lost, 0);
    assert_int_equal(tell(10), -ENOTCONN);
    turn(3);
    assert_int_equal(here.lost, 1);
    here.fd = close_fd(here.fd);
    take_connection();
    here.answers = true;
    put_start(&b, 1);
    say(&b, 0, b.size);
    turn(3);
    assert_int_equal(here.messages, 1);
    assert_true(read_all() > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_frames_in_pieces, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_request, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_does_not_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_is_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_next_begins_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_no_frame_holds, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
