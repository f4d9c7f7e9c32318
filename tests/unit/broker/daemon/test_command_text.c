/* Runs of sudo as records show them. */
#include "broker/daemon/command_text.h"
#include "policy/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Its name is anybody's choice, and reads as nothing else in a record. */
static void test_folder(void **state)
{
    static const struct {
        const char *cwd, *text;
    } rows[] = {
        {"", ""},
        {"/home/who", ", in /home/who"},
        {"/home/更换", ", in /home/更换"},
        {"/a\u3000b\u200bc", ", in /a\\343\\200\\200b\\342\\200\\213c"}, /* blanks that nobody sees */
        {"/x; exit 0", ", in /x;\\040exit\\0400"},
        {"/\377\n\033[2J", ", in /\\377\\012\\033[2J"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct buf b = BUF_INIT;
        struct gate_command m = {.path = "/usr/bin/id"};
        cleanup_free char *text = NULL;

        (void)snprintf(m.cwd, sizeof(m.cwd), "%s", rows[i].cwd);
        buf_puts(&b, "");
        command_text_folder(&m, &b);
        text = buf_steal_text(&b);
        assert_non_null(text);
        assert_string_equal(text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
