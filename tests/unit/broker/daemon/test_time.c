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

/* The broker on a clock that the test sets. Timers of the loop run on the real one. */

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

static unsigned n_sessions(const struct world *w)
{
    unsigned n = 0;

    for (const struct session *s = registry_first(w->broker->registry); s; s = registry_next(s))
        n += s->state == SESSION_OPEN;
    return n;
}

static bool finds(struct world *w, const char *subject, const char *part)
{
    struct varlink_reply reply = world_call(w, "Status", json_object());
    const json_t *findings = json_object_get(reply.parameters, "findings"), *f;
    bool found = false;
    size_t i;

    assert_null(reply.error);
    json_array_foreach(findings, i, f)
    {
        found = found || (strcmp(json_string_value(json_object_get(f, "subject")), subject) == 0 &&
                          strstr(json_string_value(json_object_get(f, "message")), part) != NULL);
    }
    varlink_reply_done(&reply);
    return found;
}

static char *confirm(struct world *w)
{
    struct varlink_reply reply =
        world_call(w, "ClockConfirm", json_pack("{ss}", "why", "looked at my watch"));
    char *was;

    assert_null(reply.error);
    was = strdup(json_string_value(json_object_get(reply.parameters, "was")));
    varlink_reply_done(&reply);
    return was;
}

static void test_within_tolerance(void **state)
{
    struct world *w = *state;

    grant(w);
    set_clock(-9, false);
    assert_int_equal(asked(w), REASON_OK);
    set_clock(9, false);
    assert_int_equal(asked(w), REASON_OK);
    assert_int_equal(world_records(w, "clock", "failure", NULL), 0);
    assert_int_equal(world_records(w, "clock-step", "success", NULL), 0);
}

/* Years later, on a clock that is believed: what to do is said, and nothing of single certificates. */
static void test_trust_is_over(void **state)
{
    struct world *w = *state;
    const when_t years = (when_t)24 * 365 * 24 * HOUR;

    grant(w);
    set_clock(years, false);
    assert_int_equal(asked(w), REASON_TRUST_EXPIRED);
    assert_true(finds(w, "clock", ""));
    assert_false(finds(w, "trust", ""));
    set_clock(0, true);
    restart(w);
    assert_int_equal(asked(w), REASON_TRUST_EXPIRED);
    assert_true(finds(w, "trust", ". Root puts the site's new file into /etc/hufu/trust"));
    assert_false(finds(w, "trust", "cannot be approved"));
}

/* A leap second is one second back; the kernel's states around it are tested with the reader of time. */
static void test_leap_second(void **state)
{
    struct world *w = *state;

    grant(w);
    set_clock(0, true);
    for (unsigned i = 0; i < 3; i++) {
        set_clock(-1, true);
        assert_int_equal(asked(w), REASON_OK);
        wait_for(300);
    }
}

static void test_step_back(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    enum reason reason;
    char *was, text[WHEN_TEXT_SIZE];
    when_t before;

    grant(w);
    world_log_in(w, &v);
    before = clock_wall();
    set_clock(-HOUR / 2, true);
    assert_int_equal(asked(w), REASON_CLOCK_UNSURE);
    assert_int_equal(n_sessions(w), 1);
    assert_int_equal(world_records(w, "clock", "failure", &reason), 1);
    assert_int_equal(reason, REASON_CLOCK_UNSURE);
    when_format(before, text);
    text[16] = '\0'; /* up to the minute, which may have ended meanwhile: then the finding has the next */
    assert_true(finds(w, "clock", "hufuctl clock confirm"));
    assert_true(finds(w, "clock", text) || clock_wall() / 60 != (before - HOUR / 2) / 60);
    was = confirm(w);
    assert_memory_equal(was, text, 13);
    free(was);
    assert_int_equal(asked(w), REASON_OK);
    assert_int_equal(n_sessions(w), 1);
    assert_int_equal(world_records(w, "clock-confirm", "success", NULL), 1);
    restart(w);
    assert_int_equal(asked(w), REASON_OK); /* the highest was lowered on disk, too */
    visitor_end(&v);
}

