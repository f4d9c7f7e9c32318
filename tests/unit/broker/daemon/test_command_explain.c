// LAYERS: test_support

#include "broker/audit/event.h"
#include "tests/unit/broker/daemon/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* The question of sudo's plugin, as an operator puts it. */

#define GRANTED "/usr/bin/systemctl restart oracle"

static void explained(struct world *w, const char *service, const char *command, const char *expected)
{
    struct varlink_reply r = world_call(w, "Explain",
                                        json_pack("{ss ss ss ss*}", "staff", WORLD_STAFF, "service", service,
                                                  "target", "oracle", "command", command));

    assert_null(r.error);
    assert_string_equal(world_text(&r, "reason"), expected);
    varlink_reply_done(&r);
}

static void test_explain(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();

    world_grant(w, (struct grant_plan){.run_as = "oracle", .command = GRANTED});
    world_log_in(w, &v);
    explained(w, "sudo", GRANTED, "ok");
    explained(w, "sudo", "/usr/bin/systemctl restart", "command-not-granted");
    explained(w, "sudo", "/usr/bin/systemctl", "command-not-granted");
    explained(w, "sudo", NULL, "ok");
    explained(w, "su", NULL, "command-not-granted");
    assert_string_equal(
        world_error_of(w, "Explain",
                       json_pack("{ss ss ss}", "staff", WORLD_STAFF, "service", "su", "command", GRANTED)),
        "InvalidParameter");
    assert_int_equal(world_records(w, EVENT_COMMAND, NULL, NULL), 0);
    visitor_end(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_explain, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
