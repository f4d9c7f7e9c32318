// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "broker/daemon/directory.h"
#include "tests/unit/broker/daemon/fake_ldapd.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* What is in the directory no more is withdrawn as long as that lasts. */

static void tell_grant(struct ldapd *l, void *userdata)
{
    ldapd_signed(l, 1, userdata ? *(struct grant_plan *)userdata : (struct grant_plan){0});
}

static struct ldapd connected(struct world *w)
{
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_grant, NULL);
    assert_int_equal(world_knock(w), REASON_OK);
    return l;
}

static void test_withdrawn_and_back(void **state)
{
    struct world *w = *state;
    struct ldapd l = connected(w);
    enum reason reason;

    ldapd_delete(&l, 1);
    ldapd_settle(&l);
    assert_int_equal(world_knock(w), REASON_WITHDRAWN);
    assert_int_equal(ldapd_count(w, "withdrawn"), 1);
    assert_int_equal(world_records(w, EVENT_WITHDRAWN, "failure", &reason), 1);
    assert_int_equal(reason, REASON_WITHDRAWN);
    tell_grant(&l, NULL);
    ldapd_settle(&l);
    assert_int_equal(world_knock(w), REASON_OK);
    assert_int_equal(ldapd_count(w, "withdrawn"), 0);
    assert_int_equal(world_records(w, EVENT_WITHDRAWN, "success", NULL), 1);
    ldapd_hang_up(&l);
}

static bool is_over(struct world *w, void *userdata)
{
    return !registry_find(w->broker->registry, *(uint64_t *)userdata);
}

static void test_live_session_ends(void **state)
{
    struct world *w = *state;
    struct ldapd l = connected(w);
    struct visitor v = visitor_new();
    uint64_t number = world_log_in(w, &v);
    enum reason reason;

    ldapd_delete(&l, 1);
    world_until(w, is_over, &number);
    assert_int_equal(w->reaper.ends, 1);
    assert_int_equal(world_records(w, EVENT_SESSION_CLOSE, NULL, &reason), 1);
    assert_int_equal(reason, REASON_WITHDRAWN);
    visitor_end(&v);
    ldapd_hang_up(&l);
}

/* While the line was down one version took the place of the other: what is gone is looked at behind what
 * came. Which of the two a table holds first is chance, so it is tried some times. */
static void test_replaced_in_a_refresh(void **state)
{
    struct world *w = *state;
    struct ldapd l = connected(w);
    struct visitor v = visitor_new();
    uint64_t number = world_log_in(w, &v);

    for (unsigned n = 2; n < 12; n++) {
        char cookie[32];

        ldapd_hang_up(&l);
        ldapd_connect(&l);
        (void)snprintf(cookie, sizeof(cookie), "rid=1,csn=%u", n);
        ldapd_begin(&l, false);
        ldapd_delete(&l, n - 1);
        ldapd_signed(&l, n, (struct grant_plan){.version = n + 2});
        ldapd_end(&l, true, cookie);
        ldapd_settle(&l);
        assert_int_equal(w->reaper.ends, 0);
        assert_non_null(registry_find(w->broker->registry, number));
    }
    assert_int_equal(world_records(w, EVENT_WITHDRAWN, "failure", NULL), 0);
    visitor_end(&v);
    ldapd_hang_up(&l);
}

static void test_reservation_is_cancelled(void **state)
{
    struct world *w = *state;
    struct ldapd l = connected(w);
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);

    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).reason, REASON_OK);
    assert_non_null(registry_first(w->broker->registry));
    ldapd_delete(&l, 1);
    world_until(w, world_nobody_is_left, NULL);
    assert_int_equal(world_ask(w, &v, FRAME_GATE_OPEN, &m).reason, REASON_WITHDRAWN);
    visitor_end(&v);
    ldapd_hang_up(&l);
}

/* The same octets in another entry: they are there. */
static void test_another_entry_holds_it(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    char *document = world_document((struct grant_plan){0});
    char *one = department_approval(w->department, DEPARTMENT_LEADER, document);
    char *two = department_approval(w->department, DEPARTMENT_UNIT, document);

    ldapd_connect(&l);
    ldapd_refresh(&l, NULL, NULL);
    ldapd_entry(&l, 1, document, one, two);
    ldapd_entry(&l, 2, document, NULL, NULL);
    ldapd_delete(&l, 1);
    ldapd_settle(&l);
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_delete(&l, 2);
    ldapd_settle(&l);
    assert_int_equal(world_knock(w), REASON_WITHDRAWN);
    free(document);
    free(one);
    free(two);
    ldapd_hang_up(&l);
}

/* The entry is there, with another document in it. */
static void test_replaced_in_place(void **state)
{
    struct world *w = *state;
    struct ldapd l = connected(w);

    ldapd_entry(&l, 1, "nothing of ours\n", NULL, NULL);
    ldapd_settle(&l);
    assert_int_equal(world_knock(w), REASON_WITHDRAWN);
    assert_int_equal(ldapd_count(w, "bad"), 1);
    assert_true(ldapd_shows(w, REASON_BAD_REQUEST, "line 1"));
    ldapd_hang_up(&l);
}

