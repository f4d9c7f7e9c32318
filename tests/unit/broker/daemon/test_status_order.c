// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/daemon/timekeeper.h"
#include "tests/unit/broker/daemon/epochs.h"
#include "tests/unit/broker/daemon/offices.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The order of statuses: none goes back, and what waits for a trust epoch to come. */

static void restart(struct offices *o)
{
    world_stop(o->w);
    world_start(o->w);
}

static void test_never_goes_back(void **state)
{
    struct offices *o = *state;
    enum reason reason;

    world_grant(o->w, (struct grant_plan){0});
    issue_take_in(o, (struct issue){.lines = "revoked: " PAPERS_ID "\n"});
    issue_refused(o, (struct issue){.epoch = 16}, REASON_STATUS_STALE);
    assert_int_equal(world_records(o->w, EVENT_STATUS, "failure", &reason), 1);
    assert_int_equal(reason, REASON_STATUS_STALE);
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
    restart(o);
    issue_refused(o, (struct issue){.epoch = 16}, REASON_STATUS_STALE);
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
}

static void test_same_epoch_other_octets(void **state)
{
    struct offices *o = *state;

    world_grant(o->w, (struct grant_plan){0});
    issue_take_in(o, (struct issue){.lines = "revoked: " PAPERS_ID "\n"});
    issue_refused(o, (struct issue){.epoch = 17}, REASON_BAD_REQUEST);
    assert_int_equal(world_records(o->w, EVENT_STATUS, "failure", NULL), 1);
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
    restart(o);
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
}

static void test_same_again(void **state)
{
    struct offices *o = *state;
    char *document = issue_status((struct issue){0});
    char *approval = offices_sign(&o->status_key, "status", document);

    for (int i = 0; i < 2; i++) {
        struct varlink_reply r = world_hand_in(o->w, document, approval, NULL);

        assert_null(r.error);
        assert_string_equal(offices_text(&r, "state"), "ok");
        varlink_reply_done(&r);
        restart(o);
    }
    free(document);
    free(approval);
}

/* Trust epochs come before epochs: 1 of trust epoch 4 is newer than 900 of trust epoch 3. */
static void test_trust_epochs_come_first(void **state)
{
    struct offices *o = *state;

    issue_take_in(o, (struct issue){.trust_epoch = 3, .epoch = 900});
    issue_take_in(o, (struct issue){.trust_epoch = 4, .epoch = 1});
    issue_refused(o, (struct issue){.trust_epoch = 3, .epoch = 901}, REASON_STATUS_STALE);
}

static void test_waits_for_its_trust_epoch(void **state)
{
    struct offices *o = *state;

    world_grant(o->w, (struct grant_plan){0});
    issue_take_in(o, (struct issue){0});
    issue_take_in_as(o, (struct issue){.trust_epoch = 5, .epoch = 1, .lines = "revoked: " PAPERS_ID "\n"},
                     "status-waiting");
    /* It is not used, and not in the way of those of the epoch that is there. */
    assert_int_equal(world_knock(o->w), REASON_OK);
    issue_take_in(o, (struct issue){.epoch = 18});
    restart(o);
    assert_int_equal(o->w->broker->status.waiting.items[0].document->trust_epoch, 5);
    assert_int_equal(world_knock(o->w), REASON_OK);
}

/* Fails unless these trust epochs and epochs wait, in this order. */
static void assert_waiting(const struct offices *o, const unsigned (*epochs)[2], size_t n)
{
    const struct status_waiting *w = &o->w->broker->status.waiting;

    assert_int_equal(w->n, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(w->items[i].document->trust_epoch, epochs[i][0]);
        assert_int_equal(w->items[i].document->epoch, epochs[i][1]);
    }
}

