// LINK: -Wl,--wrap=clock_wall -Wl,--wrap=clock_wall_us -Wl,--wrap=clock_boot_us -Wl,--wrap=clock_is_synchronised
// LINK: -Wl,--wrap=timerfd_create -Wl,--wrap=timerfd_settime
// LAYERS: test_support

#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/daemon/timekeeper.h"
#include "tests/unit/broker/daemon/world.h"
#include "tests/unit/unit.h"

#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* What a broker knows of the time that another one left. */

#define HOUR 3600

static struct {
    when_t wall, boot; /* seconds that they are ahead of the real ones */
    bool synchronised;
    int steps; /* what the broker believes to be the kernel's word that the clock was set */
    unsigned armed;
} clock_now;

when_t __real_clock_wall(void);
when_t __wrap_clock_wall(void);
int64_t __real_clock_wall_us(void);
int64_t __wrap_clock_wall_us(void);
uint64_t __real_clock_boot_us(void);
uint64_t __wrap_clock_boot_us(void);
bool __wrap_clock_is_synchronised(void);
int __wrap_timerfd_create(int clock, int flags);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old);

when_t __wrap_clock_wall(void)
{
    return __real_clock_wall() + clock_now.wall;
}

int64_t __wrap_clock_wall_us(void)
{
    return __real_clock_wall_us() + clock_now.wall * 1000000;
}

uint64_t __wrap_clock_boot_us(void)
{
    return __real_clock_boot_us() + (uint64_t)clock_now.boot * 1000000;
}

bool __wrap_clock_is_synchronised(void)
{
    return clock_now.synchronised;
}

int __wrap_timerfd_create(int clock, int flags)
{
    assert_int_equal(clock, CLOCK_REALTIME);
    (void)flags;
    clock_now.steps = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return clock_now.steps;
}

int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old)
{
    assert_int_equal(fd, clock_now.steps);
    assert_int_equal(flags, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET);
    assert_true(value->it_value.tv_sec > __real_clock_wall());
    assert_null(old);
    clock_now.armed++;
    return 0;
}

static int setup(void **state)
{
    memset(&clock_now, 0, sizeof(clock_now));
    return world_setup(state);
}

/* Both clocks go on. */
static void wait_for(when_t seconds)
{
    clock_now.wall += seconds;
    clock_now.boot += seconds;
}

static void set_clock(when_t seconds, bool synchronised)
{
    clock_now.wall += seconds;
    clock_now.synchronised = synchronised;
}

/* What the next login is told. The visitor's grant is there, so it is the clock or nothing. */
static enum reason asked(struct world *w)
{
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);

    visitor_end(&v);
    return reply.verdict == VERDICT_ALLOW ? REASON_OK : reply.reason;
}

static void restart(struct world *w)
{
    world_stop(w);
    world_start(w);
}

static void grant(struct world *w)
{
    assert_int_equal(world_grant(w, (struct grant_plan){.uses = "100 per-host", .sessions = "50"}),
                     REASON_OK);
}

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

    grant(w);
    start_after_boot(w);
    set_clock(-HOUR / 2, false);
    world_start(w);
    assert_int_equal(asked(w), REASON_CLOCK_UNSURE);
    assert_int_equal(world_records(w, "clock", "failure", NULL), 1);
    restart(w);
    assert_int_equal(asked(w), REASON_CLOCK_UNSURE);
    set_clock(HOUR / 2 + 60, true);
    assert_int_equal(asked(w), REASON_OK);
}

/* What was trusted is on disk soon after, also if nobody logs in. */
static void test_kept_on_disk(void **state)
{
    struct world *w = *state;
    struct timekeeper_view view;

    wait_for(HOUR);
    grant(w);
    timekeeper_view(w->broker->timekeeper, &view);
    assert_in_range(view.highest, __real_clock_wall() + HOUR - 5, __real_clock_wall() + HOUR);
    start_after_boot(w);
    set_clock(-HOUR / 2, true);
    world_start(w);
    assert_int_equal(asked(w), REASON_CLOCK_UNSURE);
}

static void test_step_while_stopped(void **state)
{
    struct world *w = *state;

    grant(w);
    world_stop(w);
    wait_for(60);
    set_clock(HOUR / 2, false);
    world_start(w);
    assert_int_equal(asked(w), REASON_CLOCK_UNSURE);
    set_clock(-HOUR / 2, false);
    assert_int_equal(asked(w), REASON_OK);
}

/* A step back while hufud is stopped neither lengthens what lives, nor ends it since certificates seem not to
 * have begun. */
static void test_restart_keeps_the_deadline(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct session *s;
    when_t left;

    grant(w);
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

    grant(w);
    set_clock(-HOUR / 2, true);
    assert_int_equal(asked(w), REASON_CLOCK_UNSURE);
    timekeeper_confirm(w->broker->timekeeper, &c);
    assert_int_equal(c.was - c.now, HOUR / 2);
    assert_int_equal(asked(w), REASON_OK);
    generation = w->broker->generation;
    timekeeper_take_back(w->broker->timekeeper, &c);
    assert_true(w->broker->generation > generation);
    assert_int_equal(asked(w), REASON_CLOCK_UNSURE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_boot_behind, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_kept_on_disk, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_step_while_stopped, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_restart_keeps_the_deadline, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_confirm_without_record, setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
