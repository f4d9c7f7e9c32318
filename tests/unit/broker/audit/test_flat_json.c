#include "broker/audit/flat_json.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

static const char *const names[] = {"a", "b"};
static char space[256];
static struct flat_value v[2];

static int take(const char *line)
{
    /* A copy of the exact size, so that reading beyond it is seen. */
    cleanup_free char *copy = malloc(strlen(line) + 1);

    memcpy(copy, line, strlen(line));
    return flat_json_read(copy, strlen(line), names, 2, space, v);
}

static void test_values(void **state)
{
    (void)state;
    assert_int_equal(take("{\"a\":\"x\\n\\\"\\u00e4\\ud83d\\udc2f\",\"b\":18446744073709551615}"), 0);
    assert_int_equal(v[0].kind, FLAT_TEXT);
    assert_string_equal(v[0].text, "x\n\"ä\xf0\x9f\x90\xaf");
    assert_int_equal(v[1].kind, FLAT_NUMBER);
    assert_true(v[1].number == UINT64_MAX);
    assert_int_equal(take(" { \"b\" : null , \"a\" : true } "), 0);
    assert_int_equal(v[0].kind, FLAT_BOOL);
    assert_int_equal(v[0].number, 1);
    assert_int_equal(v[1].kind, FLAT_NULL);
    assert_int_equal(take("{\"a\":false,\"b\":0}"), 0);
    assert_int_equal(v[0].number, 0);
}

static void test_everything_else_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "{",
        "{}",
        "[]",
        "{\"a\":1}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"b\":2,\"c\":3}",
        "{\"a\":1,\"c\":2}",
        "{\"a\":1,\"b\":2",
        "{\"a\":1,\"b\":2}x",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1,\"b\":-2}",
        "{\"a\":1,\"b\":02}",
        "{\"a\":1,\"b\":2.5}",
        "{\"a\":1,\"b\":18446744073709551616}",
        "{\"a\":1,\"b\":\"x}",
        "{\"a\":1,\"b\":\"\\u0000\"}",
        "{\"a\":1,\"b\":\"\\ud83d\"}",
        "{\"a\":1,\"b\":\"\\udc2f\"}",
        "{\"a\":1,\"b\":\"\\q\"}",
        "{\"a\":1,\"b\":\"\\",
        "{\"a\":1,\"b\":\"\\u12",
        "{\"a\":1,\"b\":\"\n\"}",
        "{\"a\":1,\"b\":{}}",
        "{\"a\":1,\"b\":[]}",
        "{\"a\":1,\"b\":nul}",
        "{\"a\":1,\"b\":}",
        "{\"a\":,\"b\":1}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        if (take(bad[i]) != -EBADMSG)
            fail_msg("taken: %s", bad[i]);
}

static void test_what_is_written_can_be_read(void **state)
{
    cleanup_buf struct buf b = BUF_INIT;

    (void)state;
    flat_json_put_text(&b, "a", "\"\\\x01\x1f 门");
    flat_json_put_number(&b, "b", 10);
    buf_puts(&b, "}");
    b.data[0] = '{';
    assert_int_equal(flat_json_read((char *)b.data, b.size, names, 2, space, v), 0);
    assert_string_equal(v[0].text, "\"\\\x01\x1f 门");
    assert_int_equal(v[1].number, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_everything_else_is_refused),
        cmocka_unit_test(test_what_is_written_can_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
