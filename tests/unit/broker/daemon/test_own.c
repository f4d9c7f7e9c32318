// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/files.h"
#include "tests/unit/broker/daemon/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What a gated person may ask the control socket: about what is theirs, and the rest is not there. */

#define OTHER_PERSON (WORLD_UID + 1)

static json_int_t shown(struct world *w, json_t *parameters, const char *error)
{
    struct varlink_reply r = world_call(w, "SessionShow", parameters);
    json_int_t number =
        json_integer_value(json_object_get(json_object_get(r.parameters, "session"), "number"));

    if (error)
        assert_string_equal(r.error, error);
    else
        assert_null(r.error);
    varlink_reply_done(&r);
    return number;
}

#define NOT_FOUND "org.hufu.control.NotFound"

static void test_own_session(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    json_int_t number;

    world_grant(w, (struct grant_plan){0});
    number = (json_int_t)world_log_in(w, &v);
    w->reaper.login_uid = WORLD_UID;
    assert_int_equal(shown(w, json_pack("{sI}", "number", number), NULL), number);
    assert_int_equal(shown(w, NULL, NULL), number);
    w->reaper.login_uid = OTHER_PERSON;
    shown(w, json_pack("{sI}", "number", number), NOT_FOUND);
    shown(w, json_pack("{sI}", "number", number + 1), NOT_FOUND);
    shown(w, NULL, NOT_FOUND);
    /* An operator has no session of their own. */
    w->reaper.login_uid = UINT32_MAX;
    shown(w, NULL, NOT_FOUND);
    visitor_end(&v);
}

/* What is not theirs reads exactly like what is not there. */
static void test_nothing_is_revealed(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct varlink_reply theirs, nobodys;
    json_int_t number;

    world_grant(w, (struct grant_plan){0});
    number = (json_int_t)world_log_in(w, &v);
    w->reaper.login_uid = OTHER_PERSON;
    theirs = world_call(w, "SessionShow", json_pack("{sI}", "number", number));
    nobodys = world_call(w, "SessionShow", json_pack("{sI}", "number", number + 1));
    assert_true(json_equal(theirs.message, nobodys.message));
    varlink_reply_done(&theirs);
    varlink_reply_done(&nobodys);
    visitor_end(&v);
}

#define OWN_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OWN_TEST(test_own_session),
        OWN_TEST(test_nothing_is_revealed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
