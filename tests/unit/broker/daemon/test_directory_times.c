// LAYERS: test_support
// LIBRARIES: sd-event
// LINK: -Wl,--wrap=sd_event_source_set_time_relative

#include "broker/audit/event.h"
#include "broker/daemon/directory_internal.h"
#include "tests/unit/broker/daemon/fake_ldapd.h"
#include "tests/unit/unit.h"

#include <string.h>

/* What the directory does by itself after a time: everything is asked for each six hours, and a line that
 * stays away for a minute is a record. Where the test wants it, that time is over at once. */

#define SECONDS ((uint64_t)1000000)
#define HOURS   (3600 * SECONDS)

static bool hurry;
static uint64_t full_after, lost_after; /* 0: not armed */

int __real_sd_event_source_set_time_relative(sd_event_source *s, uint64_t after);
int __wrap_sd_event_source_set_time_relative(sd_event_source *s, uint64_t after);
int __wrap_sd_event_source_set_time_relative(sd_event_source *s, uint64_t after)
{
    bool full = after >= HOURS, lost = after == 60 * SECONDS;

    full_after = full ? after : full_after;
    lost_after = lost ? after : lost_after;
    return __real_sd_event_source_set_time_relative(s, hurry && (full || lost) ? 0 : after);
}

static int setup(void **state)
{
    hurry = false;
    full_after = lost_after = 0;
    return world_setup(state);
}

static void tell_grant(struct ldapd *l, void *userdata)
{
    (void)userdata;
    ldapd_signed(l, 1, (struct grant_plan){0});
}

static void test_everything_each_six_hours(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    assert_in_range(full_after, 6 * HOURS, 7 * HOURS);
    ldapd_refresh(&l, tell_grant, NULL);
    ldapd_hang_up(&l);
    full_after = 0;
    ldapd_connect(&l);
    assert_string_not_equal(l.cookie, "");
    assert_int_equal(full_after, 0); /* what changed is not everything */
    hurry = true;
    ldapd_refresh(&l, NULL, NULL);
    (void)directory_refresh(w->broker->directory); /* from here on six hours are over */
    ldapd_await_start(&l, 3);
    hurry = false;
    assert_string_equal(l.cookie, "");
    ldapd_refresh(&l, tell_grant, NULL);
    assert_int_equal(world_knock(w), REASON_OK);
    assert_int_equal(ldapd_count(w, "entries"), 1);
    ldapd_hang_up(&l);
}

/* A revocation that was withheld while changes were told comes with it. */
static void test_lost_change_is_found(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    hurry = true;
    ldapd_hang_up(&l);
    ldapd_connect(&l);
    hurry = false;
    ldapd_refresh(&l, tell_grant, NULL);
    ldapd_await_start(&l, 2);
    assert_string_equal(l.cookie, "");
    ldapd_refresh(&l, NULL, NULL);
    assert_int_equal(ldapd_count(w, "withdrawn"), 1);
    ldapd_hang_up(&l);
}

static bool is_lost(struct world *w, void *userdata)
{
    (void)userdata;
    return w->broker->directory->is_lost;
}

static void test_a_minute_away(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_grant, NULL);
    ldapd_state(&l, FEED_LIVE, "");
    ldapd_settle(&l);
    assert_int_equal(world_records(w, EVENT_DIRECTORY, NULL, NULL), 1);
    lost_after = 0;
    ldapd_hang_up(&l);
    assert_int_equal(lost_after, 60 * SECONDS);
    assert_int_equal(world_records(w, EVENT_DIRECTORY, NULL, NULL), 1);
    ldapd_connect(&l);
    ldapd_refresh(&l, NULL, NULL); /* in time */
    hurry = true;
    ldapd_hang_up(&l);
    world_until(w, is_lost, NULL);
    assert_int_equal(world_records(w, EVENT_DIRECTORY, "failure", NULL), 1);
    ldapd_connect(&l);
    ldapd_hang_up(&l); /* it was never reached: nothing new */
    world_for(w, 50);
    assert_int_equal(world_records(w, EVENT_DIRECTORY, "failure", NULL), 1);
    hurry = false;
    ldapd_connect(&l);
    ldapd_refresh(&l, NULL, NULL);
    assert_int_equal(world_records(w, EVENT_DIRECTORY, "success", NULL), 2);
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_hang_up(&l);
}

/* hufu-ldapd is there, and the server is not: the same, with what it said. */
static void test_a_server_away(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_grant, NULL);
    hurry = true;
    ldapd_state(&l, FEED_FAILED, "no route to host");
    world_until(w, is_lost, NULL);
    ldapd_state(&l, FEED_CONNECTING, "");
    ldapd_state(&l, FEED_FAILED, "no route to host");
    world_for(w, 50);
    assert_int_equal(world_records(w, EVENT_DIRECTORY, "failure", NULL), 1);
    ldapd_hang_up(&l);
}

/* Where there never was one none is missed. */
static void test_never_there(void **state)
{
    struct world *w = *state;

    hurry = true;
    world_restart(w);
    world_for(w, 50);
    assert_false(w->broker->directory->is_lost);
    assert_int_equal(world_records(w, EVENT_DIRECTORY, NULL, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_everything_each_six_hours, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_lost_change_is_found, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_minute_away, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_server_away, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_never_there, setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
