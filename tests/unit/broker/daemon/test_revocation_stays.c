// LAYERS: test_support

#include "broker/audit/event.h"
#include "tests/unit/broker/daemon/offices.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What a signed revocation took away stays so, and it is said who signed it. */

#define OTHER_REVOCATION "76543210fedcba9876543210fedcba98"

static void assert_taken_in(struct varlink_reply *r, const char *state)
{
    if (r->error)
        fail_msg("%s: %s", r->error, json_dumps(r->parameters, 0));
    assert_string_equal(offices_text(r, "type"), "revocation");
    assert_string_equal(offices_text(r, "state"), state);
}

static void take_away(struct offices *o, struct revocation_plan plan)
{
    struct varlink_reply r = offices_revoke(o, plan);

    assert_taken_in(&r, "ok");
    varlink_reply_done(&r);
}

static void revoke_here(struct offices *o, const char *until)
{
    json_t *parameters = json_pack("{ss ss ss}", "scope", "grant", "name", PAPERS_ID, "why", "left early");
    struct varlink_reply r;

    if (until)
        must(json_object_set_new(parameters, "until", json_string(until)) == 0);
    r = world_call(o->w, "Revoke", parameters);
    assert_null(r.error);
    varlink_reply_done(&r);
}

/* Who took the usual grant away, as `grant show` tells it. */
static char *taken_by(struct offices *o)
{
    struct varlink_reply r = world_call(o->w, "GrantShow", json_pack("{ss}", "id", PAPERS_ID));
    char *text;

    assert_null(r.error);
    text = strdup(offices_grant_text(&r, "taken_by"));
    must(text != NULL);
    varlink_reply_done(&r);
    return text;
}

static void assert_taken_by(struct offices *o, const char *part)
{
    char *text = taken_by(o);

    if (!strstr(text, part))
        fail_msg("\"%s\" does not say \"%s\"", text, part);
    free(text);
}

static void restart(struct offices *o)
{
    world_stop(o->w);
    world_start(o->w);
}

static void test_restart_keeps_it(void **state)
{
    struct offices *o = *state;

    world_grant(o->w, (struct grant_plan){0});
    take_away(o, (struct revocation_plan){0});
    restart(o);
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
    assert_taken_by(o, "sun.qi (revoker)");
}

/* "What a revocation took away before stays away": also when nobody could verify it any more. */
static void test_stays_without_its_revoker(void **state)
{
    struct offices *o = *state;

    world_grant(o->w, (struct grant_plan){0});
    take_away(o, (struct revocation_plan){0});
    offices_replace_trust(o, 5, false, NULL);
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
    restart(o);
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
    assert_taken_by(o, "sun.qi (revoker)");
}

static void test_same_again(void **state)
{
    struct offices *o = *state;

    world_grant(o->w, (struct grant_plan){0});
    take_away(o, (struct revocation_plan){0});
    take_away(o, (struct revocation_plan){0});
    assert_int_equal(taken_count(o->w->broker->taken), 1);
    restart(o);
    assert_int_equal(taken_count(o->w->broker->taken), 1);
    take_away(o, (struct revocation_plan){0});
    assert_int_equal(taken_count(o->w->broker->taken), 1);
}

/* Who uses an id twice takes both away: a later document must not lift what an earlier one took. */
static void test_one_id_for_two(void **state)
{
    struct offices *o = *state;

    world_grant(o->w, (struct grant_plan){0});
    take_away(o, (struct revocation_plan){0});
    take_away(o, (struct revocation_plan){.scope = "staff wang.er"});
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
    restart(o);
    assert_int_equal(taken_count(o->w->broker->taken), 2);
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
}

/* An operator's tombstone and a signed one of the same grant: each has its own end, the other
 * notwithstanding. */
static void test_beside_an_operators(void **state)
{
    struct offices *o = *state;
    char *soon = offices_time(4);

    world_grant(o->w, (struct grant_plan){0});
    revoke_here(o, NULL);
    assert_taken_by(o, "this host only");
    take_away(o, (struct revocation_plan){.until = soon});
    assert_taken_by(o, "sun.qi (revoker)");
    restart(o);
    assert_int_equal(taken_count(o->w->broker->taken), 2);
    assert_taken_by(o, "sun.qi (revoker)");
    world_for(o->w, 4100);
    assert_taken_by(o, "this host only");
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
    free(soon);
}

static void test_operators_does_not_end_a_signed_one(void **state)
{
    struct offices *o = *state;
    char *soon = offices_time(2);

    world_grant(o->w, (struct grant_plan){0});
    take_away(o, (struct revocation_plan){0});
    revoke_here(o, soon);
    world_for(o->w, 2100);
    assert_taken_by(o, "sun.qi (revoker)");
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
    restart(o);
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
    free(soon);
}

static void test_explain_says_who(void **state)
{
    struct offices *o = *state;
    struct varlink_reply r;

    world_grant(o->w, (struct grant_plan){0});
    take_away(o, (struct revocation_plan){0});
    r = world_call(o->w, "Explain", json_pack("{ss ss}", "staff", WORLD_STAFF, "source", "10.1.2.3"));
    assert_null(r.error);
    assert_string_equal(offices_text(&r, "reason"), "revoked");
    assert_string_equal(offices_text(&r, "taken_by"), "");
    assert_non_null(strstr(json_string_value(json_object_get(
                               json_array_get(json_object_get(r.parameters, "considered"), 0), "taken_by")),
                           "sun.qi (revoker)"));
    varlink_reply_done(&r);
    take_away(o, (struct revocation_plan){.id = OTHER_REVOCATION, .scope = "staff " WORLD_STAFF});
    r = world_call(o->w, "Explain", json_pack("{ss}", "staff", WORLD_STAFF));
    assert_string_equal(offices_text(&r, "reason"), "staff-revoked");
    assert_non_null(strstr(offices_text(&r, "taken_by"), "sun.qi (revoker), for ever: 证件丢失"));
    varlink_reply_done(&r);
}

#define REVOCATION_TEST(f) cmocka_unit_test_setup_teardown(f, offices_setup, offices_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REVOCATION_TEST(test_restart_keeps_it),    REVOCATION_TEST(test_stays_without_its_revoker),
        REVOCATION_TEST(test_same_again),          REVOCATION_TEST(test_one_id_for_two),
        REVOCATION_TEST(test_beside_an_operators), REVOCATION_TEST(test_operators_does_not_end_a_signed_one),
        REVOCATION_TEST(test_explain_says_who),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
