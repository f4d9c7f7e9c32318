// LAYERS: test_support
/* Who needs all grants, and waits until they have come from the store. */
#include "broker/common/files.h"
#include "broker/daemon/loading.h"
#include "tests/unit/broker/daemon/epochs.h"
#include "tests/unit/broker/daemon/shop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Somebody keeps the loop busy. */
static void test_what_waits_is_not_put_off_for_ever(void **state)
{
    struct shop *s = *state;
    sd_event_source *busy;
    char *next;

    shop_put_back(s);
    s->o->w->at_once = 1;
    s->o->w->by_hand = false;
    world_start(s->o->w);
    busy = world_keep_busy(s->o->w);
    assert_true(loading_is(s->o->w->broker));
    next = epoch_without_leader(s->o->w, 5);
    epoch_replace(s->o->w, next, 5, DEPARTMENT_BOTH, DEPARTMENT_UNIT);
    assert_false(loading_is(s->o->w->broker));
    free(next);
    sd_event_source_disable_unref(busy);
    world_stop(s->o->w);
}

static void test_who_waits_is_told_at_stop(void **state)
{
    struct shop *s = *state;
    struct world *w = s->o->w;
    struct varlink_reply r;
    int fd;

    shop_put_back(s);
    w->at_once = 1;
    w->by_hand = true;
    world_start(w);
    fd = world_begin_call(w, "GrantList", json_pack("{sb}", "all", 1));
    world_for(w, 100);
    assert_false(world_has_answer(w, fd));
    world_stop(w);
    assert_true(world_has_answer(w, fd));
    r = world_take_reply(w, fd);
    assert_string_equal(r.error, "org.hufu.control.StoreUnavailable");
    varlink_reply_done(&r);
}

static void test_status_says_so(void **state)
{
    struct shop *s = *state;
    struct world *w = s->o->w;

    shop_put_back(s);
    w->at_once = 1;
    w->by_hand = true;
    world_start(w);
    assert_true(world_has_finding(w, "warning", "grants"));
    assert_int_equal(loading_finish(w->broker), 0);
    assert_false(world_has_finding(w, "warning", "grants"));
    world_stop(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_waits_is_not_put_off_for_ever, shop_setup, shop_teardown),
        cmocka_unit_test_setup_teardown(test_status_says_so, shop_setup, shop_teardown),
        cmocka_unit_test_setup_teardown(test_who_waits_is_told_at_stop, shop_setup, shop_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
