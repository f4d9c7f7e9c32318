// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "tests/unit/broker/daemon/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The way of a login through the whole broker, and what happens at its edges (3-rules). */

static const struct grant_entry *entry_of(struct world *w)
{
    struct ident_id id;

    assert_int_equal(ident_parse_id(PAPERS_ID, 32, &id), 0);
    return grant_index_find(grants_index(w->broker->grants), &id);
}

static void test_without_grant(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);
    enum reason reason;

    world_assert_denied(&reply, REASON_NO_GRANT);
    assert_int_equal(world_records(w, EVENT_LOGIN, "failure", &reason), 1);
    assert_int_equal(reason, REASON_NO_GRANT);
    visitor_end(&v);
}

static void test_login_and_logout(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    enum reason reason;

    assert_int_equal(world_grant(w, (struct grant_plan){0}), REASON_OK);
    world_log_in(w, &v);
    assert_int_equal(entry_of(w)->uses_taken, 1);
    assert_int_equal(entry_of(w)->sessions_live, 1);
    assert_int_equal(w->reaper.leases, 1);
    assert_int_equal(w->reaper.last_lease.target.leader, (uint32_t)v.pid);
    assert_int_equal(w->reaper.last_lease.target.uid, WORLD_UID);
    assert_true(w->reaper.last_lease.seconds > 3500 && w->reaper.last_lease.seconds <= 3601);
    assert_int_equal(world_records(w, EVENT_LOGIN, "success", NULL), 1);
    assert_int_equal(world_records(w, EVENT_SESSION_OPEN, "success", NULL), 1);

    visitor_end(&v);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(w->reaper.last_end.target.scope, REAP_PERSON);
    assert_int_equal(entry_of(w)->sessions_live, 0);
    assert_int_equal(entry_of(w)->uses_taken, 1);
    assert_false(entry_of(w)->closed);
    assert_int_equal(world_records(w, EVENT_SESSION_CLOSE, "success", &reason), 1);
    assert_int_equal(reason, REASON_LOGGED_OUT);
}

/* Before anybody is let in, the record is on disk: another broker finds it there. */
static void test_record_before_reply(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    uint64_t before;

    world_grant(w, (struct grant_plan){0});
    before = w->broker->last_sequence;
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    assert_true(w->broker->last_sequence > before);
    visitor_end(&v);
}

static void test_uses_and_sessions(void **state)
{
    struct world *w = *state;
    struct visitor one = visitor_new(), two = visitor_new();
    struct gate_pam m = world_login(&two);
    struct gate_reply reply;

    world_grant(w, (struct grant_plan){.uses = "1 per-host"});
    world_log_in(w, &one);
    reply = world_ask(w, &two, FRAME_GATE_ACCOUNT, &m);
    world_assert_denied(&reply, REASON_USES_EXHAUSTED);
    visitor_end(&one);
    world_until(w, world_nobody_is_left, NULL);
    assert_true(entry_of(w)->closed);
    reply = world_ask(w, &two, FRAME_GATE_ACCOUNT, &m);
    world_assert_denied(&reply, REASON_CLOSED);
    assert_int_equal(world_records(w, EVENT_GRANT_CLOSE, NULL, NULL), 1);
    visitor_end(&two);
}

static void test_sessions_limit(void **state)
{
    struct world *w = *state;
    struct visitor one = visitor_new(), two = visitor_new();
    struct gate_pam m = world_login(&two);
    struct gate_reply reply;

    world_grant(w, (struct grant_plan){.uses = "5 per-host"});
    world_log_in(w, &one);
    reply = world_ask(w, &two, FRAME_GATE_ACCOUNT, &m);
    world_assert_denied(&reply, REASON_SESSIONS_LIMIT);
    visitor_end(&one);
    visitor_end(&two);
}

/* A reservation is given back when its holder goes without a session. */
static void test_reservation_is_released(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);

    world_grant(w, (struct grant_plan){0});
    (void)snprintf(m.service, sizeof(m.service), "login");
    (void)snprintf(m.tty, sizeof(m.tty), "tty1");
    m.ssh_connection[0] = '\0';
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    assert_int_equal(entry_of(w)->uses_taken, 1);
    visitor_end(&v);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(entry_of(w)->uses_taken, 0);
    assert_int_equal(entry_of(w)->sessions_live, 0);
    assert_int_equal(world_records(w, EVENT_RELEASE, NULL, NULL), 1);
}

