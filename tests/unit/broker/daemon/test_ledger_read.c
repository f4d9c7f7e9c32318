// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/audit/record_decode.h"
#include "broker/daemon/ledger.h"
#include "tests/unit/broker/daemon/listener.h"
#include "tests/unit/broker/daemon/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* LedgerRead: the octets that were hashed, all of them, in order, and only as fast as they are taken. */

static void write_some(struct world *w, int n)
{
    struct record r = ledger_record(EVENT_LOGIN, REASON_NO_GRANT, false);

    r.staff = WORLD_STAFF;
    for (int i = 0; i < n; i++)
        ledger_write(w->broker, &r);
    assert_int_equal(store_flush(w->broker->store), 0);
}

/* What a reader has got so far. */
struct got {
    uint64_t next; /* sequence that has to come */
    size_t replies;
    uint8_t hash[RECORD_HASH_SIZE]; /* of the one before */
    bool known;
};

static void take_record(struct got *g, struct view *chunk)
{
    cleanup_record_space struct record_space space = RECORD_SPACE_INIT;
    size_t size = view_get_u32(chunk);
    const uint8_t *octets = view_get(chunk, size), *hashes = view_get(chunk, 2 * RECORD_HASH_SIZE);
    struct record r;

    assert_non_null(octets);
    assert_non_null(hashes);
    assert_int_equal(record_decode(octets, size, &space, &r), 0);
    assert_int_equal(r.sequence, g->next++);
    if (g->known)
        assert_memory_equal(hashes, g->hash, RECORD_HASH_SIZE);
    memcpy(g->hash, hashes + RECORD_HASH_SIZE, RECORD_HASH_SIZE);
    g->known = true;
}

static void take_some(struct got *g, const json_t *reply)
{
    const char *base64 = json_string_value(json_object_get(reply, "octets"));
    cleanup_free uint8_t *octets = NULL;
    struct view chunk = {0};
    size_t size = 0;

    assert_non_null(base64);
    if (*base64 != '\0')
        assert_int_equal(ident_base64_decode(base64, strlen(base64), &octets, &size), 0);
    for (chunk = view_of(octets, size); chunk.left > 0;)
        take_record(g, &chunk);
}

static void take_reply(struct got *g, const json_t *reply)
{
    take_some(g, reply);
    assert_int_equal(json_is_array(json_object_get(reply, "segments")), g->replies == 0);
    g->replies++;
}

static struct got take_all(struct listener *l)
{
    struct got g = {.next = 1};
    bool continues;

    do {
        struct varlink_reply reply = hear(l);

        assert_null(reply.error);
        continues = reply.continues;
        take_reply(&g, reply.parameters);
        varlink_reply_done(&reply);
    } while (continues);
    return g;
}

static void test_all_of_it(void **state)
{
    struct world *w = *state;
    struct listener *l;
    struct got g;

    write_some(w, 2000);
    l = listen_to(w, "LedgerRead", json_object());
    g = take_all(l);
    assert_int_equal(g.next - 1, w->broker->last_sequence);
    assert_true(g.replies >= 4);
    listener_end(l);
}

/* What is written while it is being read does not belong to it: it has an end. */
static void test_it_ends_where_it_ended(void **state)
{
    struct world *w = *state;
    uint64_t last;
    struct listener *l;
    struct got g = {.next = 1};
    struct varlink_reply reply;

    write_some(w, 1500);
    last = w->broker->last_sequence;
    l = listen_to(w, "LedgerRead", json_object());
    reply = hear(l);
    take_reply(&g, reply.parameters);
    assert_int_equal(json_integer_value(json_object_get(reply.parameters, "last")), last);
    assert_int_equal(json_integer_value(json_object_get(reply.parameters, "first")), 1);
    assert_string_equal(json_string_value(json_object_get(reply.parameters, "ledger")), w->broker->about.id);
    assert_int_equal(strlen(w->broker->about.id), 32);
    varlink_reply_done(&reply);
    write_some(w, 700);
    for (bool continues = true; continues;) {
        reply = hear(l);
        take_reply(&g, reply.parameters);
        continues = reply.continues;
        varlink_reply_done(&reply);
    }
    assert_int_equal(g.next - 1, last);
    listener_end(l);
}

/* One call is one reply; who wants the next asks from there. */
static void test_by_the_piece(void **state)
{
    struct world *w = *state;
    struct got g = {.next = 1};
    uint64_t last;

    write_some(w, 1200);
    last = w->broker->last_sequence;
    while (g.next <= last) {
        struct varlink_reply reply =
            world_call(w, "LedgerRead", json_pack("{sI}", "after", (json_int_t)(g.next - 1)));

        assert_null(reply.error);
        assert_false(reply.continues);
        g.replies = 0;
        take_reply(&g, reply.parameters);
        varlink_reply_done(&reply);
    }
    assert_int_equal(g.next - 1, last);
}

static void test_bounds(void **state)
{
    struct world *w = *state;
    struct got g = {.next = 11};
    struct varlink_reply reply;

    write_some(w, 50);
    reply = world_call(w, "LedgerRead", json_pack("{si si}", "after", 10, "upto", 20));
    take_some(&g, reply.parameters);
    assert_int_equal(g.next, 21);
    varlink_reply_done(&reply);
    reply = world_call(w, "LedgerRead", json_pack("{si}", "after", 100000));
    assert_string_equal(json_string_value(json_object_get(reply.parameters, "octets")), "");
    varlink_reply_done(&reply);
}

/* Who does not read on costs one reply, and nobody else waits for them. */
static void test_a_slow_reader(void **state)
{
    struct world *w = *state;
    struct listener *slow, *quick;

    write_some(w, 6000);
    slow = listen_to(w, "LedgerRead", json_object());
    world_for(w, 50);
    quick = listen_to(w, "LedgerRead", json_object());
    (void)take_all(quick);
    assert_int_equal(take_all(slow).next - 1, w->broker->last_sequence);
    listener_end(slow);
    listener_end(quick);
}

/* The reader goes, or the broker stops, with a reading under way. */
static void test_gone_on_the_way(void **state)
{
    struct world *w = *state;
    struct listener *l[4];

    write_some(w, 3000);
    for (size_t i = 0; i < 4; i++)
        l[i] = listen_to(w, "LedgerRead", json_object());
    world_for(w, 5);
    listener_end(l[0]);
    listener_end(l[1]);
    world_for(w, 50);
    world_stop(w);
    listener_end(l[2]);
    listener_end(l[3]);
    world_start(w);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_all_of_it), TEST(test_it_ends_where_it_ended), TEST(test_by_the_piece),
        TEST(test_bounds),    TEST(test_a_slow_reader),          TEST(test_gone_on_the_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
