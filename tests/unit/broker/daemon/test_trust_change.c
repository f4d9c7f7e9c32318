// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "broker/daemon/timekeeper.h"
#include "tests/unit/broker/daemon/epochs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What a change of the trust does to what is there: grants, sessions, reservations, what is in flight; and
 * how root starts over. */

static const char *text_of(const struct varlink_reply *r, const char *member)
{
    const char *text = json_string_value(json_object_get(r->parameters, member));

    return text ? text : "";
}

static struct grant_entry *entry_of(struct world *w)
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

/* ---- grants ---- */

/* An approver is taken out: what they signed is void, and good again when they are back. */
static void test_grants_lose_and_regain(void **state)
{
    struct world *w = *state;
    char *without = epoch_without_leader(w, 5), *with = epoch_text(w, (struct trust_plan){.epoch = 6});

    assert_int_equal(world_grant(w, (struct grant_plan){0}), REASON_OK);
    epoch_replace(w, without, 5, DEPARTMENT_BOTH, DEPARTMENT_UNIT);
    assert_int_equal(entry_of(w)->standing, REASON_APPROVAL_MISSING);
    assert_int_equal(entry_of(w)->verified_version, 3);
    epoch_replace(w, with, 6, DEPARTMENT_BOTH, DEPARTMENT_UNIT);
    assert_int_equal(entry_of(w)->standing, REASON_OK);
    free(without);
    free(with);
}

/* Whose certificates are valid a clock decides, and an epoch that came in force by a wrong one would stay. */
static void test_clock_in_doubt(void **state)
{
    struct world *w = *state;
    char *next = epoch_text(w, (struct trust_plan){.epoch = 5});
    struct varlink_reply r;

    timekeeper_trust_status(w->broker->timekeeper, clock_wall() + 600, clock_wall() + 3600);
    r = epoch_hand_in(w, next, 5, &w->department->approvers[DEPARTMENT_LEADER],
                      &w->department->approvers[DEPARTMENT_UNIT]);
    assert_string_equal(r.error ? r.error : "", "org.hufu.control.Refused");
    assert_string_equal(text_of(&r, "reason"), "clock-unsure");
    varlink_reply_done(&r);
    assert_int_equal(epoch_in_force(w, NULL), 4);
    r = world_call(w, "ClockConfirm", json_pack("{ss}", "why", "compared with a watch"));
    assert_null(r.error);
    varlink_reply_done(&r);
    epoch_replace(w, next, 5, DEPARTMENT_LEADER, DEPARTMENT_UNIT);
    assert_int_equal(epoch_in_force(w, NULL), 5);
    free(next);
}

/* The version that lost its signatures still keeps lower ones out, with or without a restart. */
static void test_lower_version_stays_out(void **state)
{
    struct world *w = *state;
    char *without = epoch_without_leader(w, 5);
    char *lower = paper_grant(&(struct grant_plan){.version = 2});
    char *one = department_approval(w->department, DEPARTMENT_BOTH, lower);
    char *two = department_approval(w->department, DEPARTMENT_UNIT, lower);
    struct varlink_reply r;

    assert_int_equal(world_grant(w, (struct grant_plan){0}), REASON_OK);
    epoch_replace(w, without, 5, DEPARTMENT_BOTH, DEPARTMENT_UNIT);
    for (int i = 0; i < 2; i++) {
        r = world_hand_in(w, lower, one, two);
        assert_string_equal(r.error, "org.hufu.control.Refused");
        assert_string_equal(text_of(&r, "reason"), "grant-superseded");
        varlink_reply_done(&r);
        world_stop(w);
        world_start(w);
    }
    free(without);
    free(lower);
    free(one);
    free(two);
}

/* A version that a restart brings back, since the higher one lost its signatures, stays out when its own
 * octets are handed in once more. */
