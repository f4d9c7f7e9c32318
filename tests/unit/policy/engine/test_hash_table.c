/* The table by itself, with items that choose their homes: what it holds is found, whatever was taken out. */
#include "policy/base/cleanup.h"
#include "policy/engine/hash_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct item {
    uint64_t hash;
    unsigned number;
};

static const void *key_of(const void *item)
{
    return item;
}

static uint64_t hash(const uint8_t *seed, const void *key)
{
    (void)seed;
    return ((const struct item *)key)->hash;
}

static bool equal(const void *a, const void *b)
{
    return ((const struct item *)a)->number == ((const struct item *)b)->number;
}

static const struct hash_keying keying = {key_of, hash, equal};

static void fill(struct hash_table *t, struct item *item)
{
    hash_table_fill_slot(t, hash_table_slot(t, item), item);
}

static void assert_holds(const struct hash_table *t, struct item *items, const bool *held, size_t n)
{
    size_t used = 0;

    for (size_t i = 0; i < n; i++) {
        void *found = *hash_table_slot(t, &items[i]);

        assert_ptr_equal(found, held[i] ? &items[i] : NULL);
        used += held[i];
    }
    assert_int_equal(t->used, used);
}

#define N_ITEMS 12

/* Homes are the last slots and the first, so that runs go round the end; who comes and who goes is an
 * arbitrary sequence. */
static void test_runs_round_the_end(void **state)
{
    static const unsigned homes[] = {0, 1, 14, 15};
    uint32_t arbitrary = 1;

    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        struct item items[N_ITEMS];
        bool held[N_ITEMS] = {false};
        struct hash_table t;

        assert_int_equal(hash_table_init(&t, &keying, NULL), 0);
        assert_int_equal(t.n_slots, 16);
        for (unsigned i = 0; i < N_ITEMS; i++) {
            arbitrary = arbitrary * 1664525 + 1013904223;
            items[i] = (struct item){(uint64_t)homes[arbitrary >> 30] << 60, i};
        }
        for (unsigned step = 0; step < 100; step++) {
            unsigned i;

            arbitrary = arbitrary * 1664525 + 1013904223;
            i = (arbitrary >> 16) % N_ITEMS;
            if (held[i])
                hash_table_clear_slot(&t, hash_table_slot(&t, &items[i]));
            else
                fill(&t, &items[i]);
            held[i] = !held[i];
            assert_holds(&t, items, held, N_ITEMS);
        }
        hash_table_done(&t);
    }
}

#define N_MANY 5000

static struct item many[N_MANY];

static void fill_many(struct hash_table *t, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        many[i] = (struct item){(uint64_t)i * 0x9e3779b97f4a7c15u, (unsigned)i};
        assert_int_equal(hash_table_reserve(t), 0);
        fill(t, &many[i]);
    }
}

/* At most three quarters full; it grows by half, so that it is half full at least. */
static void test_what_an_item_takes(void **state)
{
    struct hash_table t;
    size_t first, before;

    (void)state;
    assert_int_equal(hash_table_init(&t, &keying, NULL), 0);
    first = before = t.n_slots;
    for (size_t i = 0; i < N_MANY; i++) {
        fill_many(&t, i, i + 1);
        assert_true(t.used * 4 <= t.n_slots * 3);
        assert_true(t.n_slots == first || t.n_slots <= 2 * t.used);
        assert_true(t.n_slots == before || t.n_slots == before + before / 2);
        before = t.n_slots;
    }
    for (size_t i = 0; i < N_MANY; i++)
        assert_ptr_equal(*hash_table_slot(&t, &many[i]), &many[i]);
    hash_table_done(&t);
}

