#include "broker/doctor/lines.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct span span(const char *text)
{
    return (struct span){text, strlen(text)};
}

static void test_lines(void **state)
{
    const char *at = "# comment\n\n  first  \r\n\t# indented\nlast without end";
    struct span line;

    (void)state;
    assert_true(lines_next(&at, &line));
    assert_true(span_is(line, "first"));
    assert_true(lines_next(&at, &line));
    assert_true(span_is(line, "last without end"));
    assert_false(lines_next(&at, &line));
}

static void test_words(void **state)
{
    struct span rest = span("  one\ttwo  "), word;

    (void)state;
    assert_true(span_word(&rest, &word));
    assert_true(span_is(word, "one"));
    assert_true(span_word(&rest, &word));
    assert_true(span_is(word, "two"));
    assert_false(span_word(&rest, &word));
}

static void test_fields(void **state)
{
    struct span rest = span("a::b:"), field;
    static const char *const expected[] = {"a", "", "b", ""};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_true(span_field(&rest, ':', &field));
        assert_true(span_is(field, expected[i]));
    }
    assert_false(span_field(&rest, ':', &field));
}

static void test_numbers(void **state)
{
    uint32_t n;

    (void)state;
    assert_int_equal(span_number(span("4294967295"), &n), 0);
    assert_int_equal(n, UINT32_MAX);
    assert_int_equal(span_number(span("0"), &n), 0);
    assert_int_equal(span_number(span("4294967296"), &n), -EINVAL);
    assert_int_equal(span_number(span(""), &n), -EINVAL);
    assert_int_equal(span_number(span("-1"), &n), -EINVAL);
    assert_int_equal(span_number(span("00000000001"), &n), -EINVAL);
}

static void assert_value(const char *text, const char *section, const char *key, const char *expected)
{
    struct span value;

    if (!expected) {
        assert_false(lines_value(text, section, key, &value));
        return;
    }
    assert_true(lines_value(text, section, key, &value));
    assert_true(span_is(value, expected));
}

static void test_values(void **state)
{
    static const char conf[] = "[gate]\ngated-uid = 20000-29999\n[directory]\nstatus-max-age=24h\n";
    static const char defs[] = "# UID_MAX 1\nUID_MIN\t\t 1000\nUID_MAX 60000\nUID_MAX 19999\n";

    (void)state;
    assert_value(conf, "gate", "gated-uid", "20000-29999");
    assert_value(conf, "directory", "status-max-age", "24h");
    assert_value(conf, "gate", "status-max-age", NULL);
    assert_value(conf, "gate", "gated", NULL);
    assert_value(defs, NULL, "UID_MIN", "1000");
    assert_value(defs, NULL, "UID_MAX", "19999");
    assert_value(defs, NULL, "UID_", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),   cmocka_unit_test(test_words),  cmocka_unit_test(test_fields),
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
