// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/daemon/life.h"
#include "tests/unit/broker/daemon/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* revoke --grace: nothing new from now on; what lives is told, and ends a little later, for certain. Warnings
 * that nobody could hear. */

static json_t *revocation(const char *scope, const char *name, int grace)
{
    return json_pack("{ss ss ss si}", "scope", scope, "name", name, "why", "test", "grace_seconds", grace);
}

static bool is_warned(struct world *w, void *userdata)
{
    return w->reaper.warns >= *(unsigned *)userdata;
}

static void until_warned(struct world *w, unsigned n)
{
    world_until(w, is_warned, &n);
}

static enum reason login_reason(struct world *w)
{
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);

    visitor_end(&v);
    return reply.reason;
}

static void take_ending(struct world *w, int call, int sessions)
{
    struct varlink_reply r = world_take_reply(w, call);
    const json_t *ending = json_object_get(r.parameters, "ending");

    assert_null(r.error);
    assert_true(json_is_true(json_object_get(ending, "proven")));
    assert_int_equal(json_integer_value(json_object_get(ending, "sessions")), sessions);
    varlink_reply_done(&r);
}

static void test_grace(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    enum reason reason;
    int call;

    world_grant(w, (struct grant_plan){.sessions = "2"});
    world_log_in(w, &v);
    call = world_begin_call(w, "Revoke", revocation("grant", PAPERS_ID, 2));
    until_warned(w, 1);
    /* New ones are refused at once; the live one has a short lease, and was told why and until when. */
    assert_string_equal(reason_name(login_reason(w)), "revoked");
    assert_int_equal(registry_first(w->broker->registry)->state, SESSION_OPEN);
    assert_true(w->reaper.last_lease.seconds <= 3);
    assert_non_null(strstr(w->reaper.last_warn.text, "session ends at 20"));
    assert_non_null(strstr(w->reaper.last_warn.text, "[revoked]"));
    assert_non_null(strstr(w->reaper.last_warn.text, "Reference: "));
    assert_false(world_has_answer(w, call));
    /* The answer comes with the proof. */
    take_ending(w, call, 1);
    assert_null(registry_first(w->broker->registry));
    world_records(w, EVENT_SESSION_CLOSE, "success", &reason);
    assert_string_equal(reason_name(reason), "revoked");
    assert_int_equal(world_records(w, EVENT_WARN_UNHEARD, NULL, NULL), 0);
    visitor_end(&v);
}

/* Grace never gives a session more than it had. */
static void test_grace_lengthens_nothing(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct session *s;
    when_t before;
    int call;

    world_grant(w, (struct grant_plan){.max_session = "60"});
    world_log_in(w, &v);
    s = registry_first(w->broker->registry);
    before = s->deadline;
    call = world_begin_call(w, "Revoke", revocation("grant", PAPERS_ID, 900));
    until_warned(w, 1);
    assert_int_equal(s->deadline, before);
    life_recheck_all(w->broker);
    assert_int_equal(s->deadline, before);
    close_fd(call);
    visitor_end(&v);
}

static void test_second_revoke_ends_at_once(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    int first;

    world_grant(w, (struct grant_plan){0});
    world_log_in(w, &v);
    first = world_begin_call(w, "Revoke", revocation("grant", PAPERS_ID, 600));
    until_warned(w, 1);
    take_ending(w, world_begin_call(w, "Revoke", revocation("grant", PAPERS_ID, 0)), 1);
    assert_null(registry_first(w->broker->registry));
    take_ending(w, first, 1);
    visitor_end(&v);
}

static void test_shorter_grace_counts(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct session *s;
    int calls[3];
    when_t now;

    world_grant(w, (struct grant_plan){0});
    world_log_in(w, &v);
    s = registry_first(w->broker->registry);
    calls[0] = world_begin_call(w, "Revoke", revocation("grant", PAPERS_ID, 600));
    until_warned(w, 1);
    now = clock_wall();
    calls[1] = world_begin_call(w, "Revoke", revocation("staff", WORLD_STAFF, 100));
    until_warned(w, 2);
    assert_true(s->deadline >= now + 100 && s->deadline <= now + 102);
    calls[2] = world_begin_call(w, "Revoke", revocation("vendor", "acme", 800));
    until_warned(w, 3);
    assert_true(s->deadline >= now + 100 && s->deadline <= now + 102);
    for (size_t i = 0; i < 3; i++)
        close_fd(calls[i]);
    visitor_end(&v);
}