/* What is expected comes without growing, and takes no more room than it has to. */
static void test_what_is_expected_has_room(void **state)
{
    (void)state;
    for (size_t n = 1; n < N_MANY; n += 1 + n / 7) {
        struct hash_table t;
        size_t n_slots;

        assert_int_equal(hash_table_init(&t, &keying, NULL), 0);
        assert_int_equal(hash_table_expect(&t, n), 0);
        n_slots = t.n_slots;
        assert_true(n_slots == 16 || n_slots <= n + n / 3 + 2);
        fill_many(&t, 0, n);
        assert_int_equal(t.n_slots, n_slots);
        /* Of what is there already there is nothing to do. */
        assert_int_equal(hash_table_expect(&t, n), 0);
        assert_int_equal(t.n_slots, n_slots);
        hash_table_done(&t);
    }
}

/* ---- walking ---- */

#define N_LATER 2000

static unsigned visits[N_MANY];

static void visit(void *item, void *userdata)
{
    (void)userdata;
    visits[((struct item *)item)->number]++;
}

/* Every seventh is gone before, others come and go, and the table grows several times meanwhile. */
static void test_a_walk_meets_who_stays_once(void **state)
{
    struct hash_walk walk = {0};
    struct hash_table t;
    size_t n_slots, next = N_LATER;
    unsigned steps = 0;

    (void)state;
    memset(visits, 0, sizeof(visits));
    assert_int_equal(hash_table_init(&t, &keying, NULL), 0);
    fill_many(&t, 0, N_LATER);
    n_slots = t.n_slots;
    for (size_t i = 0; i < N_LATER; i += 7)
        hash_table_clear_slot(&t, hash_table_slot(&t, &many[i]));
    while (hash_table_next(&t, &walk, visit, NULL)) {
        if (next < N_MANY)
            fill_many(&t, next, next + 2);
        if (next < N_MANY && next % 3 == 0)
            hash_table_clear_slot(&t, hash_table_slot(&t, &many[next]));
        next += 2;
        steps++;
    }
    assert_true(t.n_slots > 2 * n_slots);
    assert_true(steps >= N_LATER - N_LATER / 7 - 1);
    for (size_t i = 0; i < N_LATER; i++)
        assert_int_equal(visits[i], i % 7 != 0);
    for (size_t i = N_LATER; i < N_MANY; i++)
        assert_true(visits[i] <= 1);
    assert_false(hash_table_next(&t, &walk, visit, NULL));
    hash_table_done(&t);
}

/* Runs that go round the end, both ends of the hashes, and several of one hash: met together. */
static void test_a_walk_round_the_end(void **state)
{
    static const uint64_t hashes[] = {UINT64_MAX, UINT64_MAX, UINT64_MAX - 1,     0,
                                      0,          1,          (uint64_t)15 << 60, (uint64_t)15 << 60};
    struct item items[ARRAY_SIZE(hashes)];

    (void)state;
    for (size_t first = 0; first < ARRAY_SIZE(hashes); first++) {
        struct hash_walk walk = {0};
        struct hash_table t;
        unsigned steps = 0;

        memset(visits, 0, sizeof(visits));
        assert_int_equal(hash_table_init(&t, &keying, NULL), 0);
        for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
            size_t k = (first + i) % ARRAY_SIZE(hashes);

            items[k] = (struct item){hashes[k], (unsigned)k};
            fill(&t, &items[k]);
        }
        while (hash_table_next(&t, &walk, visit, NULL))
            steps++;
        assert_int_equal(steps, 5);
        for (size_t i = 0; i < ARRAY_SIZE(hashes); i++)
            assert_int_equal(visits[i], 1);
        hash_table_done(&t);
    }
}

static void test_a_walk_through_nothing(void **state)
{
    struct hash_walk walk = {0};
    struct hash_table t;

    (void)state;
    assert_int_equal(hash_table_init(&t, &keying, NULL), 0);
    assert_false(hash_table_next(&t, &walk, visit, NULL));
    assert_true(walk.over);
    hash_table_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_round_the_end),        cmocka_unit_test(test_what_an_item_takes),
        cmocka_unit_test(test_what_is_expected_has_room), cmocka_unit_test(test_a_walk_meets_who_stays_once),
        cmocka_unit_test(test_a_walk_round_the_end),      cmocka_unit_test(test_a_walk_through_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
