// LAYERS: test_support
/*
 * Grants that are still to be judged by a trust that came into force: whatever is done meanwhile comes out as
 * if all had been judged with the change, and nobody is admitted, shown or counted by the trust before.
 */
#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "broker/daemon/judging.h"
#include "tests/unit/broker/daemon/epochs.h"
#include "tests/unit/broker/daemon/shop_judging.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- whatever is done ---- */

/* Nothing is in force of what was signed, then all of it is. *left: that some were not judged yet. */
static char *judged(struct shop *s, const struct shop_act *act, unsigned at_once, unsigned grants, bool *left)
{
    shop_start_judging(s, at_once);
    shop_without_leader(s, 5);
    judging_some(s->o->w->broker, SHOP_ALL);
    assert_int_equal(shop_standing(s, ID_TWO), REASON_APPROVAL_MISSING);
    shop_with_leader(s, 6);
    judging_some(s->o->w->broker, grants);
    *left = judging_is(s->o->w->broker);
    act->act(s);
    return shop_finish_judging(s);
}

static void test_whatever_happens_in_between(void **state)
{
    for (size_t i = 0; i < shop_n_acts; i++) {
        bool left;
        char *expected = judged(*state, &shop_acts[i], 0, 0, &left);

        assert_false(left);
        left = true;
        for (unsigned grants = 0; left; grants++) {
            char *is = judged(*state, &shop_acts[i], 1, grants, &left);

            shop_compare(shop_acts[i].what, grants, is, expected);
            free(is);
            assert_true(grants < 20);
        }
        free(expected);
    }
}

/* ---- who asks ---- */

static void test_nobody_is_admitted_by_the_trust_before(void **state)
{
    struct shop *s = *state;
    struct world *w = s->o->w;
    struct varlink_reply r;

    shop_start_judging(s, 1);
    assert_int_equal(world_knock(w), REASON_OK);
    shop_without_leader(s, 5);
    assert_true(judging_is(w->broker));
    assert_int_equal(shop_standing(s, PAPERS_ID), REASON_OK);
    assert_int_equal(world_knock(w), REASON_APPROVAL_MISSING);
    assert_int_equal(shop_standing(s, PAPERS_ID), REASON_APPROVAL_MISSING);
    /* Others are asked about by name, shown by the first digits of their id, and listed. */
    assert_int_equal(shop_standing(s, ID_TWO), REASON_OK);
    r = world_call(w, "Explain", json_pack("{ss ss}", "staff", "li.wu", "source", "10.1.2.3"));
    assert_string_equal(world_text(&r, "verdict"), "deny");
    varlink_reply_done(&r);
    assert_int_equal(shop_standing(s, ID_LEADERS), REASON_OK);
    r = world_call(w, "GrantShow", json_pack("{ss}", "id", "55555555"));
    assert_string_equal(offices_grant_text(&r, "state"), "approval-missing");
    varlink_reply_done(&r);
    assert_true(judging_is(w->broker));
    world_stop(w);
}

/* The record of an admission is on its way to the disk. */
static void test_in_flight_at_a_stop(void **state)
{
    struct shop *s = *state;
    struct world *w = s->o->w;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    char *next;
    struct trust_change c = {0};
    struct trust_set *set = NULL;
    struct gate_reply reply;
    int fd;

    shop_start_judging(s, 1);
    next = epoch_without_leader(w, 5);
    fd = world_send(w, &v, FRAME_GATE_ACCOUNT, &m);
    while (!registry_first(w->broker->registry))
        assert_true(sd_event_run(w->event, 10000) >= 0);
    assert_int_equal(trust_set_new(next, strlen(next), &set, NULL), 0);
    assert_int_equal(trust_change_make((struct octets){(const uint8_t *)next, strlen(next)}, NULL, 0,
                                       TRUST_REPLACED, &set, &c),
                     0);
    trust_keeper_change(w->broker, &c, clock_wall(), NULL);
    assert_true(judging_is(w->broker));
    world_stop(w);
    reply = world_take(w, fd);
    assert_int_equal(reply.verdict, VERDICT_DENY);
    trust_change_done(&c);
    visitor_end(&v);
    free(next);
}

