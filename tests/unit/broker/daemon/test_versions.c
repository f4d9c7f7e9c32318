// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/files.h"
#include "tests/unit/broker/daemon/epochs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* Grants that are handed in: their approvals, and one version after another. */

static void test_malformed_grant(void **state)
{
    struct world *w = *state;
    struct varlink_reply r = world_hand_in(w, "hufu-grant: 1\nx\n", NULL, NULL);

    assert_string_equal(r.error, "org.hufu.control.Malformed");
    assert_int_equal(json_integer_value(json_object_get(r.parameters, "line")), 2);
    varlink_reply_done(&r);
    assert_int_equal(grant_index_count(grants_index(w->broker->grants)), 0);
    assert_int_equal(world_records(w, EVENT_GRANT_ADD, "failure", NULL), 1);
}

static void test_approvals_may_come_one_by_one(void **state)
{
    struct world *w = *state;
    char *document = world_document((struct grant_plan){0});
    char *one = department_approval(w->department, DEPARTMENT_LEADER, document);
    char *two = department_approval(w->department, DEPARTMENT_UNIT, document);
    struct varlink_reply r;

    r = world_hand_in(w, document, one, NULL);
    assert_string_equal(json_string_value(json_object_get(r.parameters, "state")), "approval-missing");
    varlink_reply_done(&r);
    r = world_hand_in(w, document, two, NULL);
    assert_null(r.error);
    assert_string_not_equal(json_string_value(json_object_get(r.parameters, "state")), "approval-missing");
    assert_int_equal(json_array_size(json_object_get(r.parameters, "approvals")), 2);
    varlink_reply_done(&r);
    /* once more, with nothing: what was verified stays so */
    r = world_hand_in(w, document, NULL, NULL);
    assert_null(r.error);
    assert_string_not_equal(json_string_value(json_object_get(r.parameters, "state")), "approval-missing");
    varlink_reply_done(&r);
    world_stop(w);
    world_start(w);
    r = world_call(w, "GrantShow", json_pack("{ss}", "id", "01234567"));
    assert_null(r.error);
    assert_string_equal(json_string_value(json_object_get(r.parameters, "document")), document);
    assert_int_equal(json_array_size(json_object_get(r.parameters, "approval_documents")), 2);
    varlink_reply_done(&r);
    free(document);
    free(one);
    free(two);
}

/* An unverified higher version changes nothing; a lower one is refused for ever. */
static void test_versions(void **state)
{
    struct world *w = *state;
    char *document;
    struct varlink_reply r;

    assert_int_equal(world_grant(w, (struct grant_plan){.version = 3}), REASON_OK);
    document = paper_grant(&(struct grant_plan){.version = 4});
    r = world_hand_in(w, document, NULL, NULL);
    assert_string_equal(r.error, "org.hufu.control.Refused");
    assert_string_equal(json_string_value(json_object_get(r.parameters, "reason")), "approval-missing");
    varlink_reply_done(&r);
    free(document);
    document = paper_grant(&(struct grant_plan){.version = 2});
    r = world_hand_in(w, document, NULL, NULL);
    assert_string_equal(json_string_value(json_object_get(r.parameters, "reason")), "grant-superseded");
    varlink_reply_done(&r);
    free(document);
}

/* Also after a restart, under a trust that does not verify the higher one any more. */
static void test_lower_version_stays_refused(void **state)
{
    struct world *w = *state;
    struct varlink_reply r;
    char *without;

    assert_int_equal(world_grant(w, (struct grant_plan){.version = 3}), REASON_OK);
    w->leader = DEPARTMENT_BOTH;
    assert_int_equal(world_grant(w, (struct grant_plan){.version = 4}), REASON_OK);
    without =
        epoch_text(w, (struct trust_plan){
                          .epoch = 1, .approvers = w->department->approvers, .n_approvers = DEPARTMENT_BOTH});
    epoch_put_file(w, without);
    r = epoch_reset(w, without); /* without the one who signed version 4 */
    assert_null(r.error);
    varlink_reply_done(&r);
    free(without);
    world_stop(w);
    world_start(w);
    r = world_call(w, "GrantShow", json_pack("{ss}", "id", PAPERS_ID));
    assert_string_equal(json_string_value(json_object_get(json_object_get(r.parameters, "grant"), "state")),
                        "grant-superseded");
    varlink_reply_done(&r);
    r = world_call(w, "Explain", json_pack("{ss ss}", "staff", WORLD_STAFF, "source", "10.1.2.3"));
    assert_string_equal(json_string_value(json_object_get(r.parameters, "verdict")), "deny");
    varlink_reply_done(&r);
}

/* A verified version that is narrower ends what no longer fits, at once; one that fits moves the deadline. */
static void test_narrowing_version_ends_a_session(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    enum reason reason;

    world_grant(w, (struct grant_plan){.version = 3, .max_session = "600"});
    world_log_in(w, &v);
    world_grant(w, (struct grant_plan){.version = 4, .max_session = "1200"});
    assert_int_equal(w->reaper.leases, 2);
    assert_int_equal(registry_first(w->broker->registry)->version, 4);
    assert_true(w->reaper.last_lease.seconds > 1190);
    world_grant(w, (struct grant_plan){.version = 5, .source = "10.99.0.0/16"});
    world_until(w, world_nobody_is_left, NULL);
    world_records(w, EVENT_SESSION_CLOSE, "success", &reason);
    assert_int_equal(reason, REASON_WRONG_SOURCE);
    visitor_end(&v);
}

#define CALLER_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALLER_TEST(test_malformed_grant),
        CALLER_TEST(test_approvals_may_come_one_by_one),
        CALLER_TEST(test_versions),
        CALLER_TEST(test_lower_version_stays_refused),
        CALLER_TEST(test_narrowing_version_ends_a_session),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
