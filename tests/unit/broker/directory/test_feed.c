// LINK: -Wl,--wrap=peer_of

/* Who is taken, what is handed over, and when somebody is hung up on. */
#include "broker/ipc/peer.h"
#include "tests/unit/broker/directory/feed_world.h"
#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct feed_message start = {.type = FEED_START, .search = 7, .host = "db1"};
static const struct feed_message state_message = {.type = FEED_STATE, .state = FEED_LIVE};

/* Who connects from now on is this one. */
static uid_t pretended;
static bool pretends;

int __real_peer_of(int fd, unsigned want, struct peer *ret);
int __wrap_peer_of(int fd, unsigned want, struct peer *ret);
int __wrap_peer_of(int fd, unsigned want, struct peer *ret)
{
    int r = __real_peer_of(fd, want, ret);

    if (pretends)
        ret->uid = pretended;
    return r;
}

static void pretend(uid_t uid)
{
    pretended = uid;
    pretends = true;
}

static void test_hufu_ldap_and_root_are_taken(void **state)
{
    struct feed_world *w = *state;
    struct stat st;

    feed_world_open(w, geteuid(), geteuid() + 1);
    assert_int_equal(stat(w->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0666);
    (void)feed_world_connect(w);
    (void)feed_world_turn(w);
    feed_world_assert_told(w, "+");
    w->feed = feed_free(w->feed);
    feed_world_open(w, (uid_t)-1, geteuid());
    (void)feed_world_connect(w);
    (void)feed_world_turn(w);
    feed_world_assert_told(w, "+");
}

static size_t count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    size_t n = 0;

    assert_non_null(folder);
    while (readdir(folder))
        n++;
    (void)closedir(folder);
    return n;
}

static size_t descriptors_most;

static void count_in_callback(struct feed_world *w)
{
    size_t n = count_descriptors();

    (void)w;
    if (n > descriptors_most)
        descriptors_most = n;
}

/* However many come at once: none is taken, each is told, and none keeps a descriptor of ours. */
static void test_strangers_are_hung_up_on(void **state)
{
    struct feed_world *w = *state;
    int fds[40];
    size_t before;

    feed_world_open(w, geteuid() + 1, geteuid() + 2);
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
        fds[i] = feed_world_connect(w);
        feed_world_say(fds[i], &state_message);
    }
    before = count_descriptors();
    w->when = 't';
    w->then = count_in_callback;
    (void)feed_world_turn(w);
    assert_true(descriptors_most > 0 && descriptors_most <= before);
    assert_int_equal(w->n_told, ARRAY_SIZE(fds));
    assert_int_equal(strspn(w->told, "t"), ARRAY_SIZE(fds));
    assert_string_equal(w->detail, "is neither hufu-ldap nor root");
    assert_int_equal(w->uid, geteuid());
    assert_int_equal(w->pid, getpid());
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        assert_true(feed_world_is_hung_up(fds[i]));
    assert_int_equal(feed_world_send(w, &start), -ENOTCONN);
}

/* (uid_t)-1 is nobody, also to somebody who has that number. */
static void test_no_such_user(void **state)
{
    struct feed_world *w = *state;
    int fd;

    feed_world_open(w, (uid_t)-1, geteuid() + 1);
    fd = feed_world_connect(w);
    (void)feed_world_turn(w);
    feed_world_assert_told(w, "t");
    assert_true(feed_world_is_hung_up(fd));
    pretend((uid_t)-1);
    fd = feed_world_connect(w);
    (void)feed_world_turn(w);
    pretends = false;
    feed_world_assert_told(w, "t");
    assert_true(feed_world_is_hung_up(fd));
}

