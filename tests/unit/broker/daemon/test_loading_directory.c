// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/daemon/loading.h"
#include "tests/unit/broker/daemon/fake_ldapd.h"
#include "tests/unit/unit.h"

/* What the directory says of a grant that is still on its way from the store. */

static void tell_grant(struct ldapd *l, void *userdata)
{
    (void)userdata;
    ldapd_signed(l, 1, (struct grant_plan){0});
}

static struct ldapd connected(struct world *w)
{
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_grant, NULL);
    return l;
}

/* Nothing but what is asked for comes. */
static void restart_by_hand(struct world *w)
{
    world_stop(w);
    w->at_once = 1;
    w->by_hand = true;
    world_start(w);
    assert_true(loading_is(w->broker));
}

static void load_all(struct world *w)
{
    assert_int_equal(loading_some(w->broker, 1000), 0);
    assert_false(loading_is(w->broker));
}

static void go_on(struct ldapd *l)
{
    ldapd_connect(l);
    ldapd_begin(l, false);
    ldapd_end(l, true, "rid=1,csn=2");
    ldapd_settle(l);
}

static void test_deleted_meanwhile(void **state)
{
    struct world *w = *state;
    struct ldapd l = connected(w);

    ldapd_hang_up(&l);
    restart_by_hand(w);
    go_on(&l);
    ldapd_delete(&l, 1);
    ldapd_settle(&l);
    assert_int_equal(world_records(w, EVENT_WITHDRAWN, "failure", NULL), 1);
    assert_int_equal(world_knock(w), REASON_WITHDRAWN);
    load_all(w);
    assert_int_equal(ldapd_count(w, "withdrawn"), 1);
    assert_int_equal(world_records(w, EVENT_WITHDRAWN, "failure", NULL), 1);
    ldapd_hang_up(&l);
}

/* That it is so already is no event. */
static void test_withdrawn_before(void **state)
{
    struct world *w = *state;
    struct ldapd l = connected(w);

    ldapd_delete(&l, 1);
    ldapd_settle(&l);
    ldapd_hang_up(&l);
    restart_by_hand(w);
    load_all(w); /* by the way */
    assert_int_equal(ldapd_count(w, "withdrawn"), 1);
    restart_by_hand(w);
    assert_int_equal(world_knock(w), REASON_WITHDRAWN); /* at once */
    load_all(w);
    go_on(&l);
    assert_int_equal(ldapd_count(w, "withdrawn"), 1);
    assert_int_equal(world_records(w, EVENT_WITHDRAWN, "failure", NULL), 1);
    assert_int_equal(world_records(w, EVENT_WITHDRAWN, "success", NULL), 0);
    ldapd_hang_up(&l);
}

static void test_there_and_stays(void **state)
{
    struct world *w = *state;
    struct ldapd l = connected(w);

    ldapd_hang_up(&l);
    restart_by_hand(w);
    go_on(&l);
    assert_int_equal(world_knock(w), REASON_OK);
    load_all(w);
    assert_int_equal(world_knock(w), REASON_OK);
    assert_int_equal(ldapd_count(w, "withdrawn"), 0);
    ldapd_delete(&l, 1);
    ldapd_settle(&l);
    assert_int_equal(world_knock(w), REASON_WITHDRAWN);
    ldapd_hang_up(&l);
}

static void test_replaced_meanwhile(void **state)
{
    struct world *w = *state;
    struct ldapd l = connected(w);

    ldapd_hang_up(&l);
    restart_by_hand(w);
    go_on(&l);
    ldapd_signed(&l, 2, (struct grant_plan){.version = 4});
    ldapd_delete(&l, 1);
    ldapd_settle(&l);
    load_all(w);
    assert_int_equal(world_knock(w), REASON_OK);
    assert_int_equal(ldapd_count(w, "withdrawn"), 0);
    assert_int_equal(world_records(w, EVENT_WITHDRAWN, "failure", NULL), 0);
    ldapd_hang_up(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_deleted_meanwhile, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_withdrawn_before, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_there_and_stays, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_replaced_meanwhile, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
