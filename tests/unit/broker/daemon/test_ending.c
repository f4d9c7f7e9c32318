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
#include <unistd.h>

#include <cmocka.h>

/* What ends sessions, and what is said about it. */

static const struct grant_entry *entry_of(struct world *w)
{
    struct ident_id id;

    assert_int_equal(ident_parse_id(PAPERS_ID, 32, &id), 0);
    return grant_index_find(grants_index(w->broker->grants), &id);
}

static bool is_ending(struct world *w, void *userdata)
{
    const struct session *s = registry_first(w->broker->registry);

    (void)userdata;
    return s && s->state == SESSION_ENDING;
}

static bool reaper_is_asked(struct world *w, void *userdata)
{
    (void)userdata;
    return w->reaper.holding;
}

static json_t *revocation(const char *name)
{
    return json_pack("{ss ss ss}", "scope", "grant", "name", name, "why", "test");
}

static void test_revoke(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), again = visitor_new();
    struct gate_pam m = world_login(&again);
    struct varlink_reply r;
    struct gate_reply reply;
    json_t *ending;
    uint64_t generation;

    world_grant(w, (struct grant_plan){.sessions = "2"});
    world_log_in(w, &v);
    generation = w->broker->generation;
    r = world_call(w, "Revoke", revocation(PAPERS_ID));
    assert_null(r.error);
    /* What waits for its commit is judged again by this (test_revoke_during_commit). */
    assert_true(w->broker->generation > generation);
    ending = json_object_get(r.parameters, "ending");
    assert_true(json_is_true(json_object_get(ending, "proven")));
    assert_int_equal(json_integer_value(json_object_get(ending, "sessions")), 1);
    assert_int_equal(json_integer_value(json_object_get(ending, "processes")), 2);
    assert_non_null(strstr(w->reaper.last_end.text, "has been revoked. [revoked]\n"));
    assert_null(registry_first(w->broker->registry));
    reply = world_ask(w, &again, FRAME_GATE_ACCOUNT, &m);
    world_assert_denied(&reply, REASON_REVOKED);
    varlink_reply_done(&r);
    visitor_end(&v);
    visitor_end(&again);
}

/* revoke says nothing before the reaper does; and what it could not prove keeps the account locked. */
static void test_revoke_waits_for_proof(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), again = visitor_new();
    struct gate_pam m = world_login(&again);
    struct gate_reply reply;
    int fd, gate;

    world_grant(w, (struct grant_plan){.uses = "5 per-host", .sessions = "2"});
    world_log_in(w, &v);
    w->reaper.hold_ends = true;
    fd = world_begin_call(w, "Revoke", revocation(PAPERS_ID));
    world_until(w, is_ending, NULL);
    world_for(w, 100);
    assert_false(world_has_answer(w, fd));
    gate = world_send(w, &again, FRAME_GATE_ACCOUNT, &m);
    world_for(w, 100);
    assert_false(world_has_answer(w, gate)); /* it waits for the ending, not longer than the module would */
    reply = world_take(w, gate);
    world_assert_denied(&reply, REASON_REMAINS);
    fake_reaper_release(&w->reaper);
    struct varlink_reply r = world_take_reply(w, fd);
    assert_null(r.error);
    varlink_reply_done(&r);
    visitor_end(&v);
    visitor_end(&again);
}

/* A tombstone that comes while an admission waits for the lease or the disk wins. */
static void test_revoke_in_flight(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct varlink_reply r;
    struct gate_reply reply;
    int fd;

    world_grant(w, (struct grant_plan){0});
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    w->reaper.hold_leases = true;
    world_tie(&m);
    fd = world_send(w, &v, FRAME_GATE_OPEN, &m);
    while (!w->reaper.holding)
        world_for(w, 5);
    r = world_call(w, "Revoke", revocation(PAPERS_ID));
    assert_null(r.error);
    varlink_reply_done(&r);
    fake_reaper_release(&w->reaper);
    reply = world_take(w, fd);
    world_assert_denied(&reply, REASON_REVOKED);
    visitor_end(&v);
}

/* ... and also one that comes between the decision and the end of its commit. */
static void test_revoke_during_commit(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct store_taken tombstone = {
        .kind = STORE_TOMBSTONE, .scope = STORE_TAKEN_GRANT, .name = PAPERS_ID, .until = WHEN_NEVER};
    struct gate_reply reply;
    int fd;

    world_grant(w, (struct grant_plan){0});
    fd = world_send(w, &v, FRAME_GATE_ACCOUNT, &m);
    while (!registry_first(w->broker->registry)) {
        assert_true(sd_event_run(w->event, 10000) >= 0);
    }
    assert_int_equal(taken_put(w->broker->taken, &tombstone, NULL), 0);
    w->broker->generation++;
    reply = world_take(w, fd);
    world_assert_denied(&reply, REASON_REVOKED);
    assert_null(registry_first(w->broker->registry));
    assert_int_equal(entry_of(w)->uses_taken, 0);
    visitor_end(&v);
}

