// LINK: -Wl,--wrap=clock_wall -Wl,--wrap=clock_wall_us -Wl,--wrap=clock_boot_us -Wl,--wrap=clock_is_synchronised
// LINK: -Wl,--wrap=timerfd_create -Wl,--wrap=timerfd_settime
// LAYERS: test_support

#include "broker/common/clock.h"
#include "broker/daemon/timekeeper.h"
#include "tests/unit/broker/daemon/set_clock.h"
#include "tests/unit/unit.h"

#include <string.h>

/* The broker on a clock that the test sets. Timers of the loop run on the real one. */

#define HOUR 3600

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

    world_grant_often(w);
    set_clock(-9, false);
    assert_int_equal(world_login_reason(w), REASON_OK);
    set_clock(9, false);
    assert_int_equal(world_login_reason(w), REASON_OK);
    assert_int_equal(world_records(w, "clock", "failure", NULL), 0);
    assert_int_equal(world_records(w, "clock-step", "success", NULL), 0);
}

/* Years later, on a clock that is believed: what to do is said, and nothing of single certificates. */
static void test_trust_is_over(void **state)
{
    struct world *w = *state;
    const when_t years = (when_t)24 * 365 * 24 * HOUR;

    world_grant_often(w);
    set_clock(years, false);
    assert_int_equal(world_login_reason(w), REASON_TRUST_EXPIRED);
    assert_true(finds(w, "clock", ""));
    assert_false(finds(w, "trust", ""));
    set_clock(0, true);
    world_restart(w);
    assert_int_equal(world_login_reason(w), REASON_TRUST_EXPIRED);
    assert_true(finds(w, "trust", ". Root puts the site's new file into /etc/hufu/trust"));
    assert_false(finds(w, "trust", "cannot be approved"));
}

/* A leap second is one second back; the kernel's states around it are tested with the reader of time. */
static void test_leap_second(void **state)
{
    struct world *w = *state;

    world_grant_often(w);
    set_clock(0, true);
    for (unsigned i = 0; i < 3; i++) {
        set_clock(-1, true);
        assert_int_equal(world_login_reason(w), REASON_OK);
        set_clock_wait(300);
    }
}

static void test_step_back(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    enum reason reason;
    char *was, text[WHEN_TEXT_SIZE];
    when_t before;

    world_grant_often(w);
    world_log_in(w, &v);
    before = clock_wall();
    set_clock(-HOUR / 2, true);
    assert_int_equal(world_login_reason(w), REASON_CLOCK_UNSURE);
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
    assert_int_equal(world_login_reason(w), REASON_OK);
    assert_int_equal(n_sessions(w), 1);
    assert_int_equal(world_records(w, "clock-confirm", "success", NULL), 1);
    world_restart(w);
    assert_int_equal(world_login_reason(w), REASON_OK); /* the highest was lowered on disk, too */
    visitor_end(&v);
}

/* Behind, until the clock has caught up and the kernel says that it is synchronised. */
static void test_settles_by_itself(void **state)
{
    struct world *w = *state;

    world_grant_often(w);
    set_clock(-HOUR / 2, false);
    assert_int_equal(world_login_reason(w), REASON_CLOCK_UNSURE);
    set_clock_wait(HOUR / 2 + 5);
    assert_int_equal(world_login_reason(w), REASON_CLOCK_UNSURE);
    set_clock(0, true);
    assert_int_equal(world_login_reason(w), REASON_OK);
    assert_int_equal(world_records(w, "clock", "success", NULL), 1);
}

static void test_forward(void **state)
{
    struct world *w = *state;

    world_grant_often(w);
    set_clock(HOUR / 4, true);
    assert_int_equal(world_login_reason(w), REASON_OK);
    assert_int_equal(world_records(w, "clock-step", "success", NULL), 1);
    set_clock(HOUR / 4, false);
    assert_int_equal(world_login_reason(w), REASON_CLOCK_UNSURE);
    assert_true(finds(w, "clock", "hufuctl clock confirm"));
    set_clock(0, true);
    assert_int_equal(world_login_reason(w), REASON_OK);
}

/* One wrong step does not lock the host for as long. (The trust file of the test ends after 60 days.) */
static void test_far_forward_and_back(void **state)
{
    struct world *w = *state;

    world_grant_often(w);
    set_clock(30 * 24 * HOUR, false);
    assert_int_equal(world_login_reason(w), REASON_CLOCK_UNSURE);
    world_restart(w);
    assert_int_equal(world_login_reason(w),
                     REASON_CLOCK_UNSURE); /* that nobody looked meanwhile changes nothing */
    set_clock(-30 * 24 * HOUR, false);
    assert_int_equal(world_login_reason(w), REASON_OK);
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
    struct visitor v = visitor_new();

    world_grant_often(w);
    world_log_in(w, &v);
    set_clock(-HOUR / 2, true);
    set_clock_tell();
    world_until(w, is_recorded, NULL);
    assert_int_equal(set_clock_n_armed(), 2);
    assert_int_equal(n_sessions(w), 1);
    /* To the end of the grant and beyond: the live session is judged again and ends. */
    set_clock(2 * HOUR, true);
    set_clock_tell();
    world_until(w, is_over, NULL);
    visitor_end(&v);
}

static void test_status_settles(void **state)
{
    struct world *w = *state;

    world_grant_often(w);
    set_clock(HOUR / 4, false);
    assert_int_equal(world_login_reason(w), REASON_CLOCK_UNSURE);
    timekeeper_trust_status(w->broker->timekeeper, clock_wall() - HOUR / 4, clock_wall() + HOUR);
    assert_int_equal(world_login_reason(w), REASON_CLOCK_UNSURE);
    timekeeper_trust_status(w->broker->timekeeper, clock_wall() - 2, clock_wall() + HOUR);
    assert_int_equal(world_login_reason(w), REASON_OK);
    timekeeper_trust_status(w->broker->timekeeper, clock_wall() + 60, clock_wall() + HOUR);
    assert_int_equal(world_login_reason(w), REASON_CLOCK_UNSURE);
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
        cmocka_unit_test_setup_teardown(test_trust_is_over, set_clock_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_within_tolerance, set_clock_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_leap_second, set_clock_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_step_back, set_clock_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_settles_by_itself, set_clock_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_forward, set_clock_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_far_forward_and_back, set_clock_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_noticed_at_once, set_clock_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_status_settles, set_clock_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_shown, set_clock_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
