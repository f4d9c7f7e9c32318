/* What a callback may do: free the feed, and bring about that the other end is hung up on. */
#include "tests/unit/broker/directory/feed_world.h"
#include "tests/unit/unit.h"

#include <string.h>
#include <unistd.h>

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
        feed_world_entry(fd, 1, 1000);
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
    struct feed_message m = {.type = FEED_START, .search = 7, .host = "db1"};

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
        int fd = feed_world_open_and_connect(w);

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
        WORLD(test_freed_in_a_callback),
        WORLD(test_freed_while_others_wait),
        WORLD(test_hung_up_on_in_a_callback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
