#include "broker/daemon/room_guard.h"
#include "tests/unit/unit.h"

/* When there is room, when nobody new comes in, and when those who are in have to go. */

#define MIB     ((uint64_t)1 << 20)
#define KIB     ((uint64_t)1 << 10)
#define RESERVE (64 * MIB) /* margin 4 MiB */

static struct room_guard begun(void)
{
    return (struct room_guard){.wanted = RESERVE};
}

static enum room_standing at(struct room_guard *g, uint64_t beside, uint64_t held)
{
    const struct room_sample s = {.beside = beside, .held = held, .sessions = 3};

    (void)room_guard_sample(g, &s);
    return g->standing;
}

static enum room_standing failed(struct room_guard *g, uint64_t beside, uint64_t held)
{
    const struct room_sample s = {.beside = beside, .held = held, .failed = true, .sessions = 3};

    (void)room_guard_sample(g, &s);
    return g->standing;
}

static void test_beginning(void **state)
{
    struct room_guard g = begun();

    (void)state;
    assert_int_equal(g.standing, ROOM_NOT_LOOKED);
    assert_int_equal(at(&g, 1000 * MIB, 0), ROOM_FULL); /* the reserve is not there yet */
    assert_int_equal(at(&g, 936 * MIB, RESERVE - 1), ROOM_FULL);
    assert_int_equal(at(&g, 936 * MIB, RESERVE), ROOM_AMPLE);
    g = begun();
    assert_int_equal(at(&g, 8 * MIB, RESERVE), ROOM_AMPLE);
    g = begun();
    assert_int_equal(at(&g, 8 * MIB - 1, RESERVE), ROOM_FULL);
}

static void test_full_and_back(void **state)
{
    struct room_guard g = begun();

    (void)state;
    assert_int_equal(at(&g, 100 * MIB, RESERVE), ROOM_AMPLE);
    assert_int_equal(at(&g, 4 * MIB, RESERVE), ROOM_AMPLE);
    assert_int_equal(at(&g, 4 * MIB - 1, RESERVE), ROOM_FULL);
    assert_int_equal(at(&g, 4 * MIB, RESERVE), ROOM_FULL); /* it does not flap */
    assert_int_equal(at(&g, 8 * MIB - 1, RESERVE), ROOM_FULL);
    assert_int_equal(at(&g, 8 * MIB, RESERVE), ROOM_AMPLE);
    /* A commit that found no room, whatever the numbers say: a quota is in none of them. */
    assert_int_equal(failed(&g, 100 * MIB, RESERVE), ROOM_FULL);
    assert_int_equal(at(&g, 100 * MIB, RESERVE - 1), ROOM_FULL);
    assert_int_equal(at(&g, 100 * MIB, RESERVE), ROOM_AMPLE);
}

static void test_used_up_and_back(void **state)
{
    struct room_guard g = begun();

    (void)state;
    assert_int_equal(at(&g, 100 * MIB, RESERVE), ROOM_AMPLE);
    assert_int_equal(failed(&g, 0, 63 * MIB), ROOM_FULL);
    assert_int_equal(at(&g, 0, 16 * MIB), ROOM_FULL);
    assert_int_equal(at(&g, 0, 16 * MIB - 1), ROOM_SPENT);
    assert_int_equal(at(&g, 0, 20 * MIB), ROOM_SPENT);
    assert_int_equal(at(&g, 0, 4 * MIB), ROOM_SPENT);
    assert_int_equal(at(&g, 0, 4 * MIB - 1), ROOM_LAST);
    assert_int_equal(at(&g, 0, 20 * MIB), ROOM_LAST);
    assert_int_equal(at(&g, 32 * MIB - 1, 0), ROOM_LAST);
    assert_int_equal(at(&g, 32 * MIB, 0), ROOM_FULL); /* free room is as good as the reserve */
    assert_int_equal(at(&g, 100 * MIB, 63 * MIB), ROOM_FULL);
    assert_int_equal(at(&g, 99 * MIB, RESERVE), ROOM_AMPLE);
    /* Nobody is ended for what was used the last time. */
    assert_int_equal(at(&g, 0, 1 * MIB), ROOM_FULL);
}

/* A disk that merely is nearly full, say when this is installed on it, ends nobody. */
static void test_nobody_is_ended_before_it_is_used(void **state)
{
    struct room_guard g = begun();

    (void)state;
    assert_int_equal(at(&g, 3 * MIB, 0), ROOM_FULL);
    assert_int_equal(at(&g, 0, 0), ROOM_FULL);
    assert_int_equal(failed(&g, 3 * MIB, 0), ROOM_LAST);
}