/* An order about something else leaves grace alone. */
static void test_another_order_leaves_grace(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    int first;

    world_grant(w, (struct grant_plan){0});
    world_log_in(w, &v);
    first = world_begin_call(w, "Revoke", revocation("grant", PAPERS_ID, 600));
    until_warned(w, 1);
    take_ending(w, world_begin_call(w, "Revoke", revocation("staff", "wang.wu", 0)), 0);
    assert_int_equal(registry_first(w->broker->registry)->state, SESSION_OPEN);
    close_fd(first);
    visitor_end(&v);
}

/* What has another reason to end does not wait. */
static void test_another_reason_ends_at_once(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct varlink_reply r;
    int first;

    world_grant(w, (struct grant_plan){0});
    world_log_in(w, &v);
    first = world_begin_call(w, "Revoke", revocation("grant", PAPERS_ID, 600));
    until_warned(w, 1);
    r = world_call(w, "Lock", json_pack("{ss ss ss}", "scope", "staff", "name", WORLD_STAFF, "why", "x"));
    assert_null(r.error);
    varlink_reply_done(&r);
    world_until(w, world_nobody_is_left, NULL);
    take_ending(w, first, 1);
    visitor_end(&v);
}

/* Grace is not on disk: a start of the broker ends what it had left alone. */
static void test_restart_within_grace(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    int first;

    world_grant(w, (struct grant_plan){0});
    world_log_in(w, &v);
    first = world_begin_call(w, "Revoke", revocation("grant", PAPERS_ID, 600));
    until_warned(w, 1);
    w->reaper.start_time = 1000 + (uint64_t)v.pid;
    world_stop(w);
    close_fd(first);
    world_start(w);
    world_until(w, world_nobody_is_left, NULL);
    visitor_end(&v);
}

/* A session that is only being opened has none. */
static void test_no_grace_for_a_reservation(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);

    world_grant(w, (struct grant_plan){0});
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    take_ending(w, world_begin_call(w, "Revoke", revocation("grant", PAPERS_ID, 600)), 0);
    assert_null(registry_first(w->broker->registry));
    assert_int_equal(w->reaper.warns, 0);
    visitor_end(&v);
}

static void test_too_much_grace(void **state)
{
    struct world *w = *state;
    struct varlink_reply r = world_call(w, "Revoke", revocation("grant", PAPERS_ID, 901));

    assert_string_equal(r.error, "org.varlink.service.InvalidParameter");
    assert_int_equal(taken_count(w->broker->taken), 0);
    varlink_reply_done(&r);
}

/* ---- warnings ---- */

static bool is_unheard(struct world *w, void *userdata)
{
    return world_records(w, EVENT_WARN_UNHEARD, "failure", NULL) == *(unsigned *)userdata;
}

/* Once for each warning that no terminal took, with its session. */
static void test_unheard_warning_is_recorded(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    unsigned one = 1, two = 2;
    struct varlink_reply r;
    json_int_t number;
    int calls[2];

    world_grant(w, (struct grant_plan){0});
    number = (json_int_t)world_log_in(w, &v);
    w->reaper.terminals = 0;
    calls[0] = world_begin_call(w, "Revoke", revocation("grant", PAPERS_ID, 600));
    until_warned(w, 1);
    world_until(w, is_unheard, &one);
    calls[1] = world_begin_call(w, "Revoke", revocation("grant", PAPERS_ID, 500));
    until_warned(w, 2);
    world_until(w, is_unheard, &two);
    w->reaper.login_uid = UINT32_MAX;
    r = world_call(w, "Audit", json_pack("{ss sI}", "event", EVENT_WARN_UNHEARD, "session", number));
    assert_int_equal(json_array_size(json_object_get(r.parameters, "records")), 2);
    varlink_reply_done(&r);
    close_fd(calls[0]);
    close_fd(calls[1]);
    visitor_end(&v);
}

#define GRACE_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GRACE_TEST(test_grace),
        GRACE_TEST(test_grace_lengthens_nothing),
        GRACE_TEST(test_second_revoke_ends_at_once),
        GRACE_TEST(test_shorter_grace_counts),
        GRACE_TEST(test_another_order_leaves_grace),
        GRACE_TEST(test_another_reason_ends_at_once),
        GRACE_TEST(test_restart_within_grace),
        GRACE_TEST(test_no_grace_for_a_reservation),
        GRACE_TEST(test_too_much_grace),
        GRACE_TEST(test_unheard_warning_is_recorded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
