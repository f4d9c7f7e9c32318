// LINK: -Wl,--wrap=clock_wall -Wl,--wrap=clock_wall_us -Wl,--wrap=clock_boot_us -Wl,--wrap=clock_is_synchronised
// LINK: -Wl,--wrap=timerfd_create -Wl,--wrap=timerfd_settime
// LAYERS: test_support

#include "broker/common/clock.h"
#include "broker/daemon/timekeeper.h"
#include "tests/unit/broker/daemon/set_clock.h"
#include "tests/unit/unit.h"

/* What a broker knows of the time that another one left. */

#define HOUR 3600

/* The store of this boot is made one of another: nothing is known but the highest. */
static void start_after_boot(struct world *w)
{
    struct store_txn *t = NULL;

    assert_int_equal(store_txn_new(w->broker->store, &t), 0);
    store_txn_meta(t, "trusted-line", "00000000000000000000000000000000 1 1");
    assert_int_equal(store_submit(w->broker->store, t, NULL, NULL), 0);
    assert_int_equal(store_flush(w->broker->store), 0);
    world_stop(w);
}

static void test_boot_behind(void **state)
{
    struct world *w = *state;

    world_grant_often(w);
    start_after_boot(w);
    set_clock(-HOUR / 2, false);
    world_start(w);
    assert_int_equal(world_login_reason(w), REASON_CLOCK_UNSURE);
    assert_int_equal(world_records(w, "clock", "failure", NULL), 1);
    world_restart(w);
    assert_int_equal(world_login_reason(w), REASON_CLOCK_UNSURE);
    set_clock(HOUR / 2 + 60, true);
    assert_int_equal(world_login_reason(w), REASON_OK);
}

/* What was trusted is on disk soon after, also if nobody logs in. */
static void test_kept_on_disk(void **state)
{
    struct world *w = *state;
    struct timekeeper_view view;

    set_clock_wait(HOUR);
    world_grant_often(w);
    timekeeper_view(w->broker->timekeeper, &view);
    assert_in_range(view.highest, set_clock_real_wall() + HOUR - 5, set_clock_real_wall() + HOUR);
    start_after_boot(w);
    set_clock(-HOUR / 2, true);
    world_start(w);
    assert_int_equal(world_login_reason(w), REASON_CLOCK_UNSURE);
}

static void test_step_while_stopped(void **state)
{
    struct world *w = *state;

    world_grant_often(w);
    world_stop(w);
    set_clock_wait(60);
    set_clock(HOUR / 2, false);
    world_start(w);
    assert_int_equal(world_login_reason(w), REASON_CLOCK_UNSURE);
    set_clock(-HOUR / 2, false);
    assert_int_equal(world_login_reason(w), REASON_OK);
}

/* A step back while hufud is stopped neither lengthens what lives, nor ends it since certificates seem not to
 * have begun. */
static void test_restart_keeps_the_deadline(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct session *s;
    when_t left;

    world_grant_often(w);
    world_log_in(w, &v);
    world_stop(w);
    set_clock(-90 * 24 * HOUR, true);
    world_start(w);
    s = registry_first(w->broker->registry);
    assert_non_null(s);
    assert_int_equal(s->state, SESSION_OPEN);
    left = s->deadline - session_now(s, clock_wall_us(), clock_boot_us());
    assert_in_range(left, HOUR - 30, HOUR);
    visitor_end(&v);
}

/* A confirmation that cannot be put on record does not hold. */
static void test_confirm_without_record(void **state)
{
    struct world *w = *state;
    struct timekeeper_confirmation c;
    uint64_t generation;

    world_grant_often(w);
    set_clock(-HOUR / 2, true);
    assert_int_equal(world_login_reason(w), REASON_CLOCK_UNSURE);
    timekeeper_confirm(w->broker->timekeeper, &c);
    assert_int_equal(c.was - c.now, HOUR / 2);
    assert_int_equal(world_login_reason(w), REASON_OK);
    generation = w->broker->generation;
    timekeeper_take_back(w->broker->timekeeper, &c);
    assert_true(w->broker->generation > generation);
    assert_int_equal(world_login_reason(w), REASON_CLOCK_UNSURE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_boot_behind, set_clock_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_kept_on_disk, set_clock_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_step_while_stopped, set_clock_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_restart_keeps_the_deadline, set_clock_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_confirm_without_record, set_clock_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
