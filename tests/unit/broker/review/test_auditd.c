#include "broker/review/auditd.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* auditd's lines, as auditd 3.0.9 of Debian 12 writes them. */

#define CALL(serial, key)                                                                               \
    "type=SYSCALL msg=audit(1795255200.123:" serial "): arch=c000003e syscall=257 success=no exit=-13 " \
    "a0=ffffff9c a1=7ffd a2=0 a3=0 items=1 ppid=10 pid=11 auid=20001 uid=20001 gid=20001 euid=20001 "   \
    "suid=20001 fsuid=20001 egid=20001 sgid=20001 fsgid=20001 tty=pts0 ses=7 comm=\"cat\" "             \
    "exe=\"/usr/bin/cat\" subj=unconfined key=\"" key "\"\x1d"                                          \
    "ARCH=x86_64 SYSCALL=openat AUID=\"zhang.san\" UID=\"zhang.san\""
#define CWD(serial, folder) "type=CWD msg=audit(1795255200.123:" serial "): cwd=" folder
#define NAME(serial, item, name, kind)                                         \
    "type=PATH msg=audit(1795255200.123:" serial "): item=" item " name=" name \
    " inode=1 dev=08:01 mode=0100640 ouid=0 ogid=42 rdev=00:00 nametype=" kind \
    " cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0\x1dOUID=\"root\" OGID=\"shadow\""
#define END(serial) "type=EOE msg=audit(1795255200.123:" serial "): "

#define AT          ((when_t)1795255200)

static void take(struct auditd *a, const char *const *lines)
{
    for (; *lines; lines++)
        assert_int_equal(auditd_line(a, *lines, strlen(*lines)), 0);
}

static void check(const char *const *lines, size_t n, const char *what, const char *path, uint64_t count)
{
    cleanup(auditd_free_p) struct auditd *a = NULL;
    const struct auditd_row *rows;

    assert_int_equal(auditd_new(AT, AT + 1, &a), 0);
    take(a, lines);
    assert_int_equal(auditd_end(a), 0);
    assert_int_equal(auditd_rows(a, &rows), n);
    if (n == 0)
        return;
    assert_int_equal(rows[0].uid, 20001);
    assert_int_equal(rows[0].first, AT);
    assert_string_equal(rows[0].what, what);
    assert_string_equal(rows[0].path, path);
    assert_int_equal(rows[0].count, count);
}

static void test_event(void **state)
{
    static const char *const whole[] = {CALL("1", "hufu-denied"), CWD("1", "\"/home/z\""),
                                        NAME("1", "0", "\"/etc/shadow\"", "NORMAL"), END("1"), NULL};
    static const char *const relative[] = {CALL("1", "hufu-denied"), CWD("1", "\"/home/z\""),
                                           NAME("1", "0", "\"a\"", "NORMAL"), NULL};
    static const char *const hexadecimal[] = {CALL("1", "hufu-denied"), CWD("1", "2F612062"),
                                              NAME("1", "0", "63220A64", "NORMAL"), END("1"), NULL};
    static const char *const parent[] = {CALL("1", "hufu-denied"),
                                         CWD("1", "\"/\""),
                                         NAME("1", "0", "\"/etc/\"", "PARENT"),
                                         NAME("1", "1", "\"/etc/x\"", "CREATE"),
                                         END("1"),
                                         NULL};
    static const char *const pathless[] = {CALL("1", "hufu-denied"), END("1"), NULL};
    static const char *const other[] = {CALL("1", "hufu-watch"), CWD("1", "\"/\""),
                                        NAME("1", "0", "\"/etc/x\"", "NORMAL"), END("1"), NULL};

    (void)state;
    check(whole, 1, "openat", "/etc/shadow", 1);
    check(relative, 1, "openat", "/home/z/a", 1);
    check(hexadecimal, 1, "openat", "/a b/c\"\nd", 1);
    check(parent, 1, "openat", "/etc/x", 1);
    check(pathless, 1, "openat", "/usr/bin/cat", 1);
    check(other, 0, NULL, NULL, 0);
}

