/* What sftp-server's log says, and what it does not. The lines are OpenSSH 9.2's. */
#include "pam_module/channel/sftp_log.h"
#include "policy/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void what_was_done_is_read(void **state)
{
    static const struct {
        const char *line;
        enum gate_transfer_kind kind;
        uint64_t read, written;
        const char *path, *target;
    } rows[] = {
        {"close \"/srv/a\" bytes read 0 written 4096", GATE_TRANSFER_FILE, 0, 4096, "/srv/a", ""},
        {"close \"/srv/a\" bytes read 18446744073709551615 written 0", GATE_TRANSFER_FILE, UINT64_MAX, 0,
         "/srv/a", ""},
        {"forced close \"/srv/a b\" bytes read 7 written 9", GATE_TRANSFER_CUT, 7, 9, "/srv/a b", ""},
        {"rename old \"/a\" new \"/b\"", GATE_TRANSFER_RENAME, 0, 0, "/a", "/b"},
        {"posix-rename old \"/a\" new \"/b\"", GATE_TRANSFER_RENAME, 0, 0, "/a", "/b"},
        {"symlink old \"/a\" new \"/b\"", GATE_TRANSFER_LINK, 0, 0, "/a", "/b"},
        {"hardlink old \"/a\" new \"/b\"", GATE_TRANSFER_LINK, 0, 0, "/a", "/b"},
        {"remove name \"/a\"", GATE_TRANSFER_REMOVE, 0, 0, "/a", ""},
        {"opendir \"/a\"", GATE_TRANSFER_LIST, 0, 0, "/a", ""},
        {"mkdir name \"/a\" mode 0755", GATE_TRANSFER_MAKE_FOLDER, 0, 0, "/a", ""},
        {"rmdir name \"/a\"", GATE_TRANSFER_REMOVE_FOLDER, 0, 0, "/a", ""},
        {"set \"/a\" mode 0644", GATE_TRANSFER_ATTRIBUTES, 0, 0, "/a", ""},
        /* A name may look like the rest of its line. */
        {"close \"/a\" bytes read 1 written 2\" bytes read 3 written 4", GATE_TRANSFER_FILE, 3, 4,
         "/a\" bytes read 1 written 2", ""},
        {"remove name \"/a\"b\"", GATE_TRANSFER_REMOVE, 0, 0, "/a\"b", ""},
        {"rename old \"/a\" new \"/b\" new \"/c\"", GATE_TRANSFER_RENAME, 0, 0, "/a\" new \"/b", "/c"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct gate_transfer m;
        uint8_t frame[FRAME_MAX];

        if (!sftp_log_parse(rows[i].line, &m))
            fail_msg("not read: %s", rows[i].line);
        assert_int_equal(m.kind, rows[i].kind);
        assert_int_equal(m.read, rows[i].read);
        assert_int_equal(m.written, rows[i].written);
        assert_string_equal(m.path, rows[i].path);
        assert_string_equal(m.target, rows[i].target);
        assert_true(gate_encode_transfer(&m, frame) > 0);
    }
}

static void nothing_else_is(void **state)
{
    static const char *const lines[] = {
        "",
        "open \"/srv/a\" flags READ mode 0666",
        "closedir \"/srv/a\"",
        "sent status No such file",
        "session opened for local user zhang.san from [10.1.2.3]",
        "close \"/a\" bytes read 1 written",
        "close \"/a\" bytes read written 1",
        "close \"/a\" bytes read 18446744073709551616 written 0",
        "close \"/a\" bytes read 1 written 1 ",
        "close \"/a bytes read 1 written 1",
        "close \"\" bytes read 1 written 1",
        "rename old \"/a\"",
        "rename old \"/a\" new \"\"",
        "rename old \"/a\" new \"/b",
        " remove name \"/a\"",
        "remove name \"",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        static const struct gate_transfer clear;
        struct gate_transfer m;

        if (sftp_log_parse(lines[i], &m))
            fail_msg("read: %s", lines[i]);
        assert_memory_equal(&m, &clear, sizeof(m));
    }
}

static void a_long_name_is_cut(void **state)
{
    static char line[9000] = "rename old \"";
    struct gate_transfer m;

    (void)state;
    memset(line + strlen(line), 'x', 4000);
    strcat(line, "\" new \"");
    memset(line + strlen(line), 'y', 4000);
    strcat(line, "\"");
    assert_true(sftp_log_parse(line, &m));
    assert_int_equal(strlen(m.path), sizeof(m.path) - 1);
    assert_int_equal(strspn(m.target, "y"), sizeof(m.target) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_done_is_read),
        cmocka_unit_test(nothing_else_is),
        cmocka_unit_test(a_long_name_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
