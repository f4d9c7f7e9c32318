// LAYERS: test_support

#include "broker/audit/event.h"
#include "tests/unit/broker/daemon/world.h"
#include "tests/unit/unit.h"

#include <unistd.h>

/* Who is on lease at the reaper, and open in no book. */

#define STRANGER  4000
#define AUDITED   77
#define OTHER_UID (WORLD_UID + 1)

static const struct reap_target lease = {.scope = REAP_SESSION,
                                         .uid = WORLD_UID,
                                         .session = STRANGER,
                                         .audit_session = AUDITED,
                                         .leader = 4711,
                                         .leader_start = 815};

static json_t *revocation(const char *scope, const char *name)
{
    return json_pack("{ss ss ss}", "scope", scope, "name", name, "why", "test");
}

static bool is_ended(struct world *w, void *userdata)
{
    (void)userdata;
    return w->reaper.ends > 0;
}

static bool is_known(struct world *w, void *userdata)
{
    (void)userdata;
    return w->broker->strangers_known;
}

static void restart_with(struct world *w, struct reap_target target)
{
    w->reaper.leased = target;
    world_restart(w);
}

static void test_is_ended(void **state)
{
    struct world *w = *state;
    enum reason reason = REASON_OK;
    struct visitor v = visitor_new();

    world_grant_often(w);
    restart_with(w, lease);
    world_until(w, is_ended, NULL);
    assert_int_equal(w->reaper.last_end.target.uid, WORLD_UID);
    assert_int_equal(w->reaper.last_end.target.session, STRANGER);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(world_records(w, EVENT_SESSION_CLOSE, "success", &reason), 1);
    assert_int_equal(reason, REASON_NO_SESSION);
    /* Nobody else gets its number. */
    assert_int_equal(world_log_in(w, &v), STRANGER + 1);
    visitor_end(&v);
}

/* Of theirs there is a session in the books: what is ended is that of the lease. */
static void test_one_beside_one_in_the_books(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    uint64_t number;

    world_grant_often(w);
    number = world_log_in(w, &v);
    w->reaper.start_time = m.caller.start_time;
    restart_with(w, lease);
    world_until(w, is_ended, NULL);
    assert_int_equal(w->reaper.last_end.target.session, STRANGER);
    world_for(w, 50);
    assert_int_equal(w->reaper.ends, 1);
    assert_int_equal(registry_find(w->broker->registry, number)->state, SESSION_OPEN);
    visitor_end(&v);
}

static void test_who_is_in_the_books_stays(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct reap_target mine = lease;

    world_grant_often(w);
    mine.session = world_log_in(w, &v);
    w->reaper.start_time = m.caller.start_time;
    restart_with(w, mine);
    world_until(w, is_known, NULL);
    world_for(w, 50);
    assert_int_equal(w->reaper.ends, 0);
    visitor_end(&v);
}

/* Its number is somebody else's in the books. */
static void test_number_of_another(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct reap_target theirs = lease;

    world_grant_often(w);
    theirs.session = world_log_in(w, &v);
    theirs.uid = OTHER_UID;
    w->reaper.start_time = m.caller.start_time;
    restart_with(w, theirs);
    world_until(w, is_ended, NULL);
    assert_int_equal(w->reaper.last_end.target.uid, OTHER_UID);
    world_for(w, 50);
    assert_int_equal(registry_find(w->broker->registry, theirs.session)->state, SESSION_OPEN);
    visitor_end(&v);
}

/* hufud was killed behind the lease: the session was never opened, and its use is none. */
static void test_reserved_in_the_books(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct reap_target mine = lease;

    world_grant_often(w);
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    mine.session = registry_first(w->broker->registry)->number;
    assert_int_equal(world_entry(w)->uses_taken, 1);
    restart_with(w, mine);
    world_until(w, is_ended, NULL);
    assert_int_equal(w->reaper.last_end.target.session, mine.session);
    assert_int_equal(w->reaper.last_end.target.leader, mine.leader);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(world_entry(w)->uses_taken, 0);
    visitor_end(&v);
}

/* Whatever is revoked: it may have been under that. */
static void test_revoke_waits_for_the_proof(void **state)
{
    static const struct {
        const char *scope, *name;
    } orders[] = {{"grant", PAPERS_ID}, {"staff", WORLD_STAFF}, {"vendor", "anybody"}};
    struct world *w = *state;
    struct varlink_reply r;

    for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
        unsigned before = w->reaper.ends;
        int fd;

        w->reaper.hold_ends = true;
        restart_with(w, lease);
        while (w->reaper.ends == before)
            world_for(w, 5);
        fd = world_begin_call(w, "Revoke", revocation(orders[i].scope, orders[i].name));
        world_for(w, 100);
        assert_false(world_has_answer(w, fd));
        fake_reaper_release(&w->reaper);
        r = world_take_reply(w, fd);
        assert_null(r.error);
        assert_true(json_is_true(json_object_get(json_object_get(r.parameters, "ending"), "proven")));
        varlink_reply_done(&r);
        world_until(w, world_nobody_is_left, NULL);
    }
}

/* The reaper has not said yet who is on lease. */
static void test_revoke_waits_for_knowing(void **state)
{
    struct world *w = *state;
    struct varlink_reply r;
    int fd;

    w->reaper.hold_leased = true;
    restart_with(w, lease);
    fd = world_begin_call(w, "Revoke", revocation("staff", WORLD_STAFF));
    world_for(w, 100);
    assert_false(world_has_answer(w, fd));
    assert_int_equal(w->reaper.ends, 0);
    w->reaper.hold_leased = false;
    fake_reaper_release(&w->reaper);
    r = world_take_reply(w, fd);
    assert_true(json_is_true(json_object_get(json_object_get(r.parameters, "ending"), "proven")));
    assert_int_equal(json_integer_value(json_object_get(json_object_get(r.parameters, "ending"), "sessions")),
                     1);
    assert_int_equal(w->reaper.ends, 1);
    varlink_reply_done(&r);
}

/* Books that cannot be read do not say that nobody is in; and no order counts as done. */
static void test_without_a_store(void **state)
{
    struct world *w = *state;
    struct varlink_reply r;

    world_stop(w);
    assert_int_equal(unlink(world_path(w, "hufu.db")), 0);
    w->reaper.leased = lease;
    world_start(w);
    world_for(w, 100);
    assert_int_equal(w->reaper.ends, 0);
    r = world_call(w, "Revoke", revocation("staff", WORLD_STAFF));
    assert_non_null(r.error);
    varlink_reply_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_is_ended, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_one_beside_one_in_the_books, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_who_is_in_the_books_stays, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_number_of_another, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_reserved_in_the_books, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_revoke_waits_for_the_proof, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_revoke_waits_for_knowing, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_without_a_store, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
