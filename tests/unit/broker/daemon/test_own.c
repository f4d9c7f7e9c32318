// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/files.h"
#include "tests/unit/broker/daemon/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What a gated person may ask the control socket: about what is theirs, and the rest is not there. */

#define OTHER_PERSON (WORLD_UID + 1)

static json_int_t shown(struct world *w, json_t *parameters, const char *error)
{
    struct varlink_reply r = world_call(w, "SessionShow", parameters);
    json_int_t number =
        json_integer_value(json_object_get(json_object_get(r.parameters, "session"), "number"));

    if (error)
        assert_string_equal(r.error, error);
    else
        assert_null(r.error);
    varlink_reply_done(&r);
    return number;
}

#define NOT_FOUND "org.hufu.control.NotFound"

static void test_own_session(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    json_int_t number;

    world_grant(w, (struct grant_plan){0});
    number = (json_int_t)world_log_in(w, &v);
    w->reaper.login_uid = WORLD_UID;
    assert_int_equal(shown(w, json_pack("{sI}", "number", number), NULL), number);
    assert_int_equal(shown(w, NULL, NULL), number);
    w->reaper.login_uid = OTHER_PERSON;
    shown(w, json_pack("{sI}", "number", number), NOT_FOUND);
    shown(w, json_pack("{sI}", "number", number + 1), NOT_FOUND);
    shown(w, NULL, NOT_FOUND);
    /* An operator has no session of their own. */
    w->reaper.login_uid = UINT32_MAX;
    shown(w, NULL, NOT_FOUND);
    visitor_end(&v);
}

/* What is not theirs reads exactly like what is not there. */
static void test_nothing_is_revealed(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct varlink_reply theirs, nobodys;
    json_int_t number;

    world_grant(w, (struct grant_plan){0});
    number = (json_int_t)world_log_in(w, &v);
    w->reaper.login_uid = OTHER_PERSON;
    theirs = world_call(w, "SessionShow", json_pack("{sI}", "number", number));
    nobodys = world_call(w, "SessionShow", json_pack("{sI}", "number", number + 1));
    /* But for the number, which they brought along. */
    assert_string_equal(json_string_value(json_object_get(theirs.parameters, "what")), "session 1");
    assert_string_equal(json_string_value(json_object_get(nobodys.parameters, "what")), "session 2");
    json_object_del(theirs.parameters, "what");
    json_object_del(nobodys.parameters, "what");
    assert_true(json_equal(theirs.message, nobodys.message));
    varlink_reply_done(&theirs);
    varlink_reply_done(&nobodys);
    visitor_end(&v);
}

/* ---- grant finish ---- */

static const struct grant_entry *entry_of(struct world *w)
{
    struct ident_id id;

    assert_int_equal(ident_parse_id(PAPERS_ID, 32, &id), 0);
    return grant_index_find(grants_index(w->broker->grants), &id);
}

static enum reason login_reason(struct world *w)
{
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);

    visitor_end(&v);
    return reply.reason;
}

/* The person reads the answer before their session ends; the grant is closed from then on, also after a
 * start. */
static void test_finish_own_grant(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct varlink_reply r;
    enum reason reason;

    world_grant(w, (struct grant_plan){.uses = "5 per-host", .sessions = "2"});
    world_log_in(w, &v);
    w->reaper.login_uid = WORLD_UID;
    r = world_call(w, "GrantFinish", NULL);
    assert_null(r.error);
    assert_string_equal(json_string_value(json_object_get(r.parameters, "id")), PAPERS_ID);
    assert_true(json_is_false(json_object_get(r.parameters, "was_closed")));
    assert_true(json_is_null(json_object_get(r.parameters, "ending")));
    varlink_reply_done(&r);
    assert_int_equal(registry_first(w->broker->registry)->state, SESSION_OPEN);
    assert_int_equal(login_reason(w), REASON_CLOSED);
    world_until(w, world_nobody_is_left, NULL);
    world_records(w, EVENT_SESSION_CLOSE, "success", &reason);
    assert_int_equal(reason, REASON_CLOSED);
    assert_int_equal(world_records(w, EVENT_GRANT_FINISH, "success", NULL), 1);
    world_stop(w);
    world_start(w);
    assert_true(entry_of(w)->closed);
    assert_int_equal(login_reason(w), REASON_CLOSED);
    visitor_end(&v);
}