static void test_a_stranger_does_not_disturb(void **state)
{
    struct feed_world *w = *state;
    int fd, stranger;

    feed_world_open_mine(w);
    fd = feed_world_connect(w);
    (void)feed_world_turn(w);
    pretend(geteuid() + 7);
    stranger = feed_world_connect(w);
    feed_world_say(fd, &state_message);
    (void)feed_world_turn(w);
    pretends = false;
    assert_int_equal(w->n_told, 3);
    assert_int_equal(w->uid, geteuid() + 7);
    assert_true(feed_world_is_hung_up(stranger));
    assert_true(feed_is_here(w->feed));
    assert_false(feed_world_is_hung_up(fd));
    assert_int_equal(w->n_messages, 1);
}

/* At a reload hufu-ldap may have another number, or none any more. */
static void test_who_is_not_permitted_any_more(void **state)
{
    struct feed_world *w = *state;
    int fd;

    feed_world_open_mine(w);
    fd = feed_world_connect(w);
    (void)feed_world_turn(w);
    feed_set_uid(w->feed, geteuid());
    (void)feed_world_turn(w);
    feed_world_assert_told(w, "+");
    feed_set_uid(w->feed, geteuid() + 2);
    assert_false(feed_is_here(w->feed));
    assert_int_equal(feed_world_send(w, &start), -ENOTCONN);
    feed_world_assert_told(w, ""); /* in a moment */
    (void)feed_world_turn(w);
    feed_world_assert_told(w, "t-");
    assert_true(feed_world_is_hung_up(fd));
    (void)feed_world_connect(w);
    (void)feed_world_turn(w);
    feed_world_assert_told(w, "t");
    feed_set_uid(w->feed, geteuid());
    (void)feed_world_connect(w);
    (void)feed_world_turn(w);
    feed_world_assert_told(w, "+");
}

static void test_the_latest_is_the_one(void **state)
{
    struct feed_world *w = *state;
    int first, second;

    feed_world_open_mine(w);
    first = feed_world_connect(w);
    (void)feed_world_turn(w);
    feed_world_put(first, "HUFU", 4); /* in the middle of a frame */
    (void)feed_world_turn(w);
    feed_pause(w->feed); /* a pause does not outlive its connection */
    second = feed_world_connect(w);
    (void)feed_world_turn(w);
    feed_world_assert_told(w, "+-+");
    assert_true(feed_world_is_hung_up(first));
    feed_world_say(second, &state_message);
    (void)feed_world_turn(w);
    feed_world_assert_told(w, "m");
    assert_int_equal(w->last.state, FEED_LIVE);
    /* Several at once: one after the other, and the last stays. */
    for (unsigned i = 0; i < 3; i++)
        second = feed_world_connect(w);
    (void)feed_world_turn(w);
    feed_world_assert_told(w, "-+-+-+");
    feed_world_say(second, &state_message);
    (void)feed_world_turn(w);
    feed_world_assert_told(w, "m");
}

static void test_frames_go_both_ways(void **state)
{
    struct feed_world *w = *state;
    cleanup_buf struct buf expected = BUF_INIT;
    uint8_t got[256];
    int fd;

    feed_world_open_mine(w);
    fd = feed_world_connect(w);
    assert_int_equal(feed_world_send(w, &start), -ENOTCONN);
    (void)feed_world_turn(w);
    assert_int_equal(feed_world_send(w, &start), 0);
    assert_int_equal(feed_world_send(w, &state_message), -EINVAL); /* hufu-ldapd's */
    assert_int_equal(feed_encode(&start, &expected), 0);
    assert_int_equal(recv(fd, got, sizeof(got), MSG_DONTWAIT), expected.size);
    assert_memory_equal(got, expected.data, expected.size);
    for (uint32_t i = 1; i <= 10; i++)
        feed_world_entry(fd, i, 100);
    (void)feed_world_turn(w);
    feed_world_assert_told(w, "+mmmmmmmmmm");
    assert_false(w->disorder);
    assert_int_equal(w->sum, 10 * 100);
}

