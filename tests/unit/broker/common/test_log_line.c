#include "broker/common/log_line.h"
#include "tests/unit/unit.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

/* What stands in for stderr meanwhile, and what came of it. */
struct stream {
    FILE *file;
    int stderr_before;
    char name[64]; /* as JOURNAL_STREAM has it */
    char text[LOG_LINE_MAX + 64];
};

static void stream_begin(struct stream *x)
{
    struct stat st;

    x->file = tmpfile();
    assert_non_null(x->file);
    x->stderr_before = dup(STDERR_FILENO);
    assert_true(x->stderr_before >= 0);
    assert_int_equal(dup2(fileno(x->file), STDERR_FILENO), STDERR_FILENO);
    assert_int_equal(fstat(STDERR_FILENO, &st), 0);
    (void)snprintf(x->name, sizeof(x->name), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
}

static const char *stream_end(struct stream *x)
{
    size_t n;

    assert_int_equal(dup2(x->stderr_before, STDERR_FILENO), STDERR_FILENO);
    (void)close(x->stderr_before);
    rewind(x->file);
    n = fread(x->text, 1, sizeof(x->text) - 1, x->file);
    x->text[n] = '\0';
    (void)fclose(x->file);
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
    return x->text;
}

static void test_a_person_reads_it(void **state)
{
    struct stream x;

    (void)state;
    stream_begin(&x);
    log_line(LOG_ERR, "hufud: %s %d", "away", 7);
    assert_string_equal(stream_end(&x), "hufud: away 7\n");
}

static void test_journald_reads_it(void **state)
{
    struct stream x;

    (void)state;
    stream_begin(&x);
    assert_int_equal(setenv("JOURNAL_STREAM", x.name, 1), 0);
    log_line(LOG_ERR, "hufud: away");
    log_line(LOG_INFO, "hufud: there");
    assert_string_equal(stream_end(&x), "<3>hufud: away\n<6>hufud: there\n");
}

/* Of a service that began this program with an stderr of its own. */
static void test_another_stream(void **state)
{
    struct stream x;

    (void)state;
    stream_begin(&x);
    assert_int_equal(setenv("JOURNAL_STREAM", "8:1", 1), 0);
    log_line(LOG_ERR, "hufud: away");
    assert_string_equal(stream_end(&x), "hufud: away\n");
}

static void test_is_cut(void **state)
{
    char text[2 * LOG_LINE_MAX];
    struct stream x;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    stream_begin(&x);
    log_line(LOG_ERR, "%s", text);
    assert_int_equal(strlen(stream_end(&x)), LOG_LINE_MAX);
    assert_int_equal(x.text[LOG_LINE_MAX - 1], '\n');
}

static void test_configuration(void **state)
{
    const struct conf_error line = {.line = 3, .reason = "no such key"}, whole = {.reason = "is not there"};
    struct stream x;

    (void)state;
    stream_begin(&x);
    log_conf_error("hufud", "/etc/x", &line);
    log_conf_error("hufud", "/etc/x", &whole);
    assert_string_equal(stream_end(&x), "hufud: /etc/x, line 3: no such key\nhufud: /etc/x: is not there\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_person_reads_it), cmocka_unit_test(test_journald_reads_it),
        cmocka_unit_test(test_another_stream),    cmocka_unit_test(test_is_cut),
        cmocka_unit_test(test_configuration),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
