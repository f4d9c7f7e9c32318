#include "broker/audit/record_json.h"
#include "tests/unit/broker/audit/samples.h"
#include "tests/unit/unit.h"

#include <string.h>

static void expect(const struct record *r, const char *expected)
{
    json_t *json = record_json(r);
    char *text;

    assert_non_null(json);
    text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
    json_decref(json);
}

static void test_every_member(void **state)
{
    struct record r = sample_record();

    (void)state;
    r.format = RECORD_FORMAT_2_SM3;
    r.deadline = 1795219200;
    r.detail = "why";
    expect(&r, "{\"account\":\"oracle\",\"actor\":1000,\"address\":\"10.1.2.3\",\"count\":5,"
               "\"deadline\":\"2026-11-21T00:00:00Z\",\"detail\":\"why\",\"event\":\"login\","
               "\"first\":\"2026-11-20T23:58:20.654321Z\",\"format\":3,"
               "\"grant\":\"0123456789abcdef0123456789abcdef\","
               "\"hash\":\"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd\","
               "\"latency_us\":42,"
               "\"previous\":\"abababababababababababababababababababababababababababababababab\","
               "\"reason\":\"revoked\",\"reference\":\"8F3K-22\",\"result\":\"failure\",\"sequence\":7,"
               "\"service\":\"sshd\",\"session\":17,\"sources\":2,\"staff\":\"zhang.san\","
               "\"ticket\":\"CHG-1\",\"time\":\"2026-11-21T00:00:00.123456Z\",\"tty\":\"pts/1\","
               "\"vendor\":\"acme\",\"version\":3}");
}

static void test_what_does_not_apply(void **state)
{
    const struct record r = {.format = RECORD_FORMAT_1, .deadline = WHEN_NEVER, .actor = UINT32_MAX};

    (void)state;
    expect(&r, "{\"account\":\"\",\"actor\":null,\"address\":\"\",\"count\":0,\"deadline\":\"never\","
               "\"detail\":\"\",\"event\":\"\",\"first\":null,\"format\":1,\"grant\":\"\","
               "\"hash\":\"0000000000000000000000000000000000000000000000000000000000000000\","
               "\"latency_us\":0,"
               "\"previous\":\"0000000000000000000000000000000000000000000000000000000000000000\","
               "\"reason\":null,\"reference\":\"\",\"result\":\"\",\"sequence\":0,\"service\":\"\","
               "\"session\":0,\"sources\":0,\"staff\":\"\",\"ticket\":\"\","
               "\"time\":\"1970-01-01T00:00:00.000000Z\",\"tty\":\"\",\"vendor\":\"\",\"version\":0}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_member),
        cmocka_unit_test(test_what_does_not_apply),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
