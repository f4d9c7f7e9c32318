// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/files.h"
#include "tests/unit/broker/daemon/offices.h"
#include "tests/unit/broker/daemon/signed_grant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What a status takes away and gives back, and which are refused. */

static void restart(struct offices *o)
{
    world_stop(o->w);
    world_start(o->w);
}

static char *line_of_certificate(const struct signatory *s)
{
    char sha256[65];

    issue_certificate_sha256(s->certificate, sha256);
    return issue_text("revoked-certificate: %s\n", sha256);
}

static void test_revoked_ids(void **state)
{
    struct offices *o = *state;
    struct visitor v = visitor_new();
    struct varlink_reply r;
    enum reason reason;

    world_grant(o->w, (struct grant_plan){.uses = "5 per-host"});
    world_log_in(o->w, &v);
    r = issue_hand_in(o, (struct issue){.lines = "revoked: " PAPERS_ID "\n"});
    assert_null(r.error);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(r.parameters, "ending"), "sessions")),
                     1);
    varlink_reply_done(&r);
    assert_null(registry_first(o->w->broker->registry));
    assert_int_equal(world_records(o->w, EVENT_SESSION_CLOSE, NULL, &reason), 1);
    assert_int_equal(reason, REASON_REVOKED);
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
    /* No tombstone: the next status does not say so any more. */
    issue_take_in(o, (struct issue){.epoch = 18});
    assert_int_equal(world_knock(o->w), REASON_OK);
    visitor_end(&v);
}

/* The grace that an operator gave with their own revocation is not the site's. */
static void test_grace_is_the_operators(void **state)
{
    struct offices *o = *state;
    struct visitor v = visitor_new();
    int fd;

    world_grant(o->w, (struct grant_plan){.uses = "5 per-host"});
    world_log_in(o->w, &v);
    fd = world_begin_call(
        o->w, "Revoke",
        json_pack("{ss ss ss si}", "scope", "grant", "name", PAPERS_ID, "why", "test", "grace_seconds", 600));
    issue_take_in(o, (struct issue){.epoch = 17});
    assert_int_equal(registry_first(o->w->broker->registry)->state, SESSION_OPEN);
    issue_take_in(o, (struct issue){.epoch = 18, .lines = "revoked: " PAPERS_ID "\n"});
    assert_null(registry_first(o->w->broker->registry));
    close_fd(fd);
    visitor_end(&v);
}

static void test_minimum_version(void **state)
{
    struct offices *o = *state;
    struct visitor v = visitor_new();

    world_grant(o->w, (struct grant_plan){.uses = "5 per-host"});
    world_log_in(o->w, &v);
    issue_take_in(o, (struct issue){.lines = "minimum-version: " PAPERS_ID " 4\n"});
    assert_null(registry_first(o->w->broker->registry));
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
    assert_int_equal(world_grant(o->w, (struct grant_plan){.version = 4, .uses = "5 per-host"}), REASON_OK);
    assert_int_equal(world_knock(o->w), REASON_OK);
    visitor_end(&v);
}

/* The session lives on the quorum of two; without one of them it has none. */
static void test_revoked_certificate(void **state)
{
    struct offices *o = *state;
    struct visitor v = visitor_new();
    char *lines = line_of_certificate(&o->w->department->approvers[DEPARTMENT_LEADER]);
    enum reason reason;

    world_grant(o->w, (struct grant_plan){.uses = "5 per-host"});
    world_log_in(o->w, &v);
    issue_take_in(o, (struct issue){.lines = lines});
    assert_null(registry_first(o->w->broker->registry));
    (void)world_records(o->w, EVENT_SESSION_CLOSE, NULL, &reason);
    assert_int_equal(reason, REASON_APPROVAL_MISSING);
    assert_int_equal(world_knock(o->w), REASON_APPROVAL_MISSING);
    restart(o);
    assert_int_equal(world_knock(o->w), REASON_APPROVAL_MISSING);
    issue_take_in(o, (struct issue){.epoch = 18});
    assert_int_equal(world_knock(o->w), REASON_OK);
    visitor_end(&v);
    free(lines);
}

static void test_certificate_of_nobody_who_signed(void **state)
{
    struct offices *o = *state;
    struct visitor v = visitor_new();
    char *lines = line_of_certificate(&o->w->department->approvers[DEPARTMENT_BOTH]);

    world_grant(o->w, (struct grant_plan){.uses = "5 per-host", .sessions = "2"});
    world_log_in(o->w, &v);
    issue_take_in(o, (struct issue){.lines = lines});
    assert_non_null(registry_first(o->w->broker->registry));
    assert_int_equal(world_knock(o->w), REASON_OK);
    visitor_end(&v);
    free(lines);
}

/* A grant that comes after the status is judged by it, too. */
static void test_grants_that_come_later(void **state)
{
    struct offices *o = *state;

    issue_take_in(o, (struct issue){.lines = "revoked: " PAPERS_ID "\n"});
    assert_int_equal(world_grant(o->w, (struct grant_plan){0}), REASON_REVOKED);
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
}

