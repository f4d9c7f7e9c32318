// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/daemon/directory.h"
#include "tests/unit/broker/daemon/epochs.h"
#include "tests/unit/broker/daemon/fake_ldapd.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* Trust epochs of the directory: one after the other, whatever else stands beside them. */

#define FIRST 4 /* in force at the start */

static void tell_epoch(struct ldapd *l, unsigned n, const char *text, unsigned epoch, int one, int two)
{
    const struct department *d = l->w->department;
    char *first = epoch_approval(&d->approvers[one], text, epoch);
    char *second = two >= 0 ? epoch_approval(&d->approvers[two], text, epoch) : NULL;

    ldapd_entry(l, n, text, first, second);
    free(first);
    free(second);
}

/* Each differs from the others in its end. */
static char *epoch_of(const struct world *w, unsigned epoch, const char *until)
{
    return epoch_text(w, (struct trust_plan){.epoch = epoch, .until = until});
}

static void test_one_by_one_in_any_order(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    char origin[16];

    ldapd_connect(&l);
    ldapd_begin(&l, true);
    for (unsigned epoch = FIRST + 4; epoch > FIRST; epoch--) {
        char *text = epoch_of(w, epoch, NULL), *junk = epoch_of(w, epoch, "2044-01-01T00:00:00Z");

        tell_epoch(&l, 100 + epoch, junk, epoch, DEPARTMENT_LEADER, -1);
        tell_epoch(&l, epoch, text, epoch, DEPARTMENT_LEADER, DEPARTMENT_UNIT);
        ldapd_entry(&l, 200 + epoch, junk, text, text);
        free(text);
        free(junk);
    }
    ldapd_signed(&l, 1, (struct grant_plan){0});
    ldapd_settle(&l);
    assert_int_equal(epoch_in_force(w, NULL), FIRST);
    ldapd_end(&l, true, "rid=1,csn=1");
    ldapd_settle(&l);
    assert_int_equal(epoch_in_force(w, origin), FIRST + 4);
    assert_string_equal(origin, "replace");
    assert_int_equal(world_records(w, EVENT_TRUST_REPLACE, "success", NULL), 4);
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_hang_up(&l);
    world_stop(w);
    world_start(w);
    assert_int_equal(epoch_in_force(w, NULL), FIRST + 4);
}

/* Outside of a refresh one that comes too early waits; when the one before has come, it is asked for again.
 */
static void test_too_early(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    char *five = epoch_of(w, 5, NULL), *six = epoch_of(w, 6, NULL);

    ldapd_connect(&l);
    ldapd_refresh(&l, NULL, NULL);
    tell_epoch(&l, 6, six, 6, DEPARTMENT_LEADER, DEPARTMENT_UNIT);
    ldapd_settle(&l);
    assert_int_equal(epoch_in_force(w, NULL), FIRST);
    assert_int_equal(ldapd_count(w, "waiting_trust"), 1);
    assert_true(ldapd_shows(w, REASON_APPROVAL_MISSING, "it waits for trust epoch 5"));
    tell_epoch(&l, 5, five, 5, DEPARTMENT_LEADER, DEPARTMENT_UNIT);
    ldapd_await_start(&l, 2);
    assert_string_equal(l.cookie, "");
    assert_int_equal(epoch_in_force(w, NULL), 5);
    ldapd_begin(&l, true);
    tell_epoch(&l, 6, six, 6, DEPARTMENT_LEADER, DEPARTMENT_UNIT);
    tell_epoch(&l, 5, five, 5, DEPARTMENT_LEADER, DEPARTMENT_UNIT);
    ldapd_end(&l, true, "rid=1,csn=2");
    ldapd_settle(&l);
    assert_int_equal(epoch_in_force(w, NULL), 6);
    assert_int_equal(ldapd_count(w, "waiting"), 0);
    ldapd_hang_up(&l);
    free(five);
    free(six);
}

/* Old epochs stay in the directory; another document under the number of the one in force is a fault. */
static void test_old_and_swapped(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    char *old = epoch_of(w, 3, NULL), *other = epoch_of(w, 4, "2044-01-01T00:00:00Z");

    ldapd_connect(&l);
    ldapd_begin(&l, true);
    tell_epoch(&l, 3, old, 3, DEPARTMENT_LEADER, DEPARTMENT_UNIT);
    tell_epoch(&l, 4, other, 4, DEPARTMENT_LEADER, DEPARTMENT_UNIT);
    ldapd_end(&l, true, "rid=1,csn=1");
    ldapd_settle(&l);
    assert_int_equal(epoch_in_force(w, NULL), FIRST);
    assert_int_equal(ldapd_count(w, "bad"), 1);
    assert_true(ldapd_shows(w, REASON_BAD_REQUEST, "that is in force"));
    ldapd_hang_up(&l);
    free(old);
    free(other);
}

/* Root starts over: whatever the directory said is asked for anew. */
static void test_reset(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    char *text = epoch_of(w, 9, NULL);
    struct varlink_reply r;

    ldapd_connect(&l);
    ldapd_refresh(&l, NULL, NULL);
    epoch_put_file(w, text);
    r = epoch_reset(w, text);
    assert_null(r.error);
    varlink_reply_done(&r);
    ldapd_await_start(&l, 2);
    assert_string_equal(l.cookie, "");
    ldapd_hang_up(&l);
    free(text);
}

