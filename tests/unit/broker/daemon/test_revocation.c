// LAYERS: test_support

#include "broker/audit/event.h"
#include "tests/unit/broker/daemon/offices.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Signed revocations, handed in: what they end, what they keep out, and that nothing lifts them. */

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

static bool is_ending(struct world *w, void *userdata)
{
    const struct session *s = registry_first(w->broker->registry);

    (void)userdata;
    return s && s->state == SESSION_ENDING;
}

static void test_ends_what_lives(void **state)
{
    struct offices *o = *state;
    struct visitor v = visitor_new();
    struct varlink_reply r;
    const json_t *ending;
    uint64_t generation;

    world_grant(o->w, (struct grant_plan){.uses = "5 per-host"});
    world_log_in(o->w, &v);
    generation = o->w->broker->generation;
    r = offices_revoke(o, (struct revocation_plan){0});
    assert_taken_in(&r, "ok");
    assert_true(o->w->broker->generation > generation);
    assert_string_equal(offices_text(&r, "id"), PAPERS_REVOCATION);
    ending = json_object_get(r.parameters, "ending");
    assert_true(json_is_true(json_object_get(ending, "proven")));
    assert_int_equal(json_integer_value(json_object_get(ending, "sessions")), 1);
    varlink_reply_done(&r);
    assert_null(registry_first(o->w->broker->registry));
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
    visitor_end(&v);
}

static void test_says_nothing_before_the_proof(void **state)
{
    struct offices *o = *state;
    struct visitor v = visitor_new();
    char *document = paper_revocation(&(struct revocation_plan){.scope = "vendor acme"});
    char *approval = offices_sign(&o->revoker, "revoker", document);
    struct varlink_reply r;
    int fd;

    world_grant(o->w, (struct grant_plan){0});
    world_log_in(o->w, &v);
    o->w->reaper.hold_ends = true;
    fd = world_begin_call(o->w, "DocumentAdd",
                          json_pack("{ss s[s]}", "document", document, "approvals", approval));
    world_until(o->w, is_ending, NULL);
    world_for(o->w, 100);
    assert_false(world_has_answer(o->w, fd));
    fake_reaper_release(&o->w->reaper);
    r = world_take_reply(o->w, fd);
    assert_taken_in(&r, "ok");
    varlink_reply_done(&r);
    visitor_end(&v);
    free(document);
    free(approval);
}