/* The more are in, the earlier the last ones have to go. */
static void test_room_for_each_end(void **state)
{
    struct room_guard g = begun();
    struct room_sample s = {.held = 5 * MIB, .failed = true, .sessions = 80};

    (void)state;
    (void)room_guard_sample(&g, &s);
    assert_int_equal(g.standing, ROOM_SPENT);
    s.sessions = 81;
    (void)room_guard_sample(&g, &s);
    assert_int_equal(g.standing, ROOM_LAST);
    g = begun();
    s = (struct room_sample){.held = 8 * MIB, .failed = true, .sessions = 100000};
    (void)room_guard_sample(&g, &s);
    assert_int_equal(g.standing, ROOM_SPENT);
}

static void test_what_waits_in_memory_comes_first(void **state)
{
    struct room_guard g = begun();
    struct room_sample s = {.beside = 100 * MIB, .held = RESERVE, .unsettled = true};

    (void)state;
    (void)room_guard_sample(&g, &s);
    assert_int_equal(g.standing, ROOM_FULL);
    s.unsettled = false;
    assert_true(room_guard_sample(&g, &s));
    assert_int_equal(g.standing, ROOM_AMPLE);
    assert_false(room_guard_sample(&g, &s));
}

/* Where nothing can be set aside, as much has to be free. */
static void test_without_a_reserve(void **state)
{
    struct room_guard g = begun();
    struct room_sample s = {.beside = 72 * MIB, .cannot_grow = true};

    (void)state;
    (void)room_guard_sample(&g, &s);
    assert_int_equal(g.standing, ROOM_AMPLE);
    s.beside = 68 * MIB - 1;
    (void)room_guard_sample(&g, &s);
    assert_int_equal(g.standing, ROOM_FULL);
}

static uint64_t growth(uint64_t beside, uint64_t held)
{
    const struct room_guard g = begun();
    const struct room_sample s = {.beside = beside, .held = held};

    return room_guard_growth(&g, &s);
}

static void test_growth(void **state)
{
    (void)state;
    assert_int_equal(growth(1000 * MIB, RESERVE), 0);
    assert_int_equal(growth(1000 * MIB, 0), 4 * MIB);
    assert_int_equal(growth(1000 * MIB, 63 * MIB), 1 * MIB);
    assert_int_equal(growth(72 * MIB, 0), 4 * MIB);
    assert_int_equal(growth(72 * MIB - 1, 0), 0); /* not all of it fits beside what others need */
    assert_int_equal(growth(UINT64_MAX, RESERVE + 1), 0);
}

static void test_pieces(void **state)
{
    uint64_t all = 0;

    (void)state;
    assert_int_equal(room_guard_piece(RESERVE, 0), 256 * KIB);
    assert_int_equal(room_guard_piece(RESERVE, 1), 512 * KIB);
    assert_int_equal(room_guard_piece(1 * MIB, 0), 64 * KIB);
    assert_int_equal(room_guard_piece((uint64_t)64 << 30, 0), 1 * MIB);
    for (unsigned i = 0; i < 100; i++)
        all += room_guard_piece(RESERVE, i);
    assert_int_equal(all, 31 * 256 * KIB); /* no transaction takes more with it */
}

static struct session session(uint64_t number, enum grant_class class, bool job)
{
    return (struct session){.number = number, .class = class, .job = job};
}

static void test_order(void **state)
{
    const struct session in_order[] = {
        session(7, GRANT_CLASS_EMERGENCY, true),   session(2, GRANT_CLASS_EMERGENCY, true),
        session(9, GRANT_CLASS_NORMAL, false),     session(3, GRANT_CLASS_NORMAL, false),
        session(8, GRANT_CLASS_PRIVILEGED, false), session(1, GRANT_CLASS_EMERGENCY, false)};

    (void)state;
    assert_true(room_guard_order(&in_order[0], &in_order[2]) < 0);
    for (size_t a = 1; a < ARRAY_SIZE(in_order); a++)
        for (size_t b = 1; b < ARRAY_SIZE(in_order); b++)
            if (a != b)
                assert_true((room_guard_order(&in_order[a], &in_order[b]) < 0) == (a < b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beginning),
        cmocka_unit_test(test_full_and_back),
        cmocka_unit_test(test_used_up_and_back),
        cmocka_unit_test(test_nobody_is_ended_before_it_is_used),
        cmocka_unit_test(test_room_for_each_end),
        cmocka_unit_test(test_what_waits_in_memory_comes_first),
        cmocka_unit_test(test_without_a_reserve),
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
