// LAYERS: test_support
// LINK: -Wl,--wrap=clock_wall -Wl,--wrap=clock_wall_us -Wl,--wrap=clock_boot_us -Wl,--wrap=store_submit

#include "broker/audit/event.h"
#include "broker/daemon/ledger.h"
#include "tests/unit/broker/daemon/flood.h"
#include "tests/unit/broker/daemon/set_clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Refusals that are counted, and a disk that fills, and a hufud that is killed. */

#define FEW REPETITION_FEW

static bool full; /* the disk */
static struct {
    bool begins; /* the next transaction stays with it */
    store_done *done;
    void *userdata;
} stands_still;

int __real_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata);
int __wrap_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata);
int __wrap_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata)
{
    if (stands_still.begins) {
        stands_still.begins = false;
        stands_still.done = done;
        stands_still.userdata = userdata;
        store_txn_free(t);
        return 0;
    }
    if (!full)
        return __real_store_submit(s, t, done, userdata);
    store_txn_free(t);
    return -ENOSPC;
}

static int setup(void **state)
{
    full = false;
    return set_clock_setup(state);
}

static bool is_nothing_on_disk(struct world *w, void *userdata)
{
    (void)userdata;
    return sums_on_disk(w).rows == 0;
}

static void move_away(const struct world *w, const char *name, const char *as)
{
    char from[128], to[128];

    (void)snprintf(from, sizeof(from), "%s", world_path(w, name));
    (void)snprintf(to, sizeof(to), "%s", world_path(w, as));
    (void)rename(from, to);
}

static void copy(const struct world *w, const char *name, const char *as)
{
    char command[400];

    (void)snprintf(command, sizeof(command), "cp %s/%s %s/%s", w->folder, name, w->folder, as);
    assert_int_equal(system(command), 0);
}

/* The store as it lies now is what the next start finds. */
static void kill_and_start(struct world *w)
{
    copy(w, "hufu.db", "kept");
    copy(w, "hufu.db-wal", "kept-wal");
    world_stop(w);
    (void)remove(world_path(w, "hufu.db-wal"));
    (void)remove(world_path(w, "hufu.db-shm"));
    move_away(w, "kept", "hufu.db");
    move_away(w, "kept-wal", "hufu.db-wal");
    world_start(w);
}

/* All that was answered 50 ms and a commit before the kill is there, and only what came after it is not. */
static void test_killed(void **state)
{
    struct world *w = *state;
    struct sum s;

    flood(w, FEW + 490);
    flood_until_on_disk(w, 490);
    flood(w, 37); /* the loop does not turn: 50 ms have not passed for it */
    kill_and_start(w);
    s = flood_recorded(w);
    assert_int_equal(s.stands_for, FEW + 490);
    assert_int_equal(s.rows, FEW + 1);
    sums_done(&s);
    assert_int_equal(sums_on_disk(w).rows, 0);
    flood(w, 100); /* the kind is known, and begins anew */
    flood_until_on_disk(w, 90);
    kill_and_start(w);
    kill_and_start(w);
    s = flood_recorded(w);
    assert_int_equal(s.stands_for, FEW + 490 + 100);
    sums_done(&s);
}

/* Those that had the store written first are recorded first, before what this start has to say. */
static void test_what_is_found_is_recorded_first(void **state)
{
    struct world *w = *state;
    struct sum start, s;

    flood(w, FEW + 5);
    flood_until_on_disk(w, 5);
    kill_and_start(w);
    s = flood_recorded(w);
    start = sums_of(w, EVENT_START, "success", "");
    assert_true(s.last->sequence < start.found->sequence);
    sums_done(&s);
    sums_done(&start);
}

/* What the disk does not take is not lost as long as hufud lives. */
static void test_disk_full(void **state)
{
    struct world *w = *state;
    struct sum s;

    flood(w, 5);
    full = true;
    flood(w, 100);
    set_clock_wait(30);
    world_for(w, 1200); /* a record of them was tried */
    flood(w, 100);
    set_clock_wait(60);
    flood(w, 100);
    world_for(w, 1200);
    assert_int_equal(flood_rows(w), 5);
    full = false;
    flood_until_on_disk(w, 0);
    set_clock_wait(11);
    world_for(w, 2500);
    world_until(w, is_nothing_on_disk, NULL);
    s = flood_recorded(w);
    assert_int_equal(s.stands_for, 305);
    sums_done(&s);
}

static bool is_recorded(struct world *w, void *userdata)
{
    struct sum s = flood_recorded(w);
    bool all = s.stands_for == 1;

    (void)userdata;
    sums_done(&s);
    return all;
}

/* A refusal whose record failed after more than a minute, when nothing of its kind is remembered any more. */
static void test_disk_stands_still(void **state)
{
    struct world *w = *state;

    stands_still.begins = true;
    flood(w, 1);
    assert_non_null(stands_still.done);
    set_clock_wait(70);
    world_for(w, 2500);
    assert_int_equal(repetition_counters(w->broker->repetition).kinds, 0);
    stands_still.done(stands_still.userdata, -EIO, 0);
    world_until(w, is_recorded, NULL);
}

/* A row that hufud cannot have written is damage like any other. */
static void test_a_row_that_is_none(void **state)
{
    struct world *w = *state;
    struct store_txn *t = ledger_txn(w->broker);

    store_txn_repetition(t, &(struct store_repetition){
                                .key = "k", .sample = (const uint8_t *)"?", .sample_size = 1, .count = 1});
    ledger_submit(w->broker, t, NULL, NULL);
    world_restart(w);
    assert_null(w->broker->store);
    assert_int_equal(world_login_reason(w), REASON_STORE_DAMAGED);
}

/* Without a store nothing is counted, and everybody is refused all the same. */
static void test_no_store(void **state)
{
    struct world *w = *state;

    world_stop(w);
    (void)remove(world_path(w, "hufu.db"));
    world_start(w);
    flood(w, 1000);
    assert_int_equal(repetition_counters(w->broker->repetition).kinds, 0);
    assert_int_equal(world_login_reason(w), REASON_STORE_DAMAGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_killed, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_what_is_found_is_recorded_first, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_disk_full, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_disk_stands_still, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_row_that_is_none, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_no_store, setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
