// LAYERS: test_support
/* What the programs that sshd starts have in common. */
#include "helper.h"
#include "policy/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void options_of_the_helpers_are_known(void **state)
{
    char *const programs[] = {getenv("HUFU_TEST_AUTHORIZED_KEYS"), getenv("HUFU_TEST_CHANNEL")};
    char *environment[] = {NULL};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
        char *unknown[] = {programs[i], (char *)"-x", NULL};
        char *extra[] = {programs[i], (char *)"a", (char *)"b", (char *)"c", (char *)"d", NULL};
        char *incomplete[] = {programs[i], (char *)"-s", NULL};
        char *const *const calls[] = {unknown, extra, incomplete};

        for (size_t k = 0; k < ARRAY_SIZE(calls); k++) {
            struct helper_result r;

            helper_run(&r, calls[k], environment, "");
            assert_int_equal(r.status, 2);
            assert_string_equal(r.out, "");
            assert_non_null(strstr(r.err, "usage: "));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_of_the_helpers_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
