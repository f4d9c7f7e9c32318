// LAYERS: test_support
#include "broker/common/conf.h"
#include "broker/common/files.h"
#include "tests/unit/support/folder.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct target {
    char host[64], groups[64], language[200];
    unsigned sets;
};

static int set_host(void *target, const char *value, char *reason)
{
    struct target *t = target;

    t->sets++;
    if (strcmp(value, "localhost") == 0) {
        (void)snprintf(reason, 200, "a host has a name of its own");
        return -EINVAL;
    }
    (void)snprintf(t->host, sizeof(t->host), "%s", value);
    return 0;
}

static int set_groups(void *target, const char *value, char *reason)
{
    struct target *t = target;

    (void)reason;
    t->sets++;
    (void)snprintf(t->groups, sizeof(t->groups), "%s", value);
    return strcmp(value, "bad") == 0 ? -EINVAL : 0;
}

static int set_language(void *target, const char *value, char *reason)
{
    struct target *t = target;

    (void)reason;
    t->sets++;
    (void)snprintf(t->language, sizeof(t->language), "%s", value);
    return 0;
}

static const struct conf_key table[] = {
    {"host", "name", set_host, 1},
    {"host", "groups", set_groups, 0},
    {"texts", "language", set_language, 0},
    {NULL, NULL, NULL, 0},
};

static int parse(const char *text, size_t size, struct target *t, struct conf_error *error)
{
    memset(t, 0, sizeof(*t));
    return conf_parse(text, size, table, t, error);
}

static void test_good(void **state)
{
    static const char text[] = "# the host's own file\n"
                               "\n"
                               "[host]\n"
                               "name = db01.finance.example\n"
                               "groups=a,b;c # d : e = f\n"
                               "# between\n"
                               "[texts]\n"
                               "language   =   zh_CN:中文  \n";
    struct target t;
    struct conf_error error;

    (void)state;
    assert_int_equal(parse(text, strlen(text), &t, &error), 0);
    assert_string_equal(t.host, "db01.finance.example");
    assert_string_equal(t.groups, "a,b;c # d : e = f");
    assert_string_equal(t.language, "zh_CN:中文");
    assert_int_equal(error.line, 0);
    assert_string_equal(error.reason, "");
}

static void test_empty_value(void **state)
{
    static const char text[] = "[host]\nname = x\ngroups =\n";
    struct target t;
    struct conf_error error;

    (void)state;
    assert_int_equal(parse(text, strlen(text), &t, &error), 0);
    assert_int_equal(t.sets, 2);
    assert_string_equal(t.groups, "");
}

struct refusal {
    const char *text;
    size_t size; /* 0: strlen(text) */
    unsigned line;
    const char *reason; /* part of it */
};

#define HEAD "[host]\nname = x\n"