static void test_revoke_of_an_unknown_grant(void **state)
{
    struct world *w = *state;
    struct varlink_reply r = world_call(w, "Revoke", revocation(PAPERS_ID));

    assert_null(r.error);
    varlink_reply_done(&r);
    assert_int_equal(world_grant(w, (struct grant_plan){0}), REASON_REVOKED);
}

static void test_deadline(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    enum reason reason;
    uint64_t before;

    world_grant(w, (struct grant_plan){.max_session = "1"});
    world_log_in(w, &v);
    before = clock_boot_us();
    world_until(w, world_nobody_is_left, NULL);
    assert_true(clock_boot_us() - before < 20000000);
    world_records(w, EVENT_SESSION_CLOSE, "success", &reason);
    assert_int_equal(reason, REASON_MAX_SESSION);
    visitor_end(&v);
}

static void test_survivors(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), again = visitor_new();
    enum reason reason;

    world_grant(w, (struct grant_plan){.uses = "5 per-host", .sessions = "3"});
    world_log_in(w, &v);
    w->reaper.end_result = REAP_SURVIVORS;
    visitor_end(&v);
    world_until(w, is_ending, NULL);
    world_for(w, 50);
    struct gate_pam m = world_login(&again);
    struct gate_reply reply = world_ask(w, &again, FRAME_GATE_ACCOUNT, &m);
    world_assert_denied(&reply, REASON_REMAINS);
    assert_int_equal(world_records(w, EVENT_SESSION_REMAINS, "failure", &reason), 1);
    w->reaper.end_result = REAP_DONE;
    endings_retry(w->broker->endings, w->broker->registry);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(world_ask(w, &again, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    visitor_end(&again);
}

/* Who logged out is told nothing: it would be written to what they left running. */
static void test_who_logged_out_is_told_nothing(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();

    world_grant(w, (struct grant_plan){0});
    world_log_in(w, &v);
    visitor_end(&v);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(w->reaper.ends, 1);
    assert_string_equal(w->reaper.last_end.text, "");
}

/* hufud was silent, the reaper ended the session: of the two things that it hears then, the leader's end may
 * be the first. */
static void test_lapsed_lease_is_no_logout(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    enum reason reason = REASON_OK;

    world_grant(w, (struct grant_plan){0});
    world_log_in(w, &v);
    w->reaper.hold_ends = true;
    visitor_end(&v);
    world_until(w, reaper_is_asked, NULL);
    life_on_unasked(w->broker, &(struct reap_reply){.session = registry_first(w->broker->registry)->number});
    fake_reaper_release(&w->reaper);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(world_records(w, EVENT_SESSION_CLOSE, "success", &reason), 1);
    assert_int_equal(reason, REASON_LEASE_LAPSED);
}

/* Two sessions: the first to end takes itself and what it may have left, the last takes everything. */
static void test_last_session_sweeps(void **state)
{
    struct world *w = *state;
    struct visitor one = visitor_new(), two = visitor_new();
    const struct session *s;

    world_grant(w, (struct grant_plan){.sessions = "2"});
    world_log_in(w, &one);
    world_log_in(w, &two);
    visitor_end(&one);
    while (!(s = registry_first(w->broker->registry)) || registry_next(s))
        world_for(w, 5);
    assert_int_equal(w->reaper.last_end.target.scope, REAP_STRAYS);
    assert_int_not_equal(w->reaper.last_end.target.session, 0);
    visitor_end(&two);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(w->reaper.last_end.target.scope, REAP_PERSON);
}

/* A reservation is no process of theirs yet, and may be held for minutes. */
static void test_strays_go_beside_a_reservation(void **state)
{
    struct world *w = *state;
    struct visitor one = visitor_new(), two = visitor_new();
    struct gate_pam m = world_login(&two);

    world_grant(w, (struct grant_plan){.sessions = "2"});
    world_log_in(w, &one);
    m.caller.parent = 1;
    assert_int_equal(world_ask(w, &two, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    visitor_end(&one);
    while (w->reaper.ends == 0)
        world_for(w, 5);
    assert_int_equal(w->reaper.last_end.target.scope, REAP_STRAYS);
    visitor_end(&two);
    world_until(w, world_nobody_is_left, NULL);
}

#define BROKER_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BROKER_TEST(test_revoke),
        BROKER_TEST(test_revoke_waits_for_proof),
        BROKER_TEST(test_revoke_in_flight),
        BROKER_TEST(test_revoke_during_commit),
        BROKER_TEST(test_revoke_of_an_unknown_grant),
        BROKER_TEST(test_deadline),
        BROKER_TEST(test_survivors),
        BROKER_TEST(test_who_logged_out_is_told_nothing),
        BROKER_TEST(test_lapsed_lease_is_no_logout),
        BROKER_TEST(test_last_session_sweeps),
        BROKER_TEST(test_strays_go_beside_a_reservation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
