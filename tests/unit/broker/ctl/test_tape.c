// LAYERS: test_support
// LIBRARIES: jansson

#include "broker/ctl/tape.h"
#include "policy/base/buf.h"
#include "tests/unit/broker/ctl/invoke.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files of recordings: whole ones, and every way in which one can be wrong. */

#define NAME      "17-1301-0123456789abcdef.json"
#define FILE_NAME "var/log/hufu/recordings/" NAME

/* One line, with what differs from a good one. */
#define LINE(id, pos, timing, texts)                                                                         \
    "{\"ver\":\"2.3\",\"host\":\"h\",\"rec\":\"r\",\"user\":\"zhang.san\",\"term\":\"xterm\",\"session\":9," \
    "\"id\":" id ",\"pos\":" pos ",\"time\":1795255200.500,\"timing\":\"" timing "\"," texts "}\n"
#define TEXTS(in, out) "\"in_txt\":\"" in "\",\"in_bin\":[],\"out_txt\":\"" out "\",\"out_bin\":[]"
#define FIRST          LINE("1", "0", "=80x24>2<3+1500>4", TEXTS("ls\\r", "$ a\\r\\nb"))
#define SECOND         LINE("2", "2000", ">2", TEXTS("", "\\r\\n"))

static int enter(void **state)
{
    int r = enter_folder(state);

    must(mkdir("var", 0700) == 0 && mkdir("var/log", 0700) == 0 && mkdir("var/log/hufu", 0700) == 0 &&
         mkdir("var/log/hufu/recordings", 0700) == 0);
    return r;
}

static enum tape_end read_text(const char *text, struct tape *t)
{
    put_file(FILE_NAME, text);
    assert_int_equal(tape_open(t, ".", NAME), 0);
    return tape_read(t, "zhang.san", NULL, NULL);
}

static void assert_end(const char *text, enum tape_end expected, size_t line, const char *says)
{
    cleanup_tape struct tape t = {0};
    enum tape_end end = read_text(text, &t);

    if (end != expected || t.line != line)
        fail_msg("%d in line %zu (%s): %s", (int)end, t.line, t.fault ? t.fault : "-", text);
    if (says)
        assert_says(t.fault ? t.fault : "", says);
    else
        assert_null(t.fault);
}

static void test_whole(void **state)
{
    cleanup_tape struct tape t = {0};

    (void)state;
    assert_int_equal(read_text(FIRST SECOND, &t), TAPE_WHOLE);
    assert_int_equal(t.length_ms, 2000);
    assert_int_equal(t.start_ms, (int64_t)1795255200500);
    assert_int_equal(t.size, strlen(FIRST SECOND));
    assert_end("", TAPE_EMPTY, 0, NULL);
}