static bool is_warned(struct world *w, void *userdata)
{
    (void)userdata;
    return w->reaper.warns > 0;
}

/* Whoever finishes while a revocation gives them grace still reads the answer. */
static void test_finish_within_grace(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct varlink_reply r;
    int call;

    world_grant(w, (struct grant_plan){0});
    world_log_in(w, &v);
    call = world_begin_call(
        w, "Revoke",
        json_pack("{ss ss ss si}", "scope", "grant", "name", PAPERS_ID, "why", "over", "grace_seconds", 60));
    world_until(w, is_warned, NULL);
    w->reaper.login_uid = WORLD_UID;
    r = world_call(w, "GrantFinish", NULL);
    assert_null(r.error);
    varlink_reply_done(&r);
    world_for(w, 300);
    assert_non_null(registry_first(w->broker->registry));
    assert_int_equal(registry_first(w->broker->registry)->state, SESSION_OPEN);
    world_until(w, world_nobody_is_left, NULL);
    close_fd(call);
    visitor_end(&v);
}

/* By an operator it waits for the proof; a second time changes nothing. */
static void test_finish_by_an_operator(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct varlink_reply r;

    world_grant(w, (struct grant_plan){.uses = "5 per-host"});
    world_log_in(w, &v);
    r = world_call(w, "GrantFinish", json_pack("{ss ss}", "id", "01234567", "why", "done"));
    assert_null(r.error);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(r.parameters, "ending"), "sessions")),
                     1);
    varlink_reply_done(&r);
    assert_null(registry_first(w->broker->registry));
    r = world_call(w, "GrantFinish", json_pack("{ss}", "id", PAPERS_ID));
    assert_null(r.error);
    assert_true(json_is_true(json_object_get(r.parameters, "was_closed")));
    varlink_reply_done(&r);
    assert_int_equal(world_records(w, EVENT_GRANT_FINISH, NULL, NULL), 1);
    /* A version does not open it. */
    assert_int_equal(world_grant(w, (struct grant_plan){.version = 4}), REASON_CLOSED);
    r = world_call(w, "GrantFinish", NULL);
    assert_string_equal(r.error, "org.varlink.service.InvalidParameter");
    varlink_reply_done(&r);
    visitor_end(&v);
}

static void not_found(struct world *w, json_t *parameters)
{
    struct varlink_reply r = world_call(w, "GrantFinish", parameters);

    assert_string_equal(r.error, NOT_FOUND);
    varlink_reply_done(&r);
}

/* Another's grant is not there, whole or by prefix; and without a session of their own nobody is anybody. */
static void test_finish_of_others(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();

    world_grant(w, (struct grant_plan){0});
    w->reaper.login_uid = WORLD_UID;
    not_found(w, json_pack("{ss}", "id", PAPERS_ID));
    not_found(w, NULL);
    w->reaper.login_uid = UINT32_MAX;
    world_log_in(w, &v);
    w->reaper.login_uid = OTHER_PERSON;
    not_found(w, json_pack("{ss}", "id", PAPERS_ID));
    not_found(w, json_pack("{ss}", "id", "01234567"));
    not_found(w, NULL);
    /* A session of their own under a grant of their own does not open the others'. */
    (void)snprintf(registry_first(w->broker->registry)->staff, 9, "wang.wu");
    w->reaper.login_uid = WORLD_UID;
    not_found(w, json_pack("{ss}", "id", PAPERS_ID));
    not_found(w, json_pack("{ss}", "id", "01234567"));
    assert_false(entry_of(w)->closed);
    visitor_end(&v);
}

#define OWN_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OWN_TEST(test_own_session),           OWN_TEST(test_nothing_is_revealed),
        OWN_TEST(test_finish_own_grant),      OWN_TEST(test_finish_within_grace),
        OWN_TEST(test_finish_by_an_operator), OWN_TEST(test_finish_of_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
