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
    assert_int_equal(ldapd_knock(w), REASON_OK);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_by_one_in_any_order, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_too_early, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_old_and_swapped, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_reset, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_another_trust_while_stopped, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