static void test_other_lines(void **state)
{
    static const struct {
        const char *text, *says;
        size_t line;
    } cases[] = {
        {FIRST "x\n", "no message of tlog's", 2},
        {FIRST "\n", "no message of tlog's", 2},
        {"[]\n", "no message of tlog's", 1},
        {FIRST FIRST, "not the next message", 2},
        {SECOND, "not the next message", 1},
        {"{\"ver\":\"3\",\"host\":\"h\",\"rec\":\"r\",\"user\":\"zhang.san\",\"id\":1,\"pos\":0,\"timing\":"
         "\"\"}\n",
         "no message of tlog's", 1},
        {"{\"ver\":\"2\",\"host\":\"h\",\"rec\":\"r\",\"user\":\"li.si\",\"id\":1,\"pos\":0,\"timing\":\"\"}"
         "\n",
         "another account", 1},
        {FIRST "{\"ver\":\"2.3\",\"host\":\"h\",\"rec\":\"other\",\"user\":\"zhang.san\",\"term\":\"xterm\","
               "\"session\":9,\"id\":2,\"pos\":0,\"timing\":\"\"}\n",
         "another recording", 2},
        {LINE("1", "-1", "", TEXTS("", "")), "no message of tlog's", 1},
        {LINE("1", "0", "", "\"out_txt\":7"), "no message of tlog's", 1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_end(cases[i].text, TAPE_DAMAGED, cases[i].line, cases[i].says);
}

static void test_times_that_do_not_fit(void **state)
{
    static const char *const timings[] = {">3",  ">1", "<1>2",  ">2>1",         "]1/1>1", ">2x",
                                          "+>2", ">",  "=80>2", ">99999999999", "]1/2>1"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(timings); i++) {
        cleanup_free char *text = issue_text(
            "{\"ver\":\"2.3\",\"host\":\"h\",\"rec\":\"r\",\"user\":\"zhang.san\",\"id\":1,\"pos\":0,"
            "\"timing\":\"%s\",\"out_txt\":\"ab\"}\n",
            timings[i]);

        assert_end(text, TAPE_DAMAGED, 1, "do not fit");
    }
}

static void test_cut(void **state)
{
    cleanup_free char *text = strdup(FIRST SECOND);

    (void)state;
    must(text != NULL);
    text[strlen(text) - 1] = '\0';
    assert_end(text, TAPE_CUT, 2, "cut off");
    text[strlen(FIRST) + 20] = '\0';
    assert_end(text, TAPE_CUT, 2, "cut off");
}

/* Octets that are no UTF-8, a NUL, and characters of several octets. */
static void hear(void *userdata, int64_t ms, enum tape_what what, const char *octets, size_t size)
{
    struct buf *b = userdata;

    buf_printf(b, "%d@%lld:", (int)what, (long long)ms);
    buf_put(b, octets, size);
    buf_puts(b, ";");
}

static void test_pieces(void **state)
{
    static const char expected[] = "3@5:80x24;2@6:\xc3\xa9z;2@6:\xff;2@6:\xfe;2@6:\0;1@16:q;";
    cleanup_tape struct tape t = {0};
    cleanup_buf struct buf heard = BUF_INIT;

    (void)state;
    put_file(FILE_NAME,
             LINE("1", "5", "=80x24+1>2]1/2>1+10<1",
                  "\"in_txt\":\"q\",\"out_txt\":\"\\u00e9z\\ufffd\\u0000\",\"out_bin\":[255,254]"));
    assert_int_equal(tape_open(&t, ".", NAME), 0);
    assert_int_equal(tape_read(&t, "zhang.san", hear, &heard), TAPE_WHOLE);
    assert_int_equal(heard.size, sizeof(expected) - 1);
    assert_memory_equal(heard.data, expected, sizeof(expected) - 1);
    assert_int_equal(t.length_ms, 16);
}

/* A line has the time of its beginning, is printed when it ends, and steers nothing. */
static void test_as_text(void **state)
{
    cleanup_tape struct tape t = {0};
    cleanup_free char *text = NULL;
    enum tape_end end = TAPE_EMPTY;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    must(out != NULL);
    put_file(FILE_NAME, FIRST LINE("2", "2000", ">9", TEXTS("", "\\r\\n\\u001b[2Jc\\u0000x")) "x\n");
    assert_int_equal(tape_open(&t, ".", NAME), 0);
    assert_int_equal(tape_print(&t, "zhang.san", out, &end), 0);
    must(fclose(out) == 0);
    assert_int_equal(end, TAPE_DAMAGED);
    assert_string_equal(text, "2026-11-21T10:00:00.500Z = 80x24\n"
                              "2026-11-21T10:00:00.500Z < ls\n"
                              "2026-11-21T10:00:00.500Z > $ a\n"
                              "2026-11-21T10:00:02.000Z > b\n"
                              "2026-11-21T10:00:02.500Z > \\x1b[2Jc\\x00x\n");
}

static void test_files(void **state)
{
    cleanup_tape struct tape t = {0};

    (void)state;
    assert_int_equal(tape_open(&t, ".", NAME), -ENOENT);
    must(mkdir(FILE_NAME, 0700) == 0);
    assert_int_equal(tape_open(&t, ".", NAME), -EINVAL);
    must(rmdir(FILE_NAME) == 0);
    put_file("elsewhere", FIRST);
    must(symlink("../../../../elsewhere", FILE_NAME) == 0);
    assert_int_equal(tape_open(&t, ".", NAME), -EINVAL);
    must(unlink(FILE_NAME) == 0 && mkfifo(FILE_NAME, 0600) == 0);
    assert_int_equal(tape_open(&t, ".", NAME), -EINVAL); /* and does not wait for a writer */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whole, enter, leave_folder),
        cmocka_unit_test_setup_teardown(test_other_lines, enter, leave_folder),
        cmocka_unit_test_setup_teardown(test_times_that_do_not_fit, enter, leave_folder),
        cmocka_unit_test_setup_teardown(test_cut, enter, leave_folder),
        cmocka_unit_test_setup_teardown(test_pieces, enter, leave_folder),
        cmocka_unit_test_setup_teardown(test_as_text, enter, leave_folder),
        cmocka_unit_test_setup_teardown(test_files, enter, leave_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
