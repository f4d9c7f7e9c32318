// LINK: -Wl,--wrap=clock_wall -Wl,--wrap=clock_wall_us -Wl,--wrap=clock_boot_us
// LAYERS: test_support

#include "tests/unit/broker/daemon/offices.h"
#include "tests/unit/broker/daemon/set_clock.h"
#include "tests/unit/unit.h"

/* What was signed away is taken away also on a host whose wall clock was set back: there it looks as if it
 * came from the future, signed under certificates that do not hold yet. */

#define SET_BACK ((when_t)3 * 366 * 86400) /* seconds */

static int setup(void **state)
{
    set_clock_reset();
    return offices_setup(state);
}

/* Somebody is in, and then the clock goes. */
static void begin(struct offices *o, const struct visitor *v)
{
    world_grant(o->w, (struct grant_plan){.uses = "5 per-host"});
    world_log_in(o->w, v);
    set_clock(-SET_BACK, false);
    assert_int_not_equal(world_knock(o->w), REASON_OK);
    assert_non_null(registry_first(o->w->broker->registry));
}

static void test_revocation(void **state)
{
    struct offices *o = *state;
    struct visitor v = visitor_new();
    struct varlink_reply r;

    begin(o, &v);
    r = offices_revoke(o, (struct revocation_plan){0});
    assert_null(r.error);
    assert_string_equal(offices_text(&r, "state"), "ok");
    varlink_reply_done(&r);
    world_until(o->w, world_nobody_is_left, NULL);
    visitor_end(&v);
}

static void test_status(void **state)
{
    struct offices *o = *state;
    struct visitor v = visitor_new();

    begin(o, &v);
    issue_take_in(
        o, (struct issue){.age = -SET_BACK, .lasts = SET_BACK + 86400, .lines = "revoked: " PAPERS_ID "\n"});
    world_until(o->w, world_nobody_is_left, NULL);
    visitor_end(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_revocation, setup, offices_teardown),
        cmocka_unit_test_setup_teardown(test_status, setup, offices_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
