// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "tests/unit/broker/daemon/epochs.h"
#include "tests/unit/broker/daemon/offices.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* How old a status may be: what lives ends with it, and a newer one extends it. */

#define BOUND 3600 /* seconds: the host's, in the worlds that have one */

static void restart(struct offices *o)
{
    world_stop(o->w);
    world_start(o->w);
}

/* A world that has heard no status yet, and a bound. */
static int setup_bound(void **state)
{
    struct offices *o = offices_new("1h");

    world_start(o->w);
    *state = o;
    return 0;
}

static when_t deadline(struct offices *o)
{
    const struct session *s = registry_first(o->w->broker->registry);

    assert_non_null(s);
    return s->deadline;
}

static bool has_no_session(struct world *w, void *userdata)
{
    (void)userdata;
    return !registry_first(w->broker->registry);
}

static void test_without_a_status(void **state)
{
    struct offices *o = *state;

    world_grant(o->w, (struct grant_plan){0});
    assert_int_equal(world_knock(o->w), REASON_STATUS_STALE);
    issue_take_in(o, (struct issue){0});
    assert_int_equal(world_knock(o->w), REASON_OK);
    restart(o);
    assert_int_equal(world_knock(o->w), REASON_OK);
}

/* The host's bound, or the status' own end, whichever comes first. Too old a one narrows all the same. */
static void test_too_old(void **state)
{
    struct offices *o = *state;

    world_grant(o->w, (struct grant_plan){0});
    issue_take_in_as(o, (struct issue){.age = BOUND + 10}, "status-stale");
    assert_int_equal(world_knock(o->w), REASON_STATUS_STALE);
    issue_take_in_as(o, (struct issue){.epoch = 18, .age = 100, .lasts = -10}, "status-stale");
    assert_int_equal(world_knock(o->w), REASON_STATUS_STALE);
    issue_refused(o, (struct issue){.epoch = 17}, REASON_STATUS_STALE);
    issue_take_in(o, (struct issue){.epoch = 19, .age = 100});
    assert_int_equal(world_knock(o->w), REASON_OK);
}

static void test_ends_sessions(void **state)
{
    struct offices *o = *state;
    struct visitor v = visitor_new();
    enum reason reason;

    world_grant(o->w, (struct grant_plan){.uses = "5 per-host"});
    issue_take_in(o, (struct issue){.age = BOUND - 3});
    world_log_in(o->w, &v);
    assert_true(deadline(o) <= clock_wall() + 3);
    world_until(o->w, has_no_session, NULL);
    assert_int_equal(world_records(o->w, EVENT_SESSION_CLOSE, NULL, &reason), 1);
    assert_int_equal(reason, REASON_STATUS_STALE);
    assert_int_equal(world_knock(o->w), REASON_STATUS_STALE);
    visitor_end(&v);
}

/* A newer status extends what lives, and the lease at the reaper with it; a shorter one shortens it. */
static void test_extends_and_shortens_sessions(void **state)
{
    struct offices *o = *state;
    struct visitor v = visitor_new();
    when_t now = clock_wall();

    world_grant(o->w, (struct grant_plan){.max_session = "14400"});
    issue_take_in(o, (struct issue){.age = BOUND - 100});
    world_log_in(o->w, &v);
    assert_true(deadline(o) <= now + 102);
    issue_take_in(o, (struct issue){.epoch = 18, .age = 600});
    assert_true(deadline(o) >= now + BOUND - 600 - 2);
    issue_take_in(o, (struct issue){.epoch = 19, .lasts = 420});
    assert_true(deadline(o) <= now + 422);
    assert_true(registry_first(o->w->broker->registry)->warn_next <= now + 122);
    visitor_end(&v);
}

/* Without a bound a status that has ended goes on narrowing, and keeps nobody else out. */
static void test_narrows_without_a_bound(void **state)
{
    struct offices *o = *state;

    world_grant(o->w, (struct grant_plan){0});
    issue_take_in(o, (struct issue){.lasts = 1, .lines = "revoked: " PAPERS_ID "\n"});
    world_for(o->w, 1100);
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
    world_grant(o->w, (struct grant_plan){.id = "11111111111111111111111111111111"});
    assert_int_equal(world_knock(o->w), REASON_OK);
}