/* Lines of two events come mixed; equal accesses are one row. */
static void test_mixed(void **state)
{
    static const char *const lines[] = {CALL("1", "hufu-denied"),
                                        CALL("2", "hufu-denied"),
                                        NAME("2", "0", "\"/b\"", "NORMAL"),
                                        NAME("1", "0", "\"/a\"", "NORMAL"),
                                        END("1"),
                                        END("2"),
                                        CALL("3", "hufu-denied"),
                                        NAME("3", "0", "\"/a\"", "NORMAL"),
                                        END("3"),
                                        NULL};

    (void)state;
    check(lines, 2, "openat", "/a", 2);
}

/* A name in the log that tries to end its own field, or to be a field: it is in hexadecimal, or in quotes. */
static void test_names_are_no_fields(void **state)
{
    static const char *const lines[] = {CALL("1", "hufu-denied"),
                                        NAME("1", "0", "\"/x key=hufu auid=0 SYSCALL=none\"", "NORMAL"),
                                        END("1"), NULL};

    (void)state;
    check(lines, 1, "openat", "/x key=hufu auid=0 SYSCALL=none", 1);
}

static void test_not_enriched(void **state)
{
    static const char raw[] = "type=SYSCALL msg=audit(1795255200.123:1): arch=c000003e syscall=59 success=no "
                              "exit=-13 auid=4294967295 uid=20001 exe=\"/bin/sh\" key=\"hufu-denied\"";
    static const char *const lines[] = {raw, END("1"), NULL};

    (void)state;
    check(lines, 1, "syscall 59", "/bin/sh", 1);
}

static void test_junk(void **state)
{
    static const char *const lines[] = {
        "",
        "type=",
        "type=SYSCALL",
        "type=SYSCALL msg=audit(:):",
        "type=SYSCALL msg=audit(1795255200.123:99999999999999999999): key=\"hufu-denied\"",
        "type=SYSCALL msg=audit(1795255200.123:1): key=\"hufu-denied",
        "type=PATH msg=audit(1795255200.123:1): name=",
        "type=PATH msg=audit(1795255200.123:1): name=(null)",
        "type=PATH msg=audit(1795255200.123:1): name=4",
        "node=a type=EOE",
        NULL};

    (void)state;
    check(lines, 0, NULL, NULL, 0);
}

static void test_period(void **state)
{
    static const char *const lines[] = {CALL("1", "hufu-denied"), END("1"), NULL};

    (void)state;
    for (when_t from = AT - 1; from <= AT + 1; from++) {
        cleanup(auditd_free_p) struct auditd *a = NULL;
        const struct auditd_row *rows;

        assert_int_equal(auditd_new(from, from + 1, &a), 0);
        take(a, lines);
        assert_int_equal(auditd_end(a), 0);
        assert_int_equal(auditd_rows(a, &rows), from == AT);
    }
}

/* Somebody tries every file there is. */
static void test_many(void **state)
{
    cleanup(auditd_free_p) struct auditd *a = NULL;
    const struct auditd_row *rows;
    char line[400];

    (void)state;
    assert_int_equal(auditd_new(AT, AT + 1, &a), 0);
    for (unsigned i = 1; i <= AUDITD_ROWS_MAX + 1000; i++) {
        (void)snprintf(line, sizeof(line),
                       "type=SYSCALL msg=audit(1795255200.123:%u): syscall=2 auid=20001 uid=20001 "
                       "exe=\"/bin/sh\" key=\"hufu-denied\"",
                       i);
        assert_int_equal(auditd_line(a, line, strlen(line)), 0);
        (void)snprintf(line, sizeof(line), "type=PATH msg=audit(1795255200.123:%u): name=\"/f/%u\"", i, i);
        assert_int_equal(auditd_line(a, line, strlen(line)), 0);
    }
    assert_int_equal(auditd_end(a), 0);
    assert_int_equal(auditd_rows(a, &rows), AUDITD_ROWS_MAX + 1);
    assert_string_equal(rows[0].path, "/f/1");
    assert_string_equal(rows[AUDITD_ROWS_MAX].what, "");
    assert_int_equal(rows[AUDITD_ROWS_MAX].count, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event),
        cmocka_unit_test(test_mixed),
        cmocka_unit_test(test_names_are_no_fields),
        cmocka_unit_test(test_not_enriched),
        cmocka_unit_test(test_junk),
        cmocka_unit_test(test_period),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
