// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "tests/unit/broker/daemon/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* lock and unlock of a person, a vendor and the host. */

static json_t *target(const char *scope, const char *name)
{
    return json_pack("{ss ss ss}", "scope", scope, "name", name, "why", "fire drill");
}

/* Error name without the interface, or "" when it worked. */
static const char *asked(struct world *w, const char *method, json_t *parameters)
{
    static char error[64];
    struct varlink_reply r = world_call(w, method, parameters);

    (void)snprintf(error, sizeof(error), "%s", r.error ? strrchr(r.error, '.') + 1 : "");
    varlink_reply_done(&r);
    return error;
}

static enum reason login_reason(struct world *w)
{
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply;

    m.caller.parent = 0; /* whose reservation goes with the visitor */
    reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);
    visitor_end(&v);
    return reply.reason;
}

static size_t n_taken(struct world *w)
{
    struct varlink_reply r = world_call(w, "TakenList", NULL);
    size_t n = json_array_size(json_object_get(r.parameters, "taken"));

    assert_null(r.error);
    varlink_reply_done(&r);
    return n;
}

static void assert_login(struct world *w, enum reason reason)
{
    assert_string_equal(reason_name(login_reason(w)), reason_name(reason));
    world_until(w, world_nobody_is_left, NULL);
}

static const struct {
    const char *scope, *name, *other;
    enum reason reason;
} scopes[] = {{"staff", WORLD_STAFF, "wang.wu", REASON_STAFF_LOCKED},
              {"vendor", "acme", "initech", REASON_VENDOR_LOCKED},
              {"host", "", NULL, REASON_HOST_LOCKED}};

/* A lock ends what lives under it, with proof, keeps others out, survives a restart, and is taken back. */
static void test_each_scope(void **state)
{
    struct world *w = *state;
    enum reason reason;

    world_grant(w, (struct grant_plan){.uses = "20 per-host", .sessions = "20"});
    for (size_t i = 0; i < ARRAY_SIZE(scopes); i++) {
        struct visitor v = visitor_new();
        struct varlink_reply r;

        world_log_in(w, &v);
        if (scopes[i].other)
            assert_string_equal(asked(w, "Lock", target(scopes[i].scope, scopes[i].other)), "");
        assert_non_null(registry_first(w->broker->registry));
        r = world_call(w, "Lock", target(scopes[i].scope, scopes[i].name));
        assert_null(r.error);
        r.parameters = json_object_get(r.parameters, "ending");
        assert_int_equal(json_integer_value(json_object_get(r.parameters, "sessions")), 1);
        assert_true(json_is_true(json_object_get(r.parameters, "proven")));
        varlink_reply_done(&r);
        assert_null(registry_first(w->broker->registry));
        assert_login(w, scopes[i].reason);
        world_stop(w);
        world_start(w);
        assert_login(w, scopes[i].reason);
        r = world_call(w, "Unlock", target(scopes[i].scope, scopes[i].name));
        assert_null(r.error);
        assert_string_equal(json_string_value(json_object_get(json_object_get(r.parameters, "was"), "why")),
                            "fire drill");
        varlink_reply_done(&r);
        assert_login(w, REASON_OK);
        world_stop(w);
        world_start(w);
        assert_login(w, REASON_OK);
        world_records(w, EVENT_LOCK, "success", &reason);
        assert_string_equal(reason_name(reason), reason_name(scopes[i].reason));
        visitor_end(&v);
    }
    assert_int_equal(world_records(w, EVENT_LOCK, "success", NULL), 5);
    assert_int_equal(world_records(w, EVENT_UNLOCK_TAKEN, "success", NULL), 3);
    assert_int_equal(n_taken(w), 2); /* of others */
}

/* A reservation under way does not become a session. */
static void test_lock_in_flight(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);

    world_grant(w, (struct grant_plan){0});
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    assert_string_equal(asked(w, "Lock", target("host", "")), "");
    (void)snprintf(m.auth_info, sizeof(m.auth_info), "password\n");
    m.caller.login_uid = WORLD_UID;
    assert_int_equal(world_ask(w, &v, FRAME_GATE_OPEN, &m).verdict, VERDICT_DENY);
    visitor_end(&v);
}