/* Those of people who are in come first, in the step of the change; the answer has the proof. */
static void test_sessions_end_at_once(void **state)
{
    struct shop *s = *state;
    struct world *w = s->o->w;
    struct visitor v = visitor_new();
    enum reason reason;

    shop_start_judging(s, 1);
    world_log_in(w, &v);
    shop_without_leader(s, 5);
    assert_null(registry_first(w->broker->registry));
    assert_int_equal(world_records(w, EVENT_SESSION_CLOSE, "success", &reason), 2);
    assert_int_equal(reason, REASON_APPROVAL_MISSING);
    assert_true(judging_is(w->broker));
    assert_int_equal(shop_standing(s, ID_TWO), REASON_OK);
    world_stop(w);
    visitor_end(&v);
}

/* ---- who needs all of them ---- */

static void test_a_list_waits_and_status_says_so(void **state)
{
    struct shop *s = *state;
    struct world *w = s->o->w;
    struct varlink_reply r;
    json_t *grants, *grant;
    size_t i;
    int fd;

    shop_start_judging(s, 1);
    shop_without_leader(s, 5);
    judging_some(w->broker, 1);
    assert_true(world_has_finding(w, "warning", "grants"));
    fd = world_begin_call(w, "GrantList", json_pack("{sb}", "all", 0));
    world_for(w, 100);
    assert_false(world_has_answer(w, fd));
    judging_some(w->broker, SHOP_ALL);
    assert_false(world_has_finding(w, "warning", "grants"));
    r = world_take_reply(w, fd);
    grants = json_object_get(r.parameters, "grants");
    assert_int_equal(json_array_size(grants), 5);
    json_array_foreach(grants, i, grant)
        assert_string_equal(json_string_value(json_object_get(grant, "state")), "approval-missing");
    varlink_reply_done(&r);
    world_stop(w);
}

static void test_who_waits_is_told_at_stop(void **state)
{
    struct shop *s = *state;
    struct world *w = s->o->w;
    struct varlink_reply r;
    int fd;

    shop_start_judging(s, 1);
    shop_without_leader(s, 5);
    fd = world_begin_call(w, "GrantList", json_pack("{sb}", "all", 1));
    world_for(w, 100);
    assert_false(world_has_answer(w, fd));
    world_stop(w);
    r = world_take_reply(w, fd);
    assert_string_equal(r.error, "org.hufu.control.StoreUnavailable");
    varlink_reply_done(&r);
}

/* The loop does it by itself, when it has nothing else to do; and where it always has, if somebody waits. */
static void test_by_itself(void **state)
{
    struct shop *s = *state;
    struct world *w = s->o->w;
    sd_event_source *busy;
    struct varlink_reply r;

    shop_start_judging(s, 1);
    world_stop(w);
    w->by_hand = false;
    world_start(w);
    busy = world_keep_busy(w);
    shop_without_leader(s, 5);
    assert_true(judging_is(w->broker));
    r = world_call(w, "GrantList", json_pack("{sb}", "all", 1));
    assert_null(r.error);
    varlink_reply_done(&r);
    assert_false(judging_is(w->broker));
    assert_int_equal(shop_n_missing(s), 6);
    sd_event_source_disable_unref(busy);
    shop_with_leader(s, 6);
    world_until(w, shop_verdicts_are_written, NULL);
    assert_false(judging_is(w->broker));
    assert_int_equal(shop_standing(s, ID_TWO), REASON_OK);
    world_stop(w);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, shop_setup, shop_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_whatever_happens_in_between),
        TEST(test_nobody_is_admitted_by_the_trust_before),
        TEST(test_in_flight_at_a_stop),
        TEST(test_sessions_end_at_once),
        TEST(test_a_list_waits_and_status_says_so),
        TEST(test_who_waits_is_told_at_stop),
        TEST(test_by_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