static const struct refusal refusals[] = {
    {HEAD "[nobody]\n", 0, 3, "unknown section [nobody]"}, /* empty: inih never tells */
    {HEAD "[nobody]\nkey = 1\n", 0, 3, "unknown section [nobody]"},
    {HEAD "[hos]\n", 0, 3, "unknown section [hos]"},
    {HEAD "[host]\n", 0, 3, "second time"},
    {HEAD "[texts]\n[host]\ngroups = a\n", 0, 4, "section [host] stands here for the second time"},
    {HEAD "[texts] # x\n", 0, 3, "a section is written [name]"},
    {HEAD "[texts\n", 0, 3, "a section is written [name]"},
    {HEAD "[ texts]\n", 0, 3, "a section is written [name]"},
    {HEAD "[]\n", 0, 3, "a section is written [name]"},
    {HEAD " groups = a\n", 0, 3, "begins with a blank"}, /* inih: a further value of name */
    {HEAD "  more\n", 0, 3, "begins with a blank"},
    {HEAD " \n", 0, 3, "begins with a blank"},
    {HEAD "\tgroups = a\n", 0, 3, "tab"},
    {HEAD "groups\t= a\n", 0, 3, "tab"},
    {HEAD "groups = a ;b\n", 0, 3, "; inside a value"},
    {HEAD "groups = ;b\n", 0, 3, "; inside a value"},
    {HEAD "name = y\n", 0, 3, "key name stands here for the second time"},
    {HEAD "groups = a\ngroups = a\n", 0, 4, "second time"},
    {HEAD "colour = red\n", 0, 3, "unknown key colour in section [host]"},
    {HEAD "language = en\n", 0, 3, "unknown key language in section [host]"},
    {HEAD "Groups = en\n", 0, 3, "neither a comment"},
    {HEAD "groups: a\n", 0, 3, "neither a comment"},
    {HEAD "gro:ups = a\n", 0, 3, "neither a comment"},
    {HEAD "groups\n", 0, 3, "neither a comment"},
    {HEAD "= a\n", 0, 3, "neither a comment"},
    {HEAD "; groups = a\n", 0, 3, "neither a comment"},
    {"name = x\n[host]\n", 0, 1, "before the first section"},
    {HEAD "groups = a\0b\n", sizeof(HEAD "groups = a\0b\n") - 1, 3, "NUL"},
    {HEAD "\0\n", sizeof(HEAD "\0\n") - 1, 3, "NUL"},
    {HEAD "groups = a", 0, 3, "does not end with LF"},
    {HEAD "# note", 0, 3, "does not end with LF"},
    {"\xEF\xBB\xBF" HEAD, 0, 1, "byte order mark"},
    {"[host]\r\nname = x\r\n", 0, 1, "carriage return"},
    {HEAD "\r\n", 0, 3, "carriage return"},
    {HEAD "groups = a\x1b[2J\n", 0, 3, "control or invisible"},
    {HEAD "groups = \xff\n", 0, 3, "not UTF-8"},
    {HEAD "groups = a\u202eb\n", 0, 3, "invisible"},
    {HEAD "groups = bad\n", 0, 3, "key groups cannot have the value \"bad\""},
    {"[host]\nname = localhost\n", 0, 2, "a name of its own"},
    {"", 0, 0, "key name is missing in section [host]"},
    {"[host]\ngroups = a\n", 0, 0, "key name is missing in section [host]"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
        const struct refusal *x = &refusals[i];
        struct conf_error error;
        struct target t;
        int r = parse(x->text, x->size != 0 ? x->size : strlen(x->text), &t, &error);

        if (r != -EINVAL || error.line != x->line || !strstr(error.reason, x->reason))
            fail_msg("case %zu: %d, line %u: %s", i, r, error.line, error.reason);
    }
}

/* At 199 octets inih still takes a line whole; at 200 it would make two lines of it. */
static void test_long_line(void **state)
{
    char text[512];
    struct target t;
    struct conf_error error;
    int n = snprintf(text, sizeof(text), HEAD "[texts]\nlanguage = %0*d\n", 199 - 11, 7);

    (void)state;
    assert_int_equal(parse(text, (size_t)n, &t, &error), 0);
    assert_int_equal(strlen(t.language), 188);
    assert_int_equal(t.language[187], '7');

    n = snprintf(text, sizeof(text), HEAD "[texts]\nlanguage = %0*d\n", 200 - 11, 7);
    assert_int_equal(parse(text, (size_t)n, &t, &error), -EINVAL);
    assert_int_equal(error.line, 4);
    assert_non_null(strstr(error.reason, "longer than 199 octets"));
}

/* The tail of a long comment would come back as a key. */
static void test_long_comment(void **state)
{
    char text[512];
    struct target t;
    struct conf_error error;
    int n = snprintf(text, sizeof(text), HEAD "#%0*dgroups = evil\n", 198, 0);

    (void)state;
    assert_int_equal(parse(text, (size_t)n, &t, &error), -EINVAL);
    assert_int_equal(error.line, 3);
    assert_string_equal(t.groups, "");
}

/* A fault anywhere stops everything before the first value is set. */
static void test_shape_is_judged_first(void **state)
{
    static const char text[] = HEAD "[nobody]\n";
    struct target t;
    struct conf_error error;

    (void)state;
    assert_int_equal(parse(text, strlen(text), &t, &error), -EINVAL);
    assert_int_equal(t.sets, 0);
}