/* A reservation that a status takes the ground from is given back. */
static void test_reservations(void **state)
{
    struct offices *o = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);

    world_grant(o->w, (struct grant_plan){0});
    assert_int_equal(world_ask(o->w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    issue_take_in(o, (struct issue){.lines = "revoked: " PAPERS_ID "\n"});
    assert_null(registry_first(o->w->broker->registry));
    world_tie(&m);
    assert_int_equal(world_ask(o->w, &v, FRAME_GATE_OPEN, &m).reason, REASON_REVOKED);
    visitor_end(&v);
}

/* An admission that waits for its lease while a status comes is judged by it. */
static void test_in_flight(void **state)
{
    struct offices *o = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply;
    int fd;

    world_grant(o->w, (struct grant_plan){0});
    assert_int_equal(world_ask(o->w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    o->w->reaper.hold_leases = true;
    world_tie(&m);
    fd = world_send(o->w, &v, FRAME_GATE_OPEN, &m);
    while (!o->w->reaper.holding)
        world_for(o->w, 5);
    issue_take_in(o, (struct issue){.lines = "revoked: " PAPERS_ID "\n"});
    fake_reaper_release(&o->w->reaper);
    reply = world_take(o->w, fd);
    assert_int_equal(reply.verdict, VERDICT_DENY);
    assert_int_equal(reply.reason, REASON_REVOKED);
    visitor_end(&v);
}

static void test_shown(void **state)
{
    struct offices *o = *state;
    struct varlink_reply r;

    world_grant(o->w, (struct grant_plan){0});
    issue_take_in(o, (struct issue){.lines = "revoked: " PAPERS_ID "\n"});
    r = world_call(o->w, "GrantShow", json_pack("{ss}", "id", PAPERS_ID));
    assert_string_equal(offices_grant_text(&r, "state"), "revoked");
    assert_non_null(strstr(offices_grant_text(&r, "taken_by"), "status-2026"));
    varlink_reply_done(&r);
    r = world_call(o->w, "GrantList", json_pack("{sb}", "all", 1));
    assert_string_equal(offices_grant_text(&r, "state"), "revoked");
    varlink_reply_done(&r);
    r = world_call(o->w, "Status", json_object());
    assert_int_equal(json_integer_value(json_object_get(r.parameters, "status_trust_epoch")), 4);
    assert_int_equal(json_integer_value(json_object_get(r.parameters, "status_epoch")), 17);
    assert_int_equal(strlen(offices_text(&r, "status_issued")), 20);
    assert_int_equal(strlen(offices_text(&r, "status_holds_until")), 20);
    varlink_reply_done(&r);
}

/* What lacks a signature lacks it with any status: this one took nothing from it. */
static void test_shown_of_half_signed(void **state)
{
    struct offices *o = *state;
    struct signed_grant g = signed_grant_new(o->w, (struct grant_plan){0});
    struct varlink_reply r = world_hand_in(o->w, g.document, g.one, NULL);

    varlink_reply_done(&r);
    issue_take_in(o, (struct issue){.epoch = 17});
    r = world_call(o->w, "GrantShow", json_pack("{ss}", "id", PAPERS_ID));
    assert_string_equal(offices_grant_text(&r, "state"), "approval-missing");
    assert_string_equal(offices_grant_text(&r, "taken_by"), "");
    varlink_reply_done(&r);
    signed_grant_done(&g);
}

static void test_who_may_not(void **state)
{
    struct offices *o = *state;
    char *document = issue_status((struct issue){.lines = "revoked: " PAPERS_ID "\n"}), *approval;
    struct varlink_reply r = world_hand_in(o->w, document, NULL, NULL);

    offices_refused(&r, REASON_APPROVAL_MISSING);
    issue_refused(o, (struct issue){.by = &o->next_key}, REASON_APPROVAL_MISSING);
    approval = offices_sign(&o->w->department->approvers[DEPARTMENT_LEADER], "leader", document);
    r = world_hand_in(o->w, document, approval, NULL);
    offices_refused(&r, REASON_APPROVAL_MISSING);
    assert_int_equal(world_records(o->w, EVENT_STATUS, "failure", NULL), 3);
    assert_null(o->w->broker->status.current.document);
    assert_int_equal(world_grant(o->w, (struct grant_plan){0}), REASON_OK);
    restart(o);
    assert_null(o->w->broker->status.current.document);
    free(document);
    free(approval);
}

static void test_other_site(void **state)
{
    struct offices *o = *state;
    char *document = paper_status(&(struct status_plan){.site = "cn.example.other"});
    char *approval = offices_sign(&o->status_key, "status", document);
    struct varlink_reply r = world_hand_in(o->w, document, approval, NULL);

    offices_refused(&r, REASON_WRONG_SITE);
    free(document);
    free(approval);
}

static void test_malformed(void **state)
{
    struct offices *o = *state;
    struct varlink_reply r = issue_hand_in(o, (struct issue){.lines = "revoked: all\n"});

    assert_string_equal(r.error, "org.hufu.control.Malformed");
    assert_string_equal(offices_text(&r, "document"), "status");
    assert_int_equal(json_integer_value(json_object_get(r.parameters, "line")), 7);
    varlink_reply_done(&r);
}

static void test_from_the_future(void **state)
{
    struct offices *o = *state;

    issue_refused(o, (struct issue){.age = -60}, REASON_CLOCK_UNSURE);
    issue_refused(o, (struct issue){.age = -60, .trust_epoch = 5}, REASON_CLOCK_UNSURE);
    /* Within the tolerance of the configuration, 10 s. */
    issue_take_in(o, (struct issue){.age = -5});
}

#define STATUS_TEST(f) cmocka_unit_test_setup_teardown(f, offices_setup, offices_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATUS_TEST(test_revoked_ids),
        STATUS_TEST(test_grace_is_the_operators),
        STATUS_TEST(test_minimum_version),
        STATUS_TEST(test_revoked_certificate),
        STATUS_TEST(test_certificate_of_nobody_who_signed),
        STATUS_TEST(test_grants_that_come_later),
        STATUS_TEST(test_reservations),
        STATUS_TEST(test_in_flight),
        STATUS_TEST(test_shown),
        STATUS_TEST(test_shown_of_half_signed),
        STATUS_TEST(test_who_may_not),
        STATUS_TEST(test_other_site),
        STATUS_TEST(test_malformed),
        STATUS_TEST(test_from_the_future),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
