// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "broker/daemon/directory.h"
#include "tests/unit/broker/daemon/fake_ldapd.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* What people are told of the directory: how it is reached, how old it is, and what is wrong with it. */

static bool status_says(struct world *w, const char *words)
{
    struct varlink_reply r = world_call(w, "Status", NULL);
    bool found = false;
    const json_t *x;
    size_t i;

    json_array_foreach(json_object_get(r.parameters, "findings"), i, x)
    {
        found = found || (strcmp(json_string_value(json_object_get(x, "subject")), "directory") == 0 &&
                          strstr(json_string_value(json_object_get(x, "message")), words));
    }
    varlink_reply_done(&r);
    return found;
}

static void assert_shows(struct world *w, const char *member, const char *expected)
{
    struct varlink_reply r = world_call(w, "SyncShow", NULL);
    const char *text = json_string_value(json_object_get(r.parameters, member));

    if (!text || strcmp(text, expected) != 0)
        fail_msg("%s: %s", member, text ? text : "-");
    varlink_reply_done(&r);
}

static void test_states(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    assert_shows(w, "state", "away");
    assert_false(status_says(w, "reached")); /* there is none, and none is missed */
    ldapd_connect(&l);
    assert_shows(w, "state", "connecting");
    assert_false(status_says(w, "reached")); /* a moment is no fault */
    ldapd_state(&l, FEED_FAILED, "wrong password");
    ldapd_settle(&l);
    assert_true(status_says(w, "wrong password")); /* who sets it up wants to know */
    ldapd_state(&l, FEED_REFRESHING, "");
    ldapd_refresh(&l, NULL, NULL);
    assert_shows(w, "state", "refreshing");
    ldapd_state(&l, FEED_LIVE, "");
    ldapd_settle(&l);
    assert_shows(w, "state", "live");
    assert_shows(w, "server", "ldaps://d1.finance.example");
    assert_false(status_says(w, "reached"));
    assert_int_equal(world_records(w, EVENT_DIRECTORY, "success", NULL), 1);
    ldapd_state(&l, FEED_FAILED, "no route to host");
    ldapd_settle(&l);
    assert_shows(w, "state", "failed");
    assert_shows(w, "last_error", "no route to host");
    assert_true(status_says(w, "no route to host"));
    ldapd_hang_up(&l);
    assert_shows(w, "state", "away");
    assert_true(status_says(w, "hufu-ldapd is away"));
    /* Neither coming nor going within a minute is a record. */
    ldapd_connect(&l);
    ldapd_refresh(&l, NULL, NULL);
    assert_int_equal(world_records(w, EVENT_DIRECTORY, NULL, NULL), 1);
    ldapd_hang_up(&l);
}

static void test_heartbeat(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    char now[WHEN_TEXT_SIZE], old[WHEN_TEXT_SIZE];

    when_format(clock_wall(), now);
    when_format(clock_wall() - 400, old);
    ldapd_connect(&l);
    ldapd_refresh(&l, NULL, NULL);
    ldapd_entry(&l, 1, old, NULL, NULL);
    ldapd_settle(&l);
    assert_shows(w, "heartbeat_written", old);
    assert_true(status_says(w, "heartbeat"));
    ldapd_entry(&l, 1, now, NULL, NULL);
    ldapd_settle(&l);
    assert_shows(w, "heartbeat_written", now);
    assert_false(status_says(w, "heartbeat"));
    assert_int_equal(ldapd_count(w, "entries"), 1);
    assert_int_equal(ldapd_count(w, "bad"), 0);
    ldapd_entry(&l, 1, "2026-21-11T00:00:00Z", NULL, NULL);
    ldapd_settle(&l);
    assert_int_equal(ldapd_count(w, "bad"), 1);
    assert_true(status_says(w, "of no use"));
    ldapd_hang_up(&l);
}

static void test_refresh_is_ordered(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    struct varlink_reply r;

    ldapd_connect(&l);
    ldapd_refresh(&l, NULL, NULL);
    ldapd_hang_up(&l);
    r = world_call(w, "SyncRefresh", NULL);
    assert_false(json_is_true(json_object_get(r.parameters, "connected")));
    varlink_reply_done(&r);
    ldapd_connect(&l);
    assert_string_equal(l.cookie, ""); /* now that it is back */
    ldapd_refresh(&l, NULL, NULL);
    r = world_call(w, "SyncRefresh", NULL);
    assert_true(json_is_true(json_object_get(r.parameters, "connected")));
    varlink_reply_done(&r);
    ldapd_await_start(&l, 2);
    assert_string_equal(l.cookie, "");
    ldapd_hang_up(&l);
}

/* A cookie of any octets is kept as it is. */
static void test_cookie_of_a_full_size(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    char cookie[FEED_COOKIE_MAX + 1];

    memset(cookie, 'x', FEED_COOKIE_MAX);
    cookie[FEED_COOKIE_MAX] = '\0';
    ldapd_connect(&l);
    ldapd_begin(&l, true);
    ldapd_end(&l, true, cookie);
    ldapd_settle(&l);
    ldapd_hang_up(&l);
    world_stop(w);
    world_start(w);
    ldapd_connect(&l);
    assert_string_equal(l.cookie, cookie);
    ldapd_hang_up(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_states, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_heartbeat, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_refresh_is_ordered, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_cookie_of_a_full_size, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
