/* Any order of chunks, pauses and connections: what was said is heard, once and in order, and only of who is
 * here. */
#include "tests/unit/broker/directory/feed_world.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ROUNDS = 40,
    STEPS = 1500,
};

/* What one connection has said, and how much of it went in. */
struct speaker {
    int fd;
    struct buf octets;
    size_t sent;
    uint32_t n_entries;
    unsigned pauses;
};

static uint32_t next_random(uint64_t *random)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*random >> 33);
}

static void say_more(struct speaker *s, uint32_t size)
{
    static const uint8_t document[65536];
    struct feed_message m = {.type = FEED_ENTRY, .search = ++s->n_entries, .kind = FEED_DOCUMENT};

    m.document = (struct feed_octets){document, size % sizeof(document)};
    assert_int_equal(feed_encode(&m, &s->octets), 0);
}

static void push_some(struct speaker *s, size_t most)
{
    size_t left = s->octets.size - s->sent;
    ssize_t n = left == 0 ? 0
                          : send(s->fd, s->octets.data + s->sent, left < most ? left : most,
                                 MSG_NOSIGNAL | MSG_DONTWAIT);

    if (n < 0)
        assert_int_equal(errno, EAGAIN);
    else
        s->sent += (size_t)n;
}

static void step(struct feed_world *w, struct speaker *s, uint64_t *random)
{
    uint32_t what = next_random(random) % 100, much = next_random(random);

    if (what < 25)
        say_more(s, what < 3 ? much : much % 300);
    else if (what < 60)
        push_some(s, 1 + much % (what < 30 ? 100000 : 50));
    else if (what < 92)
        feed_world_turn_once(w);
    else if (what < 95) {
        feed_pause(w->feed);
        s->pauses++;
    } else if (s->pauses > 0) {
        feed_resume(w->feed);
        s->pauses--;
    }
}

/* Without end: everything said has been heard then. */
static void finish(struct feed_world *w, struct speaker *s)
{
    for (; s->pauses > 0; s->pauses--)
        feed_resume(w->feed);
    while (s->sent < s->octets.size) {
        push_some(s, SIZE_MAX);
        (void)feed_world_turn(w);
    }
    (void)feed_world_turn(w);
    assert_int_equal(w->last.search, s->n_entries);
    assert_int_equal(w->n_messages, s->n_entries);
}

static void one_round(struct feed_world *w, uint64_t *random)
{
    struct speaker s = {.fd = feed_world_connect(w)};

    (void)feed_world_turn(w);
    w->n_messages = 0;
    memset(&w->last, 0, sizeof(w->last));
    for (unsigned i = 0; i < STEPS; i++)
        step(w, &s, random);
    if (next_random(random) % 2 == 0)
        finish(w, &s); /* else the next connection comes in the middle of it */
    assert_false(w->disorder);
    assert_true(w->n_messages <= s.n_entries);
    buf_done(&s.octets);
}

static void test_random_conversations(void **state)
{
    struct feed_world *w = *state;
    uint64_t random = 20261122;

    feed_world_open_mine(w);
    for (unsigned i = 0; i < ROUNDS; i++)
        one_round(w, &random);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_random_conversations, feed_world_setup, feed_world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