static void test_superseded_octets_again(void **state)
{
    struct world *w = *state;
    char *without = epoch_without_leader(w, 5);
    struct varlink_reply r;
    char *lower, *one, *two;
    char until[WHEN_TEXT_SIZE];

    when_format(clock_wall() + 3600, until);
    lower = paper_grant(&(struct grant_plan){.version = 3, .until = until});
    one = department_approval(w->department, DEPARTMENT_BOTH, lower);
    two = department_approval(w->department, DEPARTMENT_UNIT, lower);
    r = world_hand_in(w, lower, one, two);
    assert_null(r.error);
    varlink_reply_done(&r);
    assert_int_equal(world_grant(w, (struct grant_plan){.version = 4}), REASON_OK);
    epoch_replace(w, without, 5, DEPARTMENT_BOTH, DEPARTMENT_UNIT);
    world_stop(w);
    world_start(w);
    assert_int_equal(entry_of(w)->version, 3);
    assert_int_equal(entry_of(w)->standing, REASON_GRANT_SUPERSEDED);
    r = world_hand_in(w, lower, one, two);
    assert_string_equal(r.error, "org.hufu.control.Refused");
    varlink_reply_done(&r);
    assert_int_equal(entry_of(w)->standing, REASON_GRANT_SUPERSEDED);
    free(without);
    free(lower);
    free(one);
    free(two);
}

/* Counts belong to the grant, whatever the trust: also over a restart under one that would not take it in. */
static void test_counts_stay(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    char *elsewhere = epoch_text(w, (struct trust_plan){.epoch = 1, .site = "cn.example.other"});
    char *back = epoch_text(w, (struct trust_plan){.epoch = 2});
    struct varlink_reply r;

    world_grant(w, (struct grant_plan){0});
    world_log_in(w, &v);
    epoch_put_file(w, elsewhere);
    r = epoch_reset(w, elsewhere);
    assert_null(r.error);
    varlink_reply_done(&r);
    assert_int_equal(entry_of(w)->standing, REASON_WRONG_SITE);
    world_stop(w);
    world_start(w);
    epoch_put_file(w, back);
    r = epoch_reset(w, back);
    assert_null(r.error);
    varlink_reply_done(&r);
    assert_int_equal(entry_of(w)->standing, REASON_OK);
    assert_int_equal(entry_of(w)->uses_taken, 1);
    free(elsewhere);
    free(back);
    visitor_end(&v);
}

/* ---- sessions ---- */

/* The ground of a live session is gone: it ends, and the answer has the proof. */
static void test_live_session_ends(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    char *without = epoch_without_leader(w, 5);
    char *one = epoch_approval(&w->department->approvers[DEPARTMENT_BOTH], without, 5);
    char *two = epoch_approval(&w->department->approvers[DEPARTMENT_UNIT], without, 5);
    enum reason reason;
    json_t *ending;
    int fd;

    world_grant(w, (struct grant_plan){0});
    world_log_in(w, &v);
    w->reaper.hold_ends = true;
    fd = world_begin_call(w, "DocumentAdd",
                          json_pack("{ss s[ss]}", "document", without, "approvals", one, two));
    world_until(w, is_ending, NULL);
    world_for(w, 100);
    assert_false(world_has_answer(w, fd));
    fake_reaper_release(&w->reaper);
    struct varlink_reply r = world_take_reply(w, fd);
    assert_null(r.error);
    ending = json_object_get(r.parameters, "ending");
    assert_true(json_is_true(json_object_get(ending, "proven")));
    assert_int_equal(json_integer_value(json_object_get(ending, "sessions")), 1);
    varlink_reply_done(&r);
    assert_int_equal(world_records(w, EVENT_SESSION_CLOSE, "success", &reason), 1);
    assert_int_equal(reason, REASON_APPROVAL_MISSING);
    free(without);
    free(one);
    free(two);
    visitor_end(&v);
}

