// LAYERS: test_support

#include "tests/unit/broker/daemon/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* What varlink introspection serves is the file that docs/protocol-control.md refers to. */

#define INTERFACE "broker/ipc/org.hufu.control.varlink"

static void test_introspection_serves_the_file(void **state)
{
    struct varlink_reply reply = world_call(*state, "org.varlink.service.GetInterfaceDescription",
                                            json_pack("{ss}", "interface", "org.hufu.control"));
    static char text[64 * 1024];
    FILE *f = fopen(INTERFACE, "re");
    size_t n;

    assert_non_null(f);
    n = fread(text, 1, sizeof(text) - 1, f);
    (void)fclose(f);
    assert_true(n > 0 && n < sizeof(text) - 1);
    text[n] = '\0';
    assert_null(reply.error);
    assert_string_equal(json_string_value(json_object_get(reply.parameters, "description")), text);
    varlink_reply_done(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_introspection_serves_the_file, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