static void test_a_frame_in_single_octets(void **state)
{
    struct feed_world *w = *state;
    cleanup_buf struct buf frame = BUF_INIT;
    int fd;

    feed_world_open_mine(w);
    fd = feed_world_connect(w);
    assert_int_equal(feed_encode(&state_message, &frame), 0);
    for (unsigned round = 0; round < 3; round++)
        for (size_t i = 0; i < frame.size; i++) {
            feed_world_put(fd, frame.data + i, 1);
            (void)feed_world_turn(w);
            assert_int_equal(w->n_messages, round + (i + 1 == frame.size));
        }
    feed_world_assert_told(w, "+mmm");
}

/* Each in a connection of its own, behind a message that is good and before one that nobody reads any more.
 */
static void test_what_is_no_frame_ends_the_connection(void **state)
{
    static const struct {
        const char *octets;
        size_t size;
        const char *detail;
    } rows[] = {
#define ROW(octets, detail) {octets, sizeof(octets) - 1, detail}
        ROW("GET / HTTP/1.1", "sent what is no frame of the feed's"),
        ROW("HUFU\0\2\2\x87\0\0\0\0", "speaks another version of the feed"),
        ROW("HUFU\0\1\0\1\0\0\0\0", "sent what is no frame of the feed's"),             /* the gate's */
        ROW("HUFU\0\1\2\1\0\0\0\0", "sent what is no frame of the feed's"),             /* hufud's */
        ROW("HUFU\0\1\2\2\0\0\0\0", "sent what is no frame of the feed's"),             /* hufud's */
        ROW("HUFU\0\1\2\x82\0\x20\0\1", "sent what is no frame of the feed's"),         /* too long */
        ROW("HUFU\0\1\2\x81\0\0\0\0", "sent what is no frame of the feed's"),           /* nothing in it */
        ROW("HUFU\0\1\2\x81\0\0\0\5\0\0\0\1\2", "sent what is no frame of the feed's"), /* true is 1 */
#undef ROW
    };
    struct feed_world *w = *state;

    feed_world_open_mine(w);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        int fd = feed_world_connect(w);

        feed_world_say(fd, &state_message);
        feed_world_put(fd, rows[i].octets, rows[i].size);
        feed_world_say(fd, &state_message);
        (void)feed_world_turn(w);
        feed_world_assert_told(w, "+mt-");
        assert_string_equal(w->detail, rows[i].detail);
        assert_int_equal(w->uid, geteuid());
        assert_int_equal(w->pid, getpid());
        assert_true(feed_world_is_hung_up(fd));
    }
}

/* No trouble: that is how it goes when hufu-ldapd ends. What it said before is heard. */
static void test_the_other_end_hangs_up(void **state)
{
    struct feed_world *w = *state;
    int fd;

    feed_world_open_mine(w);
    fd = feed_world_connect(w);
    (void)feed_world_turn(w);
    feed_world_entry(fd, 1, 10);
    feed_world_entry(fd, 2, 10);
    feed_world_put(fd, "HUF", 3);
    assert_int_equal(shutdown(fd, SHUT_RDWR), 0);
    /* Said before it is known: it fails, and takes nothing of what came. */
    assert_int_equal(feed_world_send(w, &start), -ENOTCONN);
    assert_int_equal(feed_world_send(w, &start), -ENOTCONN);
    (void)feed_world_turn(w);
    feed_world_assert_told(w, "+mm-");
    assert_false(feed_is_here(w->feed));
}

int main(void)
{
#define WORLD(f) cmocka_unit_test_setup_teardown(f, feed_world_setup, feed_world_teardown)
    const struct CMUnitTest tests[] = {
        WORLD(test_hufu_ldap_and_root_are_taken),
        WORLD(test_strangers_are_hung_up_on),
        WORLD(test_no_such_user),
        WORLD(test_a_stranger_does_not_disturb),
        WORLD(test_who_is_not_permitted_any_more),
        WORLD(test_the_latest_is_the_one),
        WORLD(test_frames_go_both_ways),
        WORLD(test_a_frame_in_single_octets),
        WORLD(test_what_is_no_frame_ends_the_connection),
        WORLD(test_the_other_end_hangs_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