/* What comes next is kept: of the lowest trust epochs, and of each the newest. */
static void test_which_wait(void **state)
{
    static const unsigned kept[][2] = {{5, 2}, {5, 1}, {6, 9}, {6, 8}, {6, 7}, {6, 6}, {6, 5}, {6, 4}};
    static const unsigned sooner[][2] = {{5, 3}, {5, 2}, {5, 1}, {6, 9}, {6, 8}, {6, 7}, {6, 6}, {6, 5}};
    struct offices *o = *state;

    issue_take_in_as(o, (struct issue){.trust_epoch = 900, .epoch = 900}, "status-waiting");
    issue_take_in_as(o, (struct issue){.trust_epoch = 5, .epoch = 1}, "status-waiting");
    for (unsigned epoch = 4; epoch <= 9; epoch++)
        issue_take_in_as(o, (struct issue){.trust_epoch = 6, .epoch = epoch}, "status-waiting");
    issue_take_in_as(o, (struct issue){.trust_epoch = 5, .epoch = 2}, "status-waiting");
    assert_waiting(o, kept, ARRAY_SIZE(kept));
    issue_refused(o, (struct issue){.trust_epoch = 6, .epoch = 3}, REASON_STATUS_STALE);
    issue_refused(o, (struct issue){.trust_epoch = 7, .epoch = 900}, REASON_STATUS_STALE);
    restart(o);
    assert_waiting(o, kept, ARRAY_SIZE(kept));
    issue_take_in_as(o, (struct issue){.trust_epoch = 5, .epoch = 3}, "status-waiting");
    restart(o);
    assert_waiting(o, sooner, ARRAY_SIZE(sooner));
    assert_null(o->w->broker->status.current.document);
}

static void test_the_same_waits_once(void **state)
{
    struct offices *o = *state;
    char *document = issue_status((struct issue){.trust_epoch = 5});
    char *one = offices_sign(&o->status_key, "status", document);
    char *two = offices_sign(&o->next_key, "status", document);

    for (unsigned i = 0; i < 6; i++) {
        struct varlink_reply r = world_hand_in(o->w, document, i % 2 == 0 ? one : two, NULL);

        assert_string_equal(offices_text(&r, "state"), "status-waiting");
        varlink_reply_done(&r);
    }
    assert_int_equal(o->w->broker->status.waiting.n, 2);
    free(document);
    free(one);
    free(two);
}

/* Nobody can tell what is genuine before the epoch comes, so nothing that comes later displaces it: neither
 * by its numbers, nor the same document with other approvals. */
static void test_junk_displaces_nothing(void **state)
{
    struct offices *o = *state;
    char *document = issue_status((struct issue){.trust_epoch = 5, .lines = "revoked: " PAPERS_ID "\n"});
    char *genuine = offices_sign(&o->next_key, "status", document);
    char *junk = offices_sign(&o->revoker, "status", document);
    struct varlink_reply r;

    world_grant(o->w, (struct grant_plan){0});
    r = world_hand_in(o->w, document, genuine, NULL);
    varlink_reply_done(&r);
    r = world_hand_in(o->w, document, junk, NULL);
    varlink_reply_done(&r);
    for (unsigned i = 0; i < 3; i++) {
        issue_take_in_as(o, (struct issue){.trust_epoch = 900 + i, .by = &o->revoker}, "status-waiting");
        issue_take_in_as(o, (struct issue){.trust_epoch = 5, .epoch = 900 + i, .by = &o->revoker},
                         "status-waiting");
    }
    restart(o);
    assert_int_equal(o->w->broker->status.waiting.n, STATUS_WAITING_MAX);
    offices_replace_trust(o, 5, true, &o->next_key);
    assert_int_equal(o->w->broker->status.current.document->epoch, 17);
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
    assert_int_equal(o->w->broker->status.waiting.n, 3); /* of trust epochs that are still to come */
    restart(o);
    assert_int_equal(o->w->broker->status.waiting.n, 3);
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
    free(document);
    free(genuine);
    free(junk);
}

