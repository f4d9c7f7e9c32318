// LAYERS: test_support
// LIBRARIES: jansson

#include "broker/ctl/ending.h"
#include "broker/ctl/moment.h"
#include "broker/ctl/table.h"
#include "broker/ctl/text.h"
#include "tests/unit/broker/ctl/invoke.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <locale.h>
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What people type as times, and what they see. */

static void test_moments(void **state)
{
    static const struct {
        const char *text, *utc;
    } cases[] = {
        {"2026-11-21T00:00:00Z", "2026-11-21T00:00:00Z"},
        {"2026-11-21T08:00:00+08:00", "2026-11-21T00:00:00Z"},
        {"2026-11-21 08:00+08:00", "2026-11-21T00:00:00Z"},
        {"2026-11-20T18:30-05:30", "2026-11-21T00:00:00Z"},
        {"2026-11-21T00:00Z", "2026-11-21T00:00:00Z"},
        {"2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"},
        {"now", "2026-11-21T10:00:00Z"},
    };
    static const char *const refused[] = {
        "",
        "2026-11-21",
        "2026-11-21T00:00:00", /* whose midnight? */
        "2026-11-21T00:00",
        "2026-11-21T00:00:00z",
        "2026-11-21T00:00:60Z",
        "2025-02-29T00:00:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T00:00:00+0800",
        "2026-11-21T00:00:00+08:00 ",
        "2026-11-21T00:00:00+8:00",
        "2026-11-21T00:00:00+15:00",
        "2026-11-21T00:00:00+08:60",
        "2026-11-21_00:00:00Z",
        "1970-01-01T00:00:00+08:00", /* before the first instant */
        "9999-12-31T23:59:59-08:00", /* after the last */
        "tomorrow",
        "Now",
    };
    char text[WHEN_TEXT_SIZE];
    when_t t;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        assert_int_equal(moment_parse(cases[i].text, PAPERS_NOW, &t), 0);
        when_format(t, text);
        assert_string_equal(text, cases[i].utc);
    }
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
        if (moment_parse(refused[i], PAPERS_NOW, &t) != -EINVAL)
            fail_msg("\"%s\" is taken for a time", refused[i]);
}

static void test_durations(void **state)
{
    static const struct {
        const char *text;
        uint32_t seconds;
    } cases[] = {{"90s", 90},    {"30m", 1800},    {"8h", 28800},
                 {"2d", 172800}, {"14400", 14400}, {"2147483647", 2147483647}};
    static const char *const refused[] = {"",           "h",         "0h",      "-1h",   "08h",
                                          "8 h",        "8H",        "1.5h",    "8hh",   "8h30m",
                                          "2147483648", "35791395m", "596524h", "24856d"};
    uint32_t seconds;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        assert_int_equal(moment_parse_duration(cases[i].text, &seconds), 0);
        assert_int_equal(seconds, cases[i].seconds);
    }
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
        if (moment_parse_duration(refused[i], &seconds) != -EINVAL)
            fail_msg("\"%s\" is taken for a duration", refused[i]);
}

static void assert_escaped(const char *text, size_t size, bool ascii, const char *expected)
{
    cleanup_free char *escaped = text_escape(text, size, ascii);

    assert_string_equal(escaped, expected);
}

/* What would steer a terminal, or stand there unseen, is spelled out. */
static void test_escape(void **state)
{
    (void)state;
    assert_escaped("plain", 5, false, "plain");
    assert_escaped("更换", 6, false, "更换");
    assert_escaped("更换", 6, true, "\\xe6\\x9b\\xb4\\xe6\\x8d\\xa2");
    assert_escaped("\033[2Jx", 5, false, "\\x1b[2Jx");
    assert_escaped("a\nb\r\tc", 6, false, "a\\x0ab\\x0d\\x09c");
    assert_escaped("a\0b", 3, false, "a\\x00b");
    assert_escaped("\xe2\x80\xae"
                   "evil",
                   7, false,
                   "\\xe2\\x80\\xae"
                   "evil"); /* right-to-left override */
    assert_escaped("a\xe2\x80\x8b"
                   "b",
                   5, false,
                   "a\\xe2\\x80\\x8b"
                   "b"); /* zero width */
    assert_escaped("\xff\xfe", 2, false, "\\xff\\xfe");
    assert_escaped("\xe6\x9b", 2, false, "\\xe6\\x9b"); /* cut short */
    assert_escaped("\x7f\xc2\x9b", 3, false, "\\x7f\\xc2\\x9b");
}

static bool print_document(const char *text, size_t size, bool ascii, char **ret)
{
    size_t ret_size = 0;
    FILE *f = open_memstream(ret, &ret_size);
    bool as_it_is = text_print_document(f, text, size, ascii);

    must(f && fclose(f) == 0);
    return as_it_is;
}