/* A version that takes the place of another one ends nobody's session, whichever is told first. */
static void test_next_version(void **state)
{
    struct world *w = *state;
    struct ldapd l = connected(w);
    struct visitor v = visitor_new();
    uint64_t number = world_log_in(w, &v);

    ldapd_signed(&l, 2, (struct grant_plan){.version = 4});
    ldapd_delete(&l, 1);
    ldapd_settle(&l);
    assert_non_null(registry_find(w->broker->registry, number));
    assert_int_equal(w->reaper.ends, 0);
    assert_int_equal(world_records(w, EVENT_WITHDRAWN, NULL, NULL), 0);
    assert_int_equal(registry_find(w->broker->registry, number)->version, 4);
    ldapd_delete(&l, 2);
    world_until(w, is_over, &number);
    visitor_end(&v);
    ldapd_hang_up(&l);
}

/* Grants that an operator added, and that were never there, are nobody's to withdraw. */
static void test_by_hand(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    assert_int_equal(world_grant(w, (struct grant_plan){0}), REASON_OK);
    ldapd_connect(&l);
    ldapd_refresh(&l, NULL, NULL);
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_delete(&l, 1);
    ldapd_settle(&l);
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_hang_up(&l);
}

/* Nor is a version that an operator added over one of the directory's, before it is there, too. */
static void test_by_hand_over_it(void **state)
{
    struct world *w = *state;
    struct ldapd l = connected(w);

    ldapd_delete(&l, 1);
    ldapd_settle(&l);
    assert_int_equal(world_knock(w), REASON_WITHDRAWN);
    assert_int_equal(world_grant(w, (struct grant_plan){.version = 4}), REASON_OK);
    assert_int_equal(world_knock(w), REASON_OK);
    assert_int_equal(ldapd_count(w, "withdrawn"), 0);
    ldapd_hang_up(&l);
}

/* ---- over a restart ---- */

static void test_served_from_the_store(void **state)
{
    struct world *w = *state;
    struct ldapd l = connected(w);

    ldapd_cookie(&l, "rid=1,csn=7");
    ldapd_settle(&l);
    world_stop(w);
    ldapd_hang_up(&l);
    world_start(w);
    assert_int_equal(world_knock(w), REASON_OK);
    assert_int_equal(ldapd_count(w, "entries"), 1);
    ldapd_connect(&l);
    assert_string_equal(l.cookie, "rid=1,csn=1"); /* a cookie alone is written now and then */
    ldapd_begin(&l, false);
    ldapd_present(&l, 1, 1);
    ldapd_end(&l, false, "rid=1,csn=8");
    ldapd_settle(&l);
    assert_int_equal(world_knock(w), REASON_OK);
    assert_int_equal(world_records(w, EVENT_GRANT_ADD, NULL, NULL), 1);
    ldapd_hang_up(&l);
}

static void test_withdrawn_stays_withdrawn(void **state)
{
    struct world *w = *state;
    struct ldapd l = connected(w);

    ldapd_delete(&l, 1);
    ldapd_settle(&l);
    ldapd_hang_up(&l);
    world_stop(w);
    world_start(w);
    assert_int_equal(world_knock(w), REASON_WITHDRAWN);
    assert_int_equal(ldapd_count(w, "withdrawn"), 1);
    ldapd_connect(&l);
    ldapd_refresh(&l, tell_grant, NULL);
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_hang_up(&l);
}

/* Gone while hufud was stopped: it goes as soon as that is told. */
static void test_gone_while_stopped(void **state)
{
    struct world *w = *state;
    struct ldapd l = connected(w);

    ldapd_hang_up(&l);
    world_stop(w);
    world_start(w);
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_connect(&l);
    ldapd_begin(&l, false);
    ldapd_delete(&l, 1);
    ldapd_settle(&l);
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_end(&l, true, "rid=1,csn=9");
    ldapd_settle(&l);
    assert_int_equal(world_knock(w), REASON_WITHDRAWN);
    ldapd_hang_up(&l);
}

/* Nobody approved it, and it is gone: it was never anything. */
static void test_unapproved_is_forgotten(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    char *document = world_document((struct grant_plan){0});

    ldapd_connect(&l);
    ldapd_refresh(&l, NULL, NULL);
    ldapd_entry(&l, 1, document, NULL, NULL);
    ldapd_settle(&l);
    assert_int_equal(world_knock(w), REASON_APPROVAL_MISSING);
    assert_int_equal(ldapd_count(w, "waiting"), 1);
    assert_int_equal(ldapd_count(w, "bad"), 0);
    ldapd_delete(&l, 1);
    ldapd_settle(&l);
    assert_int_equal(world_knock(w), REASON_NO_GRANT);
    world_stop(w);
    ldapd_hang_up(&l);
    world_start(w);
    assert_int_equal(world_knock(w), REASON_NO_GRANT);
    free(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_withdrawn_and_back, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_live_session_ends, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_replaced_in_a_refresh, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_reservation_is_cancelled, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_another_entry_holds_it, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_replaced_in_place, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_next_version, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_by_hand, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_by_hand_over_it, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_served_from_the_store, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_withdrawn_stays_withdrawn, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_gone_while_stopped, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_unapproved_is_forgotten, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
