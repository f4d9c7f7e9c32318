// LAYERS: test_support

#include "broker/audit/event.h"
#include "tests/unit/broker/daemon/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* SIGTERM with calls in flight: each is answered, what was answered is on disk, and the next broker goes on.
 */

static struct session *the_session(struct world *w)
{
    return registry_first(w->broker->registry);
}

static bool is_reserved(struct world *w, void *userdata)
{
    (void)userdata;
    return the_session(w) != NULL;
}

static bool is_opening(struct world *w, void *userdata)
{
    (void)userdata;
    return the_session(w) && the_session(w)->state == SESSION_OPENING && w->reaper.holding;
}

static bool is_ending(struct world *w, void *userdata)
{
    (void)userdata;
    return the_session(w) && the_session(w)->state == SESSION_ENDING && w->reaper.holding;
}

static const struct grant_entry *entry_of(struct world *w)
{
    return grant_index_first_of(grants_index(w->broker->grants), WORLD_STAFF);
}

static struct gate_pam opening(const struct visitor *v)
{
    struct gate_pam m = world_login(v);

    (void)snprintf(m.auth_info, sizeof(m.auth_info), "password\n");
    m.caller.audit_session = (uint32_t)v->pid;
    m.caller.login_uid = WORLD_UID;
    return m;
}

static void test_who_waits_for_the_disk(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    int fd;

    world_grant(w, (struct grant_plan){.uses = "1 per-host"});
    fd = world_send(w, &v, FRAME_GATE_ACCOUNT, &m);
    world_until(w, is_reserved, NULL); /* submitted; its answer needs another turn of the loop */
    assert_false(world_has_answer(w, fd));
    world_stop(w);
    assert_int_equal(world_take(w, fd).verdict, VERDICT_ALLOW);
    /* What was promised is in the books: the next broker takes it up. */
    w->reaper.start_time = m.caller.start_time;
    world_start(w);
    assert_int_equal(entry_of(w)->uses_taken, 1);
    m = opening(&v);
    assert_string_equal(reason_name(world_ask(w, &v, FRAME_GATE_OPEN, &m).reason), "ok");
    assert_int_equal(entry_of(w)->uses_taken, 1);
    visitor_end(&v);
}

static void test_who_waits_for_the_reaper(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    int fd;

    world_grant(w, (struct grant_plan){.uses = "1 per-host"});
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    w->reaper.hold_leases = true;
    m = opening(&v);
    fd = world_send(w, &v, FRAME_GATE_OPEN, &m);
    world_until(w, is_opening, NULL);
    world_stop(w);
    assert_int_equal(world_take(w, fd).verdict, VERDICT_DENY);
    visitor_end(&v);
    w->reaper.hold_leases = w->reaper.holding = false;
    world_start(w);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(entry_of(w)->sessions_live, 0);
}

static void test_who_waits_for_an_ending(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), next = visitor_new();
    struct gate_pam m = world_login(&next);
    struct varlink_reply r;
    struct gate_reply reply;
    json_t *ending;
    int order, fd;

    world_grant(w, (struct grant_plan){0});
    world_log_in(w, &v);
    w->reaper.hold_ends = true;
    order = world_begin_call(w, "Revoke",
                             json_pack("{ss ss ss}", "scope", "staff", "name", WORLD_STAFF, "why", "test"));
    world_until(w, is_ending, NULL);
    fd = world_send(w, &next, FRAME_GATE_ACCOUNT, &m); /* waits until it is known what is left */
    world_for(w, 50);
    assert_false(world_has_answer(w, order));
    assert_false(world_has_answer(w, fd));
    world_stop(w);
    r = world_take_reply(w, order);
    assert_null(r.error);
    ending = json_object_get(r.parameters, "ending");
    assert_true(json_is_false(json_object_get(ending, "proven")));
    varlink_reply_done(&r);
    assert_int_equal(world_take(w, fd).verdict, VERDICT_DENY);

    /* The tombstone holds, and the ending goes on. */
    w->reaper.hold_ends = w->reaper.holding = false;
    world_start(w);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(world_records(w, EVENT_SESSION_CLOSE, "success", NULL), 1);
    reply = world_ask(w, &next, FRAME_GATE_ACCOUNT, &m);
    assert_string_equal(reason_name(reply.reason), reason_name(REASON_STAFF_REVOKED));
    visitor_end(&v);
    visitor_end(&next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_who_waits_for_the_disk, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_who_waits_for_the_reaper, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_who_waits_for_an_ending, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