/* Behind, until the clock has caught up and the kernel says that it is synchronised. */
static void test_settles_by_itself(void **state)
{
    struct world *w = *state;

    grant(w);
    set_clock(-HOUR / 2, false);
    assert_int_equal(asked(w), REASON_CLOCK_UNSURE);
    wait_for(HOUR / 2 + 5);
    assert_int_equal(asked(w), REASON_CLOCK_UNSURE);
    set_clock(0, true);
    assert_int_equal(asked(w), REASON_OK);
    assert_int_equal(world_records(w, "clock", "success", NULL), 1);
}

static void test_forward(void **state)
{
    struct world *w = *state;

    grant(w);
    set_clock(HOUR / 4, true);
    assert_int_equal(asked(w), REASON_OK);
    assert_int_equal(world_records(w, "clock-step", "success", NULL), 1);
    set_clock(HOUR / 4, false);
    assert_int_equal(asked(w), REASON_CLOCK_UNSURE);
    assert_true(finds(w, "clock", "hufuctl clock confirm"));
    set_clock(0, true);
    assert_int_equal(asked(w), REASON_OK);
}

/* One wrong step does not lock the host for as long. (The trust file of the test ends after 60 days.) */
static void test_far_forward_and_back(void **state)
{
    struct world *w = *state;

    grant(w);
    set_clock(30 * 24 * HOUR, false);
    assert_int_equal(asked(w), REASON_CLOCK_UNSURE);
    restart(w);
    assert_int_equal(asked(w), REASON_CLOCK_UNSURE); /* that nobody looked meanwhile changes nothing */
    set_clock(-30 * 24 * HOUR, false);
    assert_int_equal(asked(w), REASON_OK);
}

static bool is_recorded(struct world *w, void *userdata)
{
    (void)userdata;
    return world_records(w, "clock", "failure", NULL) == 1;
}

static bool is_over(struct world *w, void *userdata)
{
    (void)userdata;
    return n_sessions(w) == 0;
}

/* Nobody has to ask: the kernel says that the clock was set. */
static void test_noticed_at_once(void **state)
{
    struct world *w = *state;
    const uint64_t one = 1;
    struct visitor v = visitor_new();

    grant(w);
    world_log_in(w, &v);
    set_clock(-HOUR / 2, true);
    assert_int_equal(write(clock_now.steps, &one, sizeof(one)), sizeof(one));
    world_until(w, is_recorded, NULL);
    assert_int_equal(clock_now.armed, 2);
    assert_int_equal(n_sessions(w), 1);
    /* To the end of the grant and beyond: the live session is judged again and ends. */
    set_clock(2 * HOUR, true);
    assert_int_equal(write(clock_now.steps, &one, sizeof(one)), sizeof(one));
    world_until(w, is_over, NULL);
    visitor_end(&v);
}

static void test_status_settles(void **state)
{
    struct world *w = *state;

    grant(w);
    set_clock(HOUR / 4, false);
    assert_int_equal(asked(w), REASON_CLOCK_UNSURE);
    timekeeper_trust_status(w->broker->timekeeper, clock_wall() - HOUR / 4, clock_wall() + HOUR);
    assert_int_equal(asked(w), REASON_CLOCK_UNSURE);
    timekeeper_trust_status(w->broker->timekeeper, clock_wall() - 2, clock_wall() + HOUR);
    assert_int_equal(asked(w), REASON_OK);
    timekeeper_trust_status(w->broker->timekeeper, clock_wall() + 60, clock_wall() + HOUR);
    assert_int_equal(asked(w), REASON_CLOCK_UNSURE);
}

static void test_shown(void **state)
{
    struct world *w = *state;
    struct varlink_reply reply;

    set_clock(-HOUR / 2, true);
    reply = world_call(w, "ClockShow", json_object());
    assert_null(reply.error);
    assert_string_equal(json_string_value(json_object_get(reply.parameters, "standing")), "behind");
    assert_true(json_is_true(json_object_get(reply.parameters, "synchronised")));
    assert_true(json_is_string(json_object_get(reply.parameters, "highest")));
    varlink_reply_done(&reply);
    reply = world_call(w, "ClockConfirm", json_object());
    assert_string_equal(reply.error, "org.varlink.service.InvalidParameter");
    varlink_reply_done(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_trust_is_over, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_within_tolerance, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_leap_second, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_step_back, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_settles_by_itself, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_forward, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_far_forward_and_back, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_noticed_at_once, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_status_settles, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_shown, setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