static void test_live_session_goes_on(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    char *with = epoch_text(w, (struct trust_plan){.epoch = 5});

    world_grant(w, (struct grant_plan){0});
    world_log_in(w, &v);
    epoch_replace(w, with, 5, DEPARTMENT_BOTH, DEPARTMENT_UNIT);
    assert_int_equal(registry_first(w->broker->registry)->state, SESSION_OPEN);
    assert_int_equal(w->reaper.ends, 0);
    free(with);
    visitor_end(&v);
}

static void test_reservation_is_given_back(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    char *without = epoch_without_leader(w, 5);

    world_grant(w, (struct grant_plan){0});
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    assert_int_equal(entry_of(w)->uses_taken, 1);
    epoch_replace(w, without, 5, DEPARTMENT_BOTH, DEPARTMENT_UNIT);
    assert_null(registry_first(w->broker->registry));
    assert_int_equal(entry_of(w)->uses_taken, 0);
    world_tie(&m);
    assert_int_equal(world_ask(w, &v, FRAME_GATE_OPEN, &m).reason, REASON_APPROVAL_MISSING);
    free(without);
    visitor_end(&v);
}

/* An admission that waits for its lease while the trust changes does not leave. */
static void test_in_flight(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    char *without = epoch_without_leader(w, 5);
    struct gate_reply reply;
    int fd;

    world_grant(w, (struct grant_plan){0});
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    w->reaper.hold_leases = true;
    world_tie(&m);
    fd = world_send(w, &v, FRAME_GATE_OPEN, &m);
    while (!w->reaper.holding)
        world_for(w, 5);
    epoch_replace(w, without, 5, DEPARTMENT_BOTH, DEPARTMENT_UNIT);
    fake_reaper_release(&w->reaper);
    reply = world_take(w, fd);
    assert_int_equal(reply.verdict, VERDICT_DENY);
    free(without);
    visitor_end(&v);
}

/* ... nor one whose record is on its way to the disk. */
static void test_during_commit(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    char *without = epoch_without_leader(w, 5);
    char *approvals[] = {epoch_approval(&w->department->approvers[DEPARTMENT_BOTH], without, 5),
                         epoch_approval(&w->department->approvers[DEPARTMENT_UNIT], without, 5)};
    const struct octets signed_by[] = {{(const uint8_t *)approvals[0], strlen(approvals[0])},
                                       {(const uint8_t *)approvals[1], strlen(approvals[1])}};
    const struct offer offer = {{(const uint8_t *)without, strlen(without)}, signed_by, 2};
    struct offer_refusal refusal = {0};
    struct trust_change change;
    struct gate_reply reply;
    int fd;

    world_grant(w, (struct grant_plan){0});
    fd = world_send(w, &v, FRAME_GATE_ACCOUNT, &m);
    while (!registry_first(w->broker->registry))
        assert_true(sd_event_run(w->event, 10000) >= 0);
    assert_int_equal(trust_change_judge(w->broker, &offer, clock_wall(), &change, &refusal), 0);
    trust_keeper_change(w->broker, &change, clock_wall(), NULL);
    reply = world_take(w, fd);
    assert_int_equal(reply.verdict, VERDICT_DENY);
    assert_int_equal(reply.reason, REASON_APPROVAL_MISSING);
    trust_change_done(&change);
    free(approvals[0]);
    free(approvals[1]);
    free(without);
    visitor_end(&v);
}

#define CHANGE_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHANGE_TEST(test_grants_lose_and_regain),
        CHANGE_TEST(test_clock_in_doubt),
        CHANGE_TEST(test_lower_version_stays_out),
        CHANGE_TEST(test_superseded_octets_again),
        CHANGE_TEST(test_counts_stay),
        CHANGE_TEST(test_live_session_ends),
        CHANGE_TEST(test_live_session_goes_on),
        CHANGE_TEST(test_reservation_is_given_back),
        CHANGE_TEST(test_in_flight),
        CHANGE_TEST(test_during_commit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