/* A cookie rests on what the answers were judged by. */
static void test_another_trust_while_stopped(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    char *five = epoch_of(w, 5, NULL);

    ldapd_connect(&l);
    ldapd_refresh(&l, NULL, NULL);
    ldapd_hang_up(&l);
    ldapd_connect(&l);
    assert_string_equal(l.cookie, "rid=1,csn=1");
    ldapd_hang_up(&l);
    epoch_replace(w, five, 5, DEPARTMENT_LEADER, DEPARTMENT_UNIT);
    world_stop(w);
    world_start(w);
    ldapd_connect(&l);
    assert_string_equal(l.cookie, ""); /* it was judged by another */
    ldapd_hang_up(&l);
    free(five);
}

/* Entry `n`, each time with the same octets: an epoch that leader and unit signed. */
struct signed_epoch {
    char *text, *one, *two;
};

static struct signed_epoch sign_epoch(const struct world *w, unsigned epoch)
{
    struct signed_epoch e = {.text = epoch_of(w, epoch, NULL)};

    e.one = epoch_approval(&w->department->approvers[DEPARTMENT_LEADER], e.text, epoch);
    e.two = epoch_approval(&w->department->approvers[DEPARTMENT_UNIT], e.text, epoch);
    return e;
}

static void signed_epoch_done(struct signed_epoch *e)
{
    free(e->text);
    free(e->one);
    free(e->two);
}

static void refresh_with(struct ldapd *l, const struct signed_epoch *e, const char *cookie)
{
    ldapd_begin(l, true);
    ldapd_entry(l, 1, e->text, e->one, e->two);
    ldapd_end(l, true, cookie);
    ldapd_settle(l);
}

/* What was refused under the one before is not settled under this one. */
static void test_refused_before_the_start(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    cleanup(signed_epoch_done) struct signed_epoch six = sign_epoch(w, 6);
    char *five = epoch_of(w, 5, NULL);

    ldapd_connect(&l);
    refresh_with(&l, &six, "rid=1,csn=1");
    assert_int_equal(ldapd_count(w, "waiting_trust"), 1);
    ldapd_hang_up(&l);
    epoch_replace(w, five, 5, DEPARTMENT_LEADER, DEPARTMENT_UNIT);
    world_stop(w);
    world_start(w);
    ldapd_connect(&l);
    refresh_with(&l, &six, "rid=1,csn=1");
    assert_int_equal(epoch_in_force(w, NULL), 6);
    ldapd_hang_up(&l);
    free(five);
}

/* Of a grant only what counted was kept. Who signed it ahead of the trust file that names them is heard then.
 */
static void test_signed_ahead(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    const struct department *d = w->department;
    char *five = epoch_without_leader(w, 5);
    char *six = epoch_text(
        w, (struct trust_plan){.epoch = 6, .approvers = d->approvers, .n_approvers = DEPARTMENT_BOTH});
    char *grant = world_document((struct grant_plan){0});
    char *approvals[] = {department_approval(d, DEPARTMENT_LEADER, grant),
                         department_approval(d, DEPARTMENT_UNIT, grant),
                         department_approval(d, DEPARTMENT_BOTH, grant)};
    char *epoch_approvals[DEPARTMENT_APPROVERS];

    epoch_replace(w, five, 5, DEPARTMENT_BOTH, DEPARTMENT_UNIT);
    ldapd_connect(&l);
    ldapd_begin(&l, true);
    ldapd_entry_of(&l, 1, grant, (const char *const *)approvals, 3);
    ldapd_end(&l, true, "rid=1,csn=1");
    ldapd_settle(&l);
    assert_int_equal(world_knock(w), REASON_OK);
    for (int i = 0; i < DEPARTMENT_APPROVERS; i++)
        epoch_approvals[i] = epoch_approval(&d->approvers[i], six, 6);
    ldapd_entry_of(&l, 2, six, (const char *const *)epoch_approvals, DEPARTMENT_APPROVERS);
    ldapd_await_start(&l, 2);
    assert_int_equal(epoch_in_force(w, NULL), 6);
    assert_string_equal(l.cookie, "");
    ldapd_begin(&l, true);
    ldapd_entry_of(&l, 1, grant, (const char *const *)approvals, 3);
    ldapd_entry_of(&l, 2, six, (const char *const *)epoch_approvals, DEPARTMENT_APPROVERS);
    ldapd_end(&l, true, "rid=1,csn=2");
    ldapd_settle(&l);
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_hang_up(&l);
    for (size_t i = 0; i < ARRAY_SIZE(approvals); i++) {
        free(approvals[i]);
        free(epoch_approvals[i]);
    }
    free(grant);
    free(five);
    free(six);
}

/* After root started over, also epochs that were passed once already. */
static void test_reset_to_an_old_epoch(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    cleanup(signed_epoch_done) struct signed_epoch five = sign_epoch(w, 5);
    char *four = epoch_of(w, 4, NULL);
    struct varlink_reply r;

    ldapd_connect(&l);
    refresh_with(&l, &five, "rid=1,csn=1");
    assert_int_equal(epoch_in_force(w, NULL), 5);
    ldapd_hang_up(&l);
    epoch_put_file(w, four);
    r = epoch_reset(w, four);
    assert_null(r.error);
    varlink_reply_done(&r);
    assert_int_equal(epoch_in_force(w, NULL), 4);
    ldapd_connect(&l);
    refresh_with(&l, &five, "rid=1,csn=2");
    assert_int_equal(epoch_in_force(w, NULL), 5);
    ldapd_hang_up(&l);
    free(four);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_by_one_in_any_order, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_too_early, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_old_and_swapped, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_reset, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_another_trust_while_stopped, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_refused_before_the_start, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_signed_ahead, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_reset_to_an_old_epoch, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