/* keyboard-interactive: the holder is a child of the monitor and goes; the monitor opens. */
static void test_parent_opens(void **state)
{
    struct world *w = *state;
    struct visitor child = visitor_new(), monitor = visitor_new();
    struct gate_pam m = world_login(&child), open = world_login(&monitor);

    world_grant(w, (struct grant_plan){0});
    m.caller.parent = (uint32_t)monitor.pid;
    m.caller.parent_start_time = open.caller.start_time;
    assert_int_equal(world_ask(w, &child, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    visitor_end(&child);
    world_for(w, 50);
    assert_int_equal(entry_of(w)->uses_taken, 1);
    (void)snprintf(open.auth_info, sizeof(open.auth_info), "keyboard-interactive/pam\n");
    world_tie(&open);
    assert_int_equal(world_ask(w, &monitor, FRAME_GATE_OPEN, &open).verdict, VERDICT_ALLOW);
    assert_int_equal(entry_of(w)->uses_taken, 1);
    visitor_end(&monitor);
    world_until(w, world_nobody_is_left, NULL);
}

static void test_parent_gone_too(void **state)
{
    struct world *w = *state;
    struct visitor child = visitor_new(), monitor = visitor_new();
    struct gate_pam m = world_login(&child);

    world_grant(w, (struct grant_plan){0});
    m.caller.parent = (uint32_t)monitor.pid;
    assert_int_equal(world_ask(w, &child, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    visitor_end(&child);
    visitor_end(&monitor);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(entry_of(w)->uses_taken, 0);
}

static void test_session_without_account_phase(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);

    world_grant(w, (struct grant_plan){0});
    world_tie(&m);
    assert_int_equal(world_ask(w, &v, FRAME_GATE_OPEN, &m).verdict, VERDICT_ALLOW);
    assert_int_equal(entry_of(w)->uses_taken, 1);
    visitor_end(&v);
}

static void test_forged_pid(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply;

    world_grant(w, (struct grant_plan){0});
    m.caller.pid++;
    reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);
    world_assert_denied(&reply, REASON_CALLER_MISMATCH);
    visitor_end(&v);
}

static void test_not_gated(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply;

    m.range = (struct gate_range){1000, 1999}; /* the module has another range than the broker */
    m.person_uid = m.user_uid = 1000;
    reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);
    world_assert_denied(&reply, REASON_NOT_GATED);
    visitor_end(&v);
}

static void test_garbage_ends_itself_alone(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    int fd = visitor_connect(&v, world_path(w, "gate"));
    char octet;

    assert_int_equal(write(fd, "GET / HTTP/1.0\r\n\r\n", 18), 18);
    world_for(w, 50);
    assert_true(read(fd, &octet, 1) <= 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).reason, REASON_NO_GRANT);
    assert_int_equal(world_records(w, EVENT_REQUEST_REFUSED, "failure", NULL), 1);
    visitor_end(&v);
}

static void test_switch(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), su = visitor_new();
    struct gate_pam m = world_login(&su);
    struct gate_reply reply;

    (void)snprintf(m.service, sizeof(m.service), "sudo");
    m.ssh_connection[0] = '\0';
    reply = world_ask(w, &su, FRAME_GATE_ACCOUNT, &m);
    world_assert_denied(&reply, REASON_NO_SESSION);
    world_grant(w, (struct grant_plan){.command = "/usr/bin/id"});
    world_log_in(w, &v);
    m.caller.audit_session = (uint32_t)v.pid;
    assert_int_equal(world_ask(w, &su, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    (void)snprintf(m.user, sizeof(m.user), "root");
    m.user_uid = 0;
    reply = world_ask(w, &su, FRAME_GATE_OPEN, &m);
    world_assert_denied(&reply, REASON_RUN_AS_NOT_GRANTED);
    visitor_end(&v);
    visitor_end(&su);
}

#define BROKER_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BROKER_TEST(test_without_grant),
        BROKER_TEST(test_login_and_logout),
        BROKER_TEST(test_record_before_reply),
        BROKER_TEST(test_uses_and_sessions),
        BROKER_TEST(test_sessions_limit),
        BROKER_TEST(test_reservation_is_released),
        BROKER_TEST(test_parent_opens),
        BROKER_TEST(test_parent_gone_too),
        BROKER_TEST(test_session_without_account_phase),
        BROKER_TEST(test_forged_pid),
        BROKER_TEST(test_not_gated),
        BROKER_TEST(test_garbage_ends_itself_alone),
        BROKER_TEST(test_switch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