static void test_not_locked(void **state)
{
    struct world *w = *state;
    struct varlink_reply r;

    assert_string_equal(asked(w, "Unlock", target("staff", WORLD_STAFF)), "Refused");
    r = world_call(w, "Revoke", target("staff", WORLD_STAFF));
    varlink_reply_done(&r);
    r = world_call(w, "Unlock", target("staff", WORLD_STAFF));
    assert_string_equal(r.error, "org.hufu.control.Refused");
    assert_string_equal(json_string_value(json_object_get(r.parameters, "reason")), "staff-revoked");
    assert_non_null(
        strstr(json_string_value(json_object_get(r.parameters, "message")), "revoked, not locked"));
    varlink_reply_done(&r);
    /* Locked as well: that goes, the revocation stays. */
    assert_string_equal(asked(w, "Lock", target("staff", WORLD_STAFF)), "");
    assert_int_equal(n_taken(w), 2);
    assert_string_equal(asked(w, "Unlock", target("staff", WORLD_STAFF)), "");
    assert_int_equal(n_taken(w), 1);
    world_grant(w, (struct grant_plan){0});
    assert_login(w, REASON_STAFF_REVOKED);
    assert_int_equal(world_records(w, EVENT_UNLOCK_TAKEN, NULL, NULL), 1);
}

static void test_wrong_targets(void **state)
{
    static const char *const wrong[][2] = {{"grant", PAPERS_ID}, {"host", "db01"}, {"staff", ""},
                                           {"vendor", "a b"},    {"", ""},         {"staff", "../etc"}};
    struct world *w = *state;

    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        assert_string_equal(asked(w, "Lock", target(wrong[i][0], wrong[i][1])), "InvalidParameter");
        assert_string_equal(asked(w, "Unlock", target(wrong[i][0], wrong[i][1])), "InvalidParameter");
    }
    assert_int_equal(n_taken(w), 0);
}

/* A lock with an end is over then, and may be set anew, also shorter. An end in the past would take nothing
 * away, so it is refused. */
static void test_until(void **state)
{
    struct world *w = *state;
    char soon[WHEN_TEXT_SIZE], later[WHEN_TEXT_SIZE], past[WHEN_TEXT_SIZE];
    struct varlink_reply r;
    json_t *parameters;

    when_format(clock_wall() + 2, soon);
    when_format(clock_wall() + 3600, later);
    when_format(clock_wall() - 1, past);
    world_grant(w, (struct grant_plan){0});
    parameters = target("host", "");
    (void)json_object_set_new(parameters, "until", json_string(past));
    assert_string_equal(asked(w, "Lock", parameters), "InvalidParameter");
    parameters = target("staff", WORLD_STAFF);
    (void)json_object_set_new(parameters, "until", json_string(past));
    assert_string_equal(asked(w, "Revoke", parameters), "InvalidParameter");
    parameters = target("host", "");
    (void)json_object_set_new(parameters, "until", json_string(later));
    assert_string_equal(asked(w, "Lock", parameters), "");
    r = world_call(w, "TakenList", NULL);
    assert_string_equal(json_string_value(json_object_get(
                            json_array_get(json_object_get(r.parameters, "taken"), 0), "until")),
                        later);
    varlink_reply_done(&r);
    parameters = target("host", "");
    (void)json_object_set_new(parameters, "until", json_string(soon));
    assert_string_equal(asked(w, "Lock", parameters), "");
    assert_login(w, REASON_HOST_LOCKED);
    world_for(w, 2100);
    assert_login(w, REASON_OK);
    assert_int_equal(n_taken(w), 0);
    assert_string_equal(asked(w, "Unlock", target("host", "")), "Refused");
}

/* A lock that comes while the one before it is being taken back stays. */
static void test_lock_during_unlock(void **state)
{
    struct world *w = *state;
    struct taken *t = w->broker->taken;
    const struct store_taken lock = {.kind = STORE_LOCK, .scope = STORE_TAKEN_HOST, .until = WHEN_NEVER};
    uint64_t before;

    assert_int_equal(taken_put(t, &lock, NULL), 0);
    before = taken_find(t, STORE_LOCK, STORE_TAKEN_HOST, "", 0)->serial;
    assert_int_equal(taken_put(t, &lock, NULL), 0);
    taken_remove_lock(t, STORE_TAKEN_HOST, "", before);
    assert_int_equal(taken_of_host(t, 0), REASON_HOST_LOCKED);
    taken_remove_lock(t, STORE_TAKEN_HOST, "", before + 1);
    assert_int_equal(taken_of_host(t, 0), REASON_OK);
}

#define LOCK_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCK_TEST(test_each_scope),    LOCK_TEST(test_lock_in_flight), LOCK_TEST(test_not_locked),
        LOCK_TEST(test_wrong_targets), LOCK_TEST(test_until),          LOCK_TEST(test_lock_during_unlock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