/* ... and when that comes, it is the status: what it takes away ends at once. */
static void test_used_when_its_trust_epoch_comes(void **state)
{
    struct offices *o = *state;
    struct visitor v = visitor_new();

    world_grant(o->w, (struct grant_plan){.uses = "5 per-host"});
    issue_take_in(o, (struct issue){0});
    world_log_in(o->w, &v);
    issue_take_in_as(
        o,
        (struct issue){.trust_epoch = 5, .epoch = 1, .lines = "revoked: " PAPERS_ID "\n", .by = &o->next_key},
        "status-waiting");
    assert_non_null(registry_first(o->w->broker->registry));
    offices_replace_trust(o, 5, true, &o->next_key);
    assert_null(registry_first(o->w->broker->registry));
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
    assert_int_equal(o->w->broker->status.waiting.n, 0);
    restart(o);
    assert_int_equal(world_knock(o->w), REASON_REVOKED);
    issue_refused(o, (struct issue){.epoch = 900, .by = &o->next_key}, REASON_STATUS_STALE);
    visitor_end(&v);
}

/* What nobody of that epoch signed is forgotten when it comes, and changed nothing. */
static void test_junk_that_waited(void **state)
{
    struct offices *o = *state;

    world_grant(o->w, (struct grant_plan){0});
    issue_take_in(o, (struct issue){0});
    issue_take_in_as(
        o,
        (struct issue){.trust_epoch = 5, .epoch = 1, .lines = "revoked: " PAPERS_ID "\n", .by = &o->revoker},
        "status-waiting");
    offices_replace_trust(o, 5, true, &o->status_key);
    assert_int_equal(o->w->broker->status.waiting.n, 0);
    assert_int_equal(world_knock(o->w), REASON_OK);
    restart(o);
    assert_int_equal(o->w->broker->status.waiting.n, 0);
    assert_int_equal(o->w->broker->status.current.document->epoch, 17);
}

/* Root starts over: the trust file in place may be of a lower epoch, whose statuses must count. */
static void test_reset_forgets(void **state)
{
    struct offices *o = *state;
    char *first = offices_trust(o, 1, true, &o->status_key);
    struct varlink_reply r;

    issue_take_in(o, (struct issue){.epoch = 900, .lines = "revoked: " PAPERS_ID "\n"});
    issue_take_in_as(o, (struct issue){.trust_epoch = 5}, "status-waiting");
    epoch_put_file(o->w, first);
    r = epoch_reset(o->w, first);
    assert_null(r.error);
    varlink_reply_done(&r);
    assert_null(o->w->broker->status.current.document);
    assert_int_equal(o->w->broker->status.waiting.n, 0);
    restart(o);
    assert_null(o->w->broker->status.current.document);
    assert_int_equal(o->w->broker->status.waiting.n, 0);
    issue_take_in(o, (struct issue){.trust_epoch = 1, .epoch = 1});
    free(first);
}

/* A status that is newer than any before is trusted time; one that is there already is not. */
static void test_tells_the_time(void **state)
{
    struct offices *o = *state;
    struct timekeeper_view view;

    issue_take_in(o, (struct issue){.age = -8});
    timekeeper_view(o->w->broker->timekeeper, &view);
    assert_true(view.highest >= o->w->broker->status.current.document->issued);
}

#define STATUS_TEST(f) cmocka_unit_test_setup_teardown(f, offices_setup, offices_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATUS_TEST(test_never_goes_back),
        STATUS_TEST(test_same_epoch_other_octets),
        STATUS_TEST(test_same_again),
        STATUS_TEST(test_trust_epochs_come_first),
        STATUS_TEST(test_waits_for_its_trust_epoch),
        STATUS_TEST(test_which_wait),
        STATUS_TEST(test_the_same_waits_once),
        STATUS_TEST(test_junk_displaces_nothing),
        STATUS_TEST(test_used_when_its_trust_epoch_comes),
        STATUS_TEST(test_junk_that_waited),
        STATUS_TEST(test_reset_forgets),
        STATUS_TEST(test_tells_the_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
