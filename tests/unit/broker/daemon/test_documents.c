// LAYERS: test_support

#include "broker/audit/event.h"
#include "tests/unit/broker/daemon/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* What handing in a document has in common for all types. */

static const char *text_of(const struct varlink_reply *r, const char *member)
{
    const char *text = json_string_value(json_object_get(r->parameters, member));

    return text ? text : "";
}

static bool is_ending(struct world *w, void *userdata)
{
    const struct session *s = registry_first(w->broker->registry);

    (void)userdata;
    return s && s->state == SESSION_ENDING;
}

/* A version that names another host: what lives under the one before has lost its ground. */
static char *elsewhere(void)
{
    return paper_grant(&(struct grant_plan){.version = 4, .host = "db02.finance.example"});
}

static void test_first_line_of_no_document(void **state)
{
    struct world *w = *state;
    struct varlink_reply r = world_hand_in(w, "hufu-grant: 2\n", NULL, NULL);

    assert_string_equal(r.error, "org.hufu.control.Malformed");
    assert_string_equal(text_of(&r, "document"), "document");
    assert_int_equal(json_integer_value(json_object_get(r.parameters, "line")), 1);
    varlink_reply_done(&r);
    assert_int_equal(world_records(w, EVENT_REQUEST_REFUSED, "failure", NULL), 1);
}

/* What can never count is named once, to who brought it. */
static void test_useless_approvals_are_not_kept(void **state)
{
    struct world *w = *state;
    char *document = world_document((struct grant_plan){0});
    char *other = paper_grant(&(struct grant_plan){.version = 4});
    char *of_other = department_approval(w->department, DEPARTMENT_UNIT, other);
    char *good = department_approval(w->department, DEPARTMENT_LEADER, document);
    struct varlink_reply r =
        world_call(w, "DocumentAdd",
                   json_pack("{ss s[sss]}", "document", document, "approvals", "junk\n", of_other, good));

    assert_null(r.error);
    assert_int_equal(json_array_size(json_object_get(r.parameters, "approvals")), 3);
    varlink_reply_done(&r);
    r = world_hand_in(w, document, NULL, NULL);
    assert_int_equal(json_array_size(json_object_get(r.parameters, "approvals")), 1);
    varlink_reply_done(&r);
    world_stop(w);
    world_start(w);
    r = world_call(w, "GrantShow", json_pack("{ss}", "id", PAPERS_ID));
    assert_int_equal(json_array_size(json_object_get(r.parameters, "approval_documents")), 1);
    varlink_reply_done(&r);
    free(document);
    free(other);
    free(of_other);
    free(good);
}

static void test_approval_alone(void **state)
{
    struct world *w = *state;
    char *grant = world_document((struct grant_plan){0});
    char *approval = department_approval(w->department, DEPARTMENT_LEADER, grant);
    struct varlink_reply r = world_hand_in(w, approval, NULL, NULL);

    assert_string_equal(r.error, "org.hufu.control.Refused");
    assert_string_equal(text_of(&r, "reason"), "bad-request");
    varlink_reply_done(&r);
    free(grant);
    free(approval);
}

static void test_reply_of_a_grant(void **state)
{
    struct world *w = *state;
    char *grant = world_document((struct grant_plan){0});
    struct varlink_reply r = world_hand_in(w, grant, NULL, NULL);

    assert_null(r.error);
    assert_string_equal(text_of(&r, "type"), "grant");
    assert_string_equal(text_of(&r, "id"), PAPERS_ID);
    assert_string_equal(text_of(&r, "state"), "approval-missing");
    assert_true(json_is_null(json_object_get(r.parameters, "ending")));
    varlink_reply_done(&r);
    free(grant);
}

static void test_nine_approvals(void **state)
{
    struct world *w = *state;
    json_t *nine = json_array();
    struct varlink_reply r;

    for (int i = 0; i < 9; i++)
        assert_int_equal(json_array_append_new(nine, json_string("")), 0);
    r = world_call(w, "DocumentAdd", json_pack("{ss so}", "document", "hufu-grant: 1\n", "approvals", nine));
    assert_string_equal(r.error, "org.hufu.control.Refused");
    varlink_reply_done(&r);
}

/* What a new version ends is in the reply, and the reply waits for the proof. */
static void test_ending_is_waited_for(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    char *grant = elsewhere();
    char *one = department_approval(w->department, DEPARTMENT_LEADER, grant);
    char *two = department_approval(w->department, DEPARTMENT_UNIT, grant);
    struct varlink_reply r;
    json_t *ending;
    int fd;

    world_grant(w, (struct grant_plan){0});
    world_log_in(w, &v);
    w->reaper.hold_ends = true;
    fd =
        world_begin_call(w, "DocumentAdd", json_pack("{ss s[ss]}", "document", grant, "approvals", one, two));
    world_until(w, is_ending, NULL);
    world_for(w, 100);
    assert_false(world_has_answer(w, fd));
    fake_reaper_release(&w->reaper);
    r = world_take_reply(w, fd);
    assert_null(r.error);
    ending = json_object_get(r.parameters, "ending");
    assert_true(json_is_true(json_object_get(ending, "proven")));
    assert_int_equal(json_integer_value(json_object_get(ending, "sessions")), 1);
    varlink_reply_done(&r);
    visitor_end(&v);
    free(grant);
    free(one);
    free(two);
}

/* A session that goes on is not waited for. */
static void test_what_goes_on_is_not_waited_for(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct varlink_reply r;
    char *other = paper_grant(&(struct grant_plan){.id = PAPERS_REVOCATION, .staff = "wu.gang"});

    world_grant(w, (struct grant_plan){0});
    world_log_in(w, &v);
    r = world_hand_in(w, other, NULL, NULL);
    assert_null(r.error);
    assert_true(json_is_null(json_object_get(r.parameters, "ending")));
    assert_int_equal(registry_first(w->broker->registry)->state, SESSION_OPEN);
    varlink_reply_done(&r);
    visitor_end(&v);
    free(other);
}

/* Eight approvals that are none, handed in with a grant that is there, take the place of no good one: also on
 * disk. */
static void test_useless_approvals(void **state)
{
    struct world *w = *state;
    char *grant = world_document((struct grant_plan){0});
    char *one = department_approval(w->department, DEPARTMENT_LEADER, grant);
    char *two = department_approval(w->department, DEPARTMENT_UNIT, grant);
    struct varlink_reply r = world_hand_in(w, grant, one, two);
    const char *state_before = text_of(&r, "state");

    assert_string_equal(state_before, "ok");
    varlink_reply_done(&r);
    r = world_call(w, "DocumentAdd",
                   json_pack("{ss s[ssssssss]}", "document", grant, "approvals", "1", "2", "3", "4", "5", "6",
                             "7", "8"));
    assert_null(r.error);
    assert_string_equal(text_of(&r, "state"), "ok");
    varlink_reply_done(&r);
    world_stop(w);
    world_start(w);
    r = world_hand_in(w, grant, NULL, NULL);
    assert_string_equal(text_of(&r, "state"), "ok");
    varlink_reply_done(&r);
    free(grant);
    free(one);
    free(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_first_line_of_no_document, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_approval_alone, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_reply_of_a_grant, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_useless_approvals_are_not_kept, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_useless_approvals, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_nine_approvals, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_ending_is_waited_for, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_what_goes_on_is_not_waited_for, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
