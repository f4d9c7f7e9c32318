// LAYERS: test_support
/* Grants that are still to be judged when the trust changes once more, or the broker stops. */
#include "broker/common/clock.h"
#include "broker/daemon/judging.h"
#include "tests/unit/broker/daemon/epochs.h"
#include "tests/unit/broker/daemon/shop_judging.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* ---- another change half way ---- */

/* The second is judged by who may sign under the first, and both by all grants. */
static void test_second_change_half_way(void **state)
{
    struct shop *s = *state;
    struct world *w = s->o->w;
    char *next, *one, *two;
    struct varlink_reply r;
    int fd;

    shop_start_judging(s, 1);
    shop_without_leader(s, 5);
    next = epoch_text(w, (struct trust_plan){.epoch = 6});
    one = epoch_approval(&w->department->approvers[DEPARTMENT_BOTH], next, 6);
    two = epoch_approval(&w->department->approvers[DEPARTMENT_UNIT], next, 6);
    judging_some(w->broker, 2);
    fd = world_begin_call(w, "DocumentAdd", json_pack("{ss s[ss]}", "document", next, "approvals", one, two));
    world_for(w, 100);
    assert_false(world_has_answer(w, fd));
    judging_some(w->broker, SHOP_ALL);
    assert_int_equal(shop_n_missing(s), 7 - 1); /* all but the one whose higher version was lost */
    r = world_take_reply(w, fd);
    assert_null(r.error);
    varlink_reply_done(&r);
    assert_true(judging_is(w->broker));
    judging_some(w->broker, SHOP_ALL);
    assert_int_equal(shop_standing(s, ID_TWO), REASON_OK);
    world_stop(w);
    free(next);
    free(one);
    free(two);
}

/* Nothing waited for the first: what it judged is judged again, and what it did not as well. */
static void change(struct world *w, const char *text)
{
    struct trust_change c = {0};
    struct trust_set *set = NULL;

    assert_int_equal(trust_set_new(text, strlen(text), &set, NULL), 0);
    assert_int_equal(trust_change_make((struct octets){(const uint8_t *)text, strlen(text)}, NULL, 0,
                                       TRUST_REPLACED, &set, &c),
                     0);
    trust_keeper_change(w->broker, &c, clock_wall(), NULL);
    trust_change_done(&c);
}

static void test_changes_that_did_not_wait(void **state)
{
    struct shop *s = *state;
    struct world *w = s->o->w;
    char *without, *with;

    for (unsigned grants = 0; grants < 8; grants++) {
        shop_start_judging(s, 1);
        without = epoch_without_leader(w, 5);
        with = epoch_text(w, (struct trust_plan){.epoch = 6});
        change(w, without);
        judging_some(w->broker, grants);
        change(w, with);
        assert_int_equal(world_knock(w), REASON_OK);
        judging_some(w->broker, grants);
        change(w, without); /* of the one before again: what is left of it is as good as new */
        assert_int_equal(world_knock(w), REASON_APPROVAL_MISSING);
        judging_some(w->broker, SHOP_ALL);
        assert_false(judging_is(w->broker));
        assert_int_equal(shop_n_missing(s), 6);
        world_stop(w);
        free(without);
        free(with);
    }
}

/* ---- a start half way ---- */

static void test_restart_half_way(void **state)
{
    struct shop *s = *state;
    char *expected, *is;

    shop_start_judging(s, 0);
    shop_without_leader(s, 5);
    expected = shop_finish_judging(s);
    for (unsigned grants = 0; grants < 8; grants++) {
        shop_start_judging(s, 1);
        shop_without_leader(s, 5);
        judging_some(s->o->w->broker, grants);
        world_stop(s->o->w);
        world_start(s->o->w);
        assert_int_equal(world_knock(s->o->w), REASON_APPROVAL_MISSING);
        is = shop_finish_judging(s);
        shop_compare("a restart", grants, is, expected);
        free(is);
    }
    free(expected);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, shop_setup, shop_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_second_change_half_way),
        TEST(test_changes_that_did_not_wait),
        TEST(test_restart_half_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