static void test_load(void **state)
{
    struct target t = {.sets = 0};
    struct conf_error error;

    if (geteuid() != 0)
        skip();
    folder_put(*state, "c", HEAD, strlen(HEAD));
    assert_int_equal(conf_load(folder_path(*state, "c"), table, &t, &error), 0);
    assert_string_equal(t.host, "x");

    assert_int_equal(conf_load(folder_path(*state, "absent"), table, &t, &error), -ENOENT);
    assert_int_equal(error.line, 0);
    assert_true(error.reason[0] != '\0');
    assert_int_equal(chmod(folder_path(*state, "c"), 0666), 0);
    assert_int_equal(conf_load(folder_path(*state, "c"), table, &t, &error), -EPERM);
    assert_non_null(strstr(error.reason, "root"));
    assert_int_equal(chmod(folder_path(*state, "c"), 0644), 0);
    assert_int_equal(chown(folder_path(*state, "c"), 65534, 65534), 0);
    assert_int_equal(conf_load(folder_path(*state, "c"), table, &t, &error), -EPERM);
}

static void test_too_large(void **state)
{
    cleanup_free char *text = malloc(CONF_SIZE_MAX + 2);
    struct target t;
    struct conf_error error;

    (void)state;
    assert_non_null(text);
    memset(text, '\n', CONF_SIZE_MAX + 1);
    text[CONF_SIZE_MAX + 1] = '\0';
    assert_int_equal(parse(text, CONF_SIZE_MAX + 1, &t, &error), -EINVAL);
    assert_non_null(strstr(error.reason, "larger"));
}

static void test_range(void **state)
{
    static const char *const bad[] = {"",
                                      "20000",
                                      "0-5",
                                      "5-0",
                                      "6-5",
                                      "-5",
                                      "5-",
                                      "5--6",
                                      "5-6-7",
                                      " 5-6",
                                      "5 - 6",
                                      "05-6",
                                      "+5-6",
                                      "5-0x6",
                                      "-5--4",
                                      "5-6 ",
                                      "a-b",
                                      "5-99999999999",
                                      "4294967296-4294967297"};
    unsigned first, last;

    (void)state;
    assert_int_equal(conf_parse_range("20000-29999", &first, &last), 0);
    assert_int_equal(first, 20000);
    assert_int_equal(last, 29999);
    assert_int_equal(conf_parse_range("7-7", &first, &last), 0);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        first = last = 1;
        if (conf_parse_range(bad[i], &first, &last) != -EINVAL || first != 0 || last != 0)
            fail_msg("accepted \"%s\"", bad[i]);
    }
}

static void test_durations(void **state)
{
    uint32_t seconds;

    (void)state;
    assert_int_equal(conf_parse_duration("1s", &seconds), 0);
    assert_int_equal(seconds, 1);
    assert_int_equal(conf_parse_duration("90m", &seconds), 0);
    assert_int_equal(seconds, 5400);
    assert_int_equal(conf_parse_duration("3650d", &seconds), 0);
    assert_int_equal(seconds, 315360000);
    assert_int_equal(conf_parse_duration("3651d", &seconds), -EINVAL);
    assert_int_equal(conf_parse_duration("-1s", &seconds), -EINVAL);
    assert_int_equal(conf_parse_duration("01s", &seconds), -EINVAL);
    assert_int_equal(conf_parse_duration("1S", &seconds), -EINVAL);
    assert_int_equal(conf_parse_duration("", &seconds), -EINVAL);
}

static void test_sizes(void **state)
{
    static const char *const wrong[] = {"",    "1",   "M",   "0M",   "1m",    "1MB",
                                        "-1M", " 1M", "1 M", "1.5M", "1024T", "4294967296K"};
    uint64_t octets = 0;

    (void)state;
    assert_int_equal(conf_parse_size("1K", &octets), 0);
    assert_int_equal(octets, 1024);
    assert_int_equal(conf_parse_size("64M", &octets), 0);
    assert_int_equal(octets, 64 * 1024 * 1024);
    assert_int_equal(conf_parse_size("1023T", &octets), 0);
    assert_true(octets == (uint64_t)1023 << 40);
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        assert_int_equal(conf_parse_size(wrong[i], &octets), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_empty_value),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_long_comment),
        cmocka_unit_test(test_shape_is_judged_first),
        cmocka_unit_test_setup_teardown(test_load, folder_setup, folder_teardown),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_range),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