static void test_document(void **state)
{
    cleanup_free char *a = NULL;
    cleanup_free char *b = NULL;
    cleanup_free char *c = NULL;
    cleanup_free char *d = NULL;

    (void)state;
    assert_true(print_document("a: 1\nb: 更\n", 12, false, &a));
    assert_string_equal(a, "a: 1\nb: 更\n");
    assert_false(print_document("a: 1\nb: 更\n", 12, true, &b));
    assert_string_equal(b, "a: 1\nb: \\xe6\\x9b\\xb4\n");
    assert_false(print_document("a: \033[8m1\n", 9, false, &c));
    assert_string_equal(c, "a: \\x1b[8m1\n");
    assert_false(print_document("a: 1", 4, false, &d)); /* no last line end: shown with one */
}

static const struct table_column columns[] = {
    {.title = "NAME", .member = "name"},
    {.title = "N", .member = "n", .right = true},
    {.title = "LIST", .member = "list"},
    {.title = "YES", .member = "yes"},
};

static void test_table(void **state)
{
    cleanup_free char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    json_t *objects = json_pack("[{s:s, s:i, s:[s,s], s:b}, {s:s, s:n, s:[], s:b}]", "name", "更换", "n", 17,
                                "list", "x", "y", "yes", 1, "name", "", "n", "list", "yes", 0);

    (void)state;
    must(f && objects);
    assert_int_equal(table_print(f, columns, ARRAY_SIZE(columns), objects), 0);
    must(fclose(f) == 0);
    assert_string_equal(text, "NAME  N LIST YES\n"
                              "更换 17 x,y  yes\n"
                              "-     - -    no\n");
    json_decref(objects);
}

/* Neither a cell nor a title can steer the terminal, and a backslash is not spelled out twice. */
static void test_hostile_cell(void **state)
{
    cleanup_free char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    json_t *objects = json_pack("[{s:s}]", "name", "a\033[31mb\u202e");

    (void)state;
    must(f && objects);
    assert_int_equal(table_print(f, columns, 1, objects), 0);
    must(fclose(f) == 0);
    assert_string_equal(strchr(text, '\n'), "\na\\x1b[31mb\\xe2\\x80\\xae\n");
    json_decref(objects);
}

static void test_object(void **state)
{
    cleanup_free char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    json_t *object = json_pack("{s:s, s:i}", "name", "db01", "n", 4);

    (void)state;
    must(f && object);
    assert_int_equal(table_print_object(f, columns, ARRAY_SIZE(columns), object), 0);
    must(fclose(f) == 0);
    assert_string_equal(text, "NAME db01\nN    4\nLIST -\nYES  -\n");
    json_decref(object);
}

static void test_durations_of_endings(void **state)
{
    char text[40];

    (void)state;
    ending_format_duration(0, text, sizeof(text));
    assert_string_equal(text, "0.0 ms");
    ending_format_duration(12345, text, sizeof(text));
    assert_string_equal(text, "12.3 ms");
    ending_format_duration(999999, text, sizeof(text));
    assert_string_equal(text, "999.9 ms");
    ending_format_duration(1050000, text, sizeof(text));
    assert_string_equal(text, "1.050 s");
}

static const struct table_column table[] = {
    {.title = "ID", .member = "id", .width = 8},
    {.title = "SECOND", .member = "second", .spare = 2, .width = 8},
    {.title = "FIRST", .member = "first", .spare = 1, .width = 5},
    {.title = "LAST", .member = "last", .width = 4},
};

static int print_table(FILE *out, const json_t *rows)
{
    return table_print(out, table, ARRAY_SIZE(table), rows);
}

static int print_lines(FILE *out, const json_t *rows)
{
    int r = table_print_line(out, table, ARRAY_SIZE(table), NULL);

    return r < 0 ? r : table_print_line(out, table, ARRAY_SIZE(table), json_array_get(rows, 0));
}

/* What a terminal of so many columns is shown of a table. */
static void print_on_terminal(int (*print)(FILE *out, const json_t *rows), unsigned short width, char *shown,
                              size_t size)
{
    json_t *rows = json_pack("[{s:s, s:s, s:s, s:s}]", "id", "01234567", "second", "服务人员", "first", "1",
                             "last", "9");
    struct winsize window = {.ws_col = width, .ws_row = 24};
    static const char end[] = "\001";
    int master, slave;
    size_t used = 0;
    FILE *out;

    assert_int_equal(openpty(&master, &slave, NULL, NULL, &window), 0);
    out = fdopen(slave, "w");
    assert_non_null(out);
    assert_int_equal(print(out, rows), 0);
    json_decref(rows);
    /* The line is open until all of it has been read: what is on its way when the writer closes it may be
     * lost. */
    assert_true(fputs(end, out) != EOF && fflush(out) == 0);
    while (used == 0 || shown[used - 1] != end[0]) {
        ssize_t n = read(master, shown + used, size - 1 - used);

        assert_true(n > 0);
        used += (size_t)n;
    }
    shown[used - 1] = '\0';
    assert_int_equal(fclose(out), 0);
    assert_int_equal(close(master), 0);
}