/* A quarter of the bound before its end somebody is told; without any, it is a problem. */
static void test_findings(void **state)
{
    struct offices *o = *state;

    assert_true(world_has_finding(o->w, "problem", "status"));
    issue_take_in(o, (struct issue){0});
    assert_false(world_has_finding(o->w, "problem", "status"));
    assert_false(world_has_finding(o->w, "warning", "status"));
    issue_take_in(o, (struct issue){.epoch = 18, .age = BOUND * 3 / 4 + 10});
    assert_true(world_has_finding(o->w, "warning", "status"));
    issue_take_in(o, (struct issue){.epoch = 19});
    assert_false(world_has_finding(o->w, "warning", "status"));
    issue_take_in_as(o, (struct issue){.trust_epoch = 5}, "status-waiting");
    assert_true(world_has_finding(o->w, "warning", "status"));
}

/* Whose key has left the trust file keeps no host fresh any more; what it took away stays away until a newer
 * one comes. */
static void test_signer_is_gone(void **state)
{
    struct offices *o = *state;
    struct visitor v = visitor_new();

    world_grant(o->w, (struct grant_plan){.uses = "5 per-host"});
    issue_take_in(o, (struct issue){.lines = "revoked: 11111111111111111111111111111111\n"});
    world_log_in(o->w, &v);
    offices_replace_trust(o, 5, true, &o->next_key);
    assert_null(registry_first(o->w->broker->registry));
    assert_int_equal(world_knock(o->w), REASON_STATUS_STALE);
    restart(o);
    assert_int_equal(world_knock(o->w), REASON_STATUS_STALE);
    assert_int_equal(world_grant(o->w, (struct grant_plan){.id = "11111111111111111111111111111111"}),
                     REASON_REVOKED);
    issue_take_in(o, (struct issue){.trust_epoch = 5, .epoch = 1, .by = &o->next_key});
    assert_int_equal(world_knock(o->w), REASON_OK);
    visitor_end(&v);
}

/* Replaces the trust by one that lists these status keys. */
static void list_status_keys(struct offices *o, unsigned epoch, const struct signatory *keys, size_t n)
{
    char *text =
        epoch_text(o->w, (struct trust_plan){.epoch = epoch, .status_keys = keys, .n_status_keys = n});

    epoch_replace(o->w, text, epoch, DEPARTMENT_LEADER, DEPARTMENT_UNIT);
    free(text);
}

/* Which of two certificates the signer signed with is the one that is left makes no difference, nor whether
 * hufud was stopped in between. */
static void test_each_certificate_of_the_signer_holds(void **state)
{
    struct offices *o = *state;
    struct signatory next =
        department_signatory(o->w->department, "status-2026", "finance", "status", SIGNATURE_ED25519);
    const struct signatory both[] = {o->status_key, next};

    world_grant(o->w, (struct grant_plan){0});
    for (unsigned i = 0; i < ARRAY_SIZE(both); i++) {
        char *document, *one, *two;
        struct varlink_reply r;

        list_status_keys(o, 5 + 2 * i, both, ARRAY_SIZE(both));
        document = issue_status((struct issue){.trust_epoch = 5 + 2 * i});
        one = offices_sign(&both[0], "status", document);
        two = offices_sign(&both[1], "status", document);
        r = world_hand_in(o->w, document, one, two);
        assert_string_equal(offices_text(&r, "state"), "ok");
        varlink_reply_done(&r);
        restart(o);
        assert_int_equal(world_knock(o->w), REASON_OK);
        list_status_keys(o, 6 + 2 * i, &both[i], 1);
        assert_int_equal(world_knock(o->w), REASON_OK);
        restart(o);
        assert_int_equal(world_knock(o->w), REASON_OK);
        free(document);
        free(one);
        free(two);
    }
    signatory_done(&next);
}

#define STATUS_TEST(f) cmocka_unit_test_setup_teardown(f, offices_setup, offices_teardown)
#define BOUND_TEST(f)  cmocka_unit_test_setup_teardown(f, setup_bound, offices_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOUND_TEST(test_without_a_status),
        BOUND_TEST(test_too_old),
        BOUND_TEST(test_ends_sessions),
        BOUND_TEST(test_extends_and_shortens_sessions),
        STATUS_TEST(test_narrows_without_a_bound),
        BOUND_TEST(test_findings),
        BOUND_TEST(test_signer_is_gone),
        BOUND_TEST(test_each_certificate_of_the_signer_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
