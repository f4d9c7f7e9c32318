// LAYERS: test_support
// LINK: -Wl,--wrap=store_submit

#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "tests/unit/broker/daemon/offices.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What an order is worth that did not get to the disk: it was answered so, holds as long as the broker runs,
 * and can be given again. */

static bool full; /* the disk */

int __real_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata);
int __wrap_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata);
int __wrap_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata)
{
    if (!full)
        return __real_store_submit(s, t, done, userdata);
    store_txn_free(t);
    return -ENOSPC;
}

static int setup(void **state)
{
    full = false;
    return world_setup(state);
}

static enum reason login_reason(struct world *w)
{
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);

    visitor_end(&v);
    return reply.reason;
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

static json_t *the_grant(void)
{
    return json_pack("{ss ss}", "id", PAPERS_ID, "why", "work is done");
}

static void test_finish(void **state)
{
    struct world *w = *state;

    world_grant(w, (struct grant_plan){.uses = "5 per-host", .sessions = "2"});
    full = true;
    assert_string_equal(asked(w, "GrantFinish", the_grant()), "StoreUnavailable");
    assert_int_equal(login_reason(w), REASON_CLOSED);
    full = false;
    assert_string_equal(asked(w, "GrantFinish", the_grant()), "");
    assert_string_equal(asked(w, "GrantFinish", the_grant()), "");
    assert_int_equal(world_records(w, EVENT_GRANT_FINISH, "success", NULL), 1);
    world_stop(w);
    world_start(w);
    assert_int_equal(login_reason(w), REASON_CLOSED);
}

static struct varlink_reply hand_in_grant(struct world *w, const char *uses)
{
    char from[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE], *document, *one, *two;
    struct varlink_reply r;

    when_format(clock_wall() - 3600, from);
    when_format(clock_wall() + 3600, until);
    document = paper_grant(&(struct grant_plan){.from = from, .until = until, .uses = uses});
    one = department_approval(w->department, w->leader, document);
    two = department_approval(w->department, DEPARTMENT_UNIT, document);
    r = world_hand_in(w, document, one, two);
    free(document);
    free(one);
    free(two);
    return r;
}

/* A grant that is in memory alone admits, being signed; what was used of it is known also when the grant
 * itself has to be handed in again. */
static void test_used_before_it_was_stored(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct varlink_reply r;

    full = true;
    r = hand_in_grant(w, "1 per-host");
    assert_string_equal(r.error ? r.error : "", "org.hufu.control.StoreUnavailable");
    varlink_reply_done(&r);
    full = false;
    world_log_in(w, &v);
    visitor_end(&v);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(login_reason(w), REASON_CLOSED);
    world_stop(w);
    world_start(w);
    assert_int_equal(login_reason(w), REASON_NO_GRANT);
    r = hand_in_grant(w, "1 per-host");
    assert_null(r.error);
    varlink_reply_done(&r);
    assert_int_equal(login_reason(w), REASON_CLOSED);
    world_stop(w);
    world_start(w);
    assert_int_equal(login_reason(w), REASON_CLOSED);
}

static json_t *lock_until(const char *until)
{
    return json_pack("{ss ss ss ss*}", "scope", "staff", "name", WORLD_STAFF, "why", "fire drill", "until",
                     until);
}

static when_t locked_until(const struct world *w)
{
    const struct taken_entry *x = taken_why_staff(w->broker->taken, WORLD_STAFF, clock_wall());

    return x ? x->what.until : 0;
}

/* A lock that could not be made shorter is as long as it was. */
static void test_shorter_lock(void **state)
{
    struct world *w = *state;
    char soon[WHEN_TEXT_SIZE];

    when_format(clock_wall() + 3600, soon);
    world_grant(w, (struct grant_plan){0});
    assert_string_equal(asked(w, "Lock", lock_until(NULL)), "");
    full = true;
    assert_string_equal(asked(w, "Lock", lock_until(soon)), "StoreUnavailable");
    assert_int_equal(locked_until(w), WHEN_NEVER);
    full = false;
    assert_string_equal(asked(w, "Lock", lock_until(soon)), "");
    assert_true(locked_until(w) < WHEN_NEVER);
    world_stop(w);
    world_start(w);
    assert_true(locked_until(w) < WHEN_NEVER);
    assert_int_equal(login_reason(w), REASON_STAFF_LOCKED);
}

/* ---- signed documents ---- */

static int setup_offices(void **state)
{
    full = false;
    return offices_setup(state);
}

static void assert_answer(struct varlink_reply *r, const char *error)
{
    assert_string_equal(r->error ? strrchr(r->error, '.') + 1 : "", error);
    varlink_reply_done(r);
}

/* Nobody is let in under what somebody signed away, and what lived is ended; handed in again, it is on disk.
 */
static void test_signed_revocation(void **state)
{
    struct offices *o = *state;
    const struct revocation_plan plan = {.scope = "grant " PAPERS_ID};
    struct visitor v = visitor_new();
    struct varlink_reply r;

    world_grant(o->w, (struct grant_plan){.uses = "5 per-host"});
    world_log_in(o->w, &v);
    full = true;
    r = offices_revoke(o, plan);
    assert_answer(&r, "StoreUnavailable");
    assert_null(registry_first(o->w->broker->registry));
    full = false;
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
    r = offices_revoke(o, plan);
    assert_answer(&r, "");
    world_stop(o->w);
    world_start(o->w);
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
    visitor_end(&v);
}

/* A status likewise; one that is only in memory is gone with a restart, as the answer said. */
static void test_status(void **state)
{
    struct offices *o = *state;
    const struct issue status = {.lines = "revoked: " PAPERS_ID "\n"};
    struct visitor v = visitor_new();
    struct varlink_reply r;

    world_grant(o->w, (struct grant_plan){.uses = "5 per-host"});
    world_log_in(o->w, &v);
    full = true;
    r = issue_hand_in(o, status);
    assert_answer(&r, "StoreUnavailable");
    assert_null(registry_first(o->w->broker->registry));
    full = false;
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
    visitor_end(&v);
    world_stop(o->w);
    world_start(o->w);
    world_until(o->w, world_nobody_is_left, NULL); /* that the session had ended is not on disk either */
    assert_int_equal(world_knock(o->w), REASON_OK);
    issue_take_in(o, status);
    world_stop(o->w);
    world_start(o->w);
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_finish), TEST(test_used_before_it_was_stored), TEST(test_shorter_lock),
        cmocka_unit_test_setup_teardown(test_signed_revocation, setup_offices, offices_teardown),
        cmocka_unit_test_setup_teardown(test_status, setup_offices, offices_teardown)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