/* 28 columns: what fits is there; below that what can be spared goes, in its order, and is named. */
static void test_narrow_terminals(void **state)
{
    char shown[1000];

    (void)state;
    print_on_terminal(print_table, 28, shown, sizeof(shown));
    assert_string_equal(shown, "ID       SECOND   FIRST LAST\r\n01234567 服务人员 1     9\r\n");
    print_on_terminal(print_table, 27, shown, sizeof(shown));
    assert_non_null(strstr(shown, "ID       SECOND   LAST\r\n01234567 服务人员 9\r\nLeft out"));
    assert_non_null(strstr(shown, "narrow: FIRST."));
    print_on_terminal(print_table, 18, shown, sizeof(shown));
    assert_non_null(strstr(shown, "ID       LAST\r\n01234567 9\r\nLeft out"));
    assert_non_null(strstr(shown, "narrow: SECOND, FIRST."));
    print_on_terminal(print_table, 20, shown,
                      sizeof(shown)); /* FIRST goes first, and comes back when SECOND has gone */
    assert_non_null(strstr(shown, "ID       FIRST LAST\r\n01234567 1     9\r\nLeft out"));
    print_on_terminal(print_table, 5, shown, sizeof(shown)); /* the others are there whatever the width */
    assert_non_null(strstr(shown, "LAST"));
}

/* What is long stands below its line on a terminal, and beside the others elsewhere. */
static const struct table_column with_detail[] = {{.title = "ID", .member = "id"},
                                                  {.title = "MORE", .member = "second", .below = true}};

static int print_with_detail(FILE *out, const json_t *rows)
{
    return table_print(out, with_detail, ARRAY_SIZE(with_detail), rows);
}

static int print_line_with_detail(FILE *out, const json_t *rows)
{
    int r = table_print_line(out, with_detail, ARRAY_SIZE(with_detail), NULL);

    return r < 0 ? r : table_print_line(out, with_detail, ARRAY_SIZE(with_detail), json_array_get(rows, 0));
}

static void test_a_detail_stands_below(void **state)
{
    json_t *rows = json_pack("[{s:s, s:s}, {s:s, s:s}, {s:s, s:s}]", "id", "1", "second", "a b", "id", "2",
                             "second", "", "id", "3", "second", "c");
    char shown[1000], *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);

    (void)state;
    must(f != NULL && rows != NULL);
    assert_int_equal(print_with_detail(f, rows), 0);
    must(fclose(f) == 0);
    assert_string_equal(text, "ID MORE\n1  a b\n2  -\n3  c\n");
    free(text);
    json_decref(rows);
    print_on_terminal(print_with_detail, 10, shown, sizeof(shown));
    assert_string_equal(shown, "ID\r\n01234567\r\n    服务人员\r\n");
    print_on_terminal(print_line_with_detail, 10, shown, sizeof(shown));
    assert_string_equal(shown, "ID\r\n01234567\r\n    服务人员\r\n");
}

/* Of lines that come one by one, too; there it is named at once, and for good. */
static void test_lines_on_narrow_terminals(void **state)
{
    char shown[1000];

    (void)state;
    print_on_terminal(print_lines, 28, shown, sizeof(shown));
    assert_string_equal(shown, "ID       SECOND   FIRST LAST\r\n01234567 服务人员 1     9\r\n");
    print_on_terminal(print_lines, 27, shown, sizeof(shown));
    assert_ptr_equal(strstr(shown, "Left out"), shown);
    assert_non_null(strstr(shown, "narrow: FIRST."));
    assert_non_null(strstr(shown, "\r\nID       SECOND   LAST\r\n01234567 服务人员 9\r\n"));
}

/* Chinese breaks anywhere but at its marks, English at blanks; no line is wider than 79 columns. */
static void test_wrapped(void **state)
{
    static const struct {
        const char *text, *lines;
    } cases[] = {
        {"a b", "a b\n"},
        {"授权书授权书授权书授权书授权书授权书授权书授权书授权书授权书授权书授权书授权书授权书",
         "授权书授权书授权书授权书授权书授权书授权书授权书授权书授权书授权书授权书授权书\n授权书\n"},
        /* The comma would be the first of its line, so what it stands behind goes with it. */
        {"授权书授权书授权书授权书授权书授权书授权书授权书授权书授权书授权书授权书授权书，撤销",
         "授权书授权书授权书授权书授权书授权书授权书授权书授权书授权书授权书授权书授权\n书，撤销\n"},
        {"授权书授权书授权书授权书授权书授权书授权书授权书授权书授权书授权书授权书 hufuctl grant",
         "授权书授权书授权书授权书授权书授权书授权书授权书授权书授权书授权书授权书\nhufuctl grant\n"},
        {"one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen",
         "one two three four five six seven eight nine ten eleven twelve thirteen\nfourteen fifteen\n"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_free char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        assert_non_null(out);
        text_print_wrapped(out, cases[i].text);
        assert_int_equal(fclose(out), 0);
        assert_string_equal(text, cases[i].lines);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_escape),
        cmocka_unit_test(test_document),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_object),
        cmocka_unit_test(test_hostile_cell),
        cmocka_unit_test(test_durations_of_endings),
        cmocka_unit_test(test_wrapped),
        cmocka_unit_test(test_narrow_terminals),
        cmocka_unit_test(test_a_detail_stands_below),
        cmocka_unit_test(test_lines_on_narrow_terminals),
    };

    (void)setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