/* A reservation under it is cancelled: the use was never one, and the session phase is refused. */
static void test_cancels_reservations(void **state)
{
    struct offices *o = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);

    world_grant(o->w, (struct grant_plan){0});
    assert_int_equal(world_ask(o->w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    take_away(o, (struct revocation_plan){.scope = "staff zhang.san"});
    assert_null(registry_first(o->w->broker->registry));
    assert_int_equal(world_ask(o->w, &v, FRAME_GATE_OPEN, &m).reason, REASON_STAFF_REVOKED);
    visitor_end(&v);
}

/* Also what comes later, whenever it was signed. */
static void test_hits_what_is_not_known_yet(void **state)
{
    struct offices *o = *state;

    take_away(o, (struct revocation_plan){.scope = "vendor acme"});
    assert_int_equal(world_grant(o->w, (struct grant_plan){0}), REASON_VENDOR_REVOKED);
    assert_int_equal(world_knock(o->w), REASON_VENDOR_REVOKED);
    take_away(o, (struct revocation_plan){.id = OTHER_REVOCATION, .scope = "grant " PAPERS_ID});
    assert_int_equal(world_grant(o->w, (struct grant_plan){.version = 4}), REASON_REVOKED);
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
}

static void test_record(void **state)
{
    struct offices *o = *state;
    enum reason reason;

    take_away(o, (struct revocation_plan){.scope = "staff zhang.san"});
    assert_int_equal(world_records(o->w, EVENT_REVOCATION, "success", &reason), 1);
    assert_int_equal(reason, REASON_REVOKED);
}

/* Its own end, and nothing before. */
static void test_until(void **state)
{
    struct offices *o = *state;
    char *soon = offices_time(3);

    world_grant(o->w, (struct grant_plan){0});
    take_away(o, (struct revocation_plan){.until = soon});
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
    world_for(o->w, 3100);
    assert_int_equal(world_knock(o->w), REASON_OK);
    free(soon);
}

static void test_over_already(void **state)
{
    struct offices *o = *state;
    struct varlink_reply r;

    world_grant(o->w, (struct grant_plan){0});
    r = offices_revoke(o, (struct revocation_plan){.until = "2026-11-21T08:00:01Z"});
    assert_taken_in(&r, "expired");
    varlink_reply_done(&r);
    assert_int_equal(world_knock(o->w), REASON_OK);
}

static void refused(struct offices *o, const char *document, const struct signatory *by, const char *role,
                    enum reason reason)
{
    char *approval = by ? offices_sign(by, role, document) : NULL;
    struct varlink_reply r = world_hand_in(o->w, document, approval, NULL);

    offices_refused(&r, reason);
    assert_int_equal(taken_count(o->w->broker->taken), 0);
    free(approval);
}

static void test_who_may_not(void **state)
{
    struct offices *o = *state;
    struct signatory nobody =
        department_signatory(o->w->department, "sun.qi", "finance", "revoker", SIGNATURE_ED25519);
    char *document = paper_revocation(&(struct revocation_plan){0});
    enum reason reason;

    world_grant(o->w, (struct grant_plan){0});
    refused(o, document, NULL, NULL, REASON_APPROVAL_MISSING);
    refused(o, document, &nobody, "revoker", REASON_APPROVAL_MISSING);
    refused(o, document, &o->status_key, "status", REASON_APPROVAL_MISSING);
    refused(o, document, &o->revoker, "leader", REASON_APPROVAL_MISSING);
    assert_int_equal(world_records(o->w, EVENT_REVOCATION, "failure", &reason), 4);
    assert_int_equal(reason, REASON_APPROVAL_MISSING);
    assert_int_equal(world_knock(o->w), REASON_OK);
    world_stop(o->w);
    world_start(o->w);
    assert_int_equal(taken_count(o->w->broker->taken), 0);
    signatory_done(&nobody);
    free(document);
}

static void test_approver_signs(void **state)
{
    struct offices *o = *state;
    char *document = paper_revocation(&(struct revocation_plan){0});
    char *approval = offices_sign(&o->w->department->approvers[DEPARTMENT_UNIT], "unit", document);
    struct varlink_reply r;

    world_grant(o->w, (struct grant_plan){0});
    r = world_hand_in(o->w, document, approval, NULL);
    assert_taken_in(&r, "ok");
    varlink_reply_done(&r);
    assert_taken_by(o, "zhou.ming (unit)");
    free(document);
    free(approval);
}

static void test_other_site(void **state)
{
    struct offices *o = *state;
    char *document = paper_revocation(&(struct revocation_plan){.site = "cn.example.other"});

    refused(o, document, &o->revoker, "revoker", REASON_WRONG_SITE);
    free(document);
}

static void test_malformed(void **state)
{
    struct offices *o = *state;
    struct varlink_reply r = offices_revoke(o, (struct revocation_plan){.scope = "everything"});

    assert_string_equal(r.error, "org.hufu.control.Malformed");
    assert_string_equal(offices_text(&r, "document"), "revocation");
    assert_int_equal(json_integer_value(json_object_get(r.parameters, "line")), 4);
    varlink_reply_done(&r);
    assert_int_equal(taken_count(o->w->broker->taken), 0);
}

/* What lists and `explain` say of a grant that is revoked and was not signed either. */
static void test_one_answer(void **state)
{
    struct offices *o = *state;
    char *soon = offices_time(3600), *document;
    struct varlink_reply r;

    document = paper_grant(&(struct grant_plan){.site = NULL, .until = soon});
    r = world_hand_in(o->w, document, NULL, NULL);
    assert_null(r.error);
    assert_string_equal(offices_text(&r, "state"), "approval-missing");
    varlink_reply_done(&r);
    revoke_here(o, NULL);
    r = world_call(o->w, "GrantShow", json_pack("{ss}", "id", PAPERS_ID));
    assert_string_equal(offices_grant_text(&r, "state"), "revoked");
    varlink_reply_done(&r);
    r = world_call(o->w, "Explain", json_pack("{ss ss}", "staff", WORLD_STAFF, "source", "10.1.2.3"));
    assert_string_equal(offices_text(&r, "reason"), "revoked");
    varlink_reply_done(&r);
    free(document);
    free(soon);
}

#define REVOCATION_TEST(f) cmocka_unit_test_setup_teardown(f, offices_setup, offices_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REVOCATION_TEST(test_ends_what_lives),
        REVOCATION_TEST(test_says_nothing_before_the_proof),
        REVOCATION_TEST(test_cancels_reservations),
        REVOCATION_TEST(test_hits_what_is_not_known_yet),
        REVOCATION_TEST(test_record),
        REVOCATION_TEST(test_until),
        REVOCATION_TEST(test_over_already),
        REVOCATION_TEST(test_who_may_not),
        REVOCATION_TEST(test_approver_signs),
        REVOCATION_TEST(test_other_site),
        REVOCATION_TEST(test_malformed),
        REVOCATION_TEST(test_one_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
