#include "broker/audit/event.h"
#include "policy/base/cleanup.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

static const char *const names[] = {
#define ROW(symbol, name, message_id, priority) EVENT_##symbol,
    EVENT_TABLE(ROW)
#undef ROW
};

static unsigned bits_that_differ(const char *a, const char *b)
{
    unsigned bits = 0;

    for (int i = 0; i < 32; i += 8) {
        char x[9] = "", y[9] = "";

        memcpy(x, a + i, 8);
        memcpy(y, b + i, 8);
        bits += (unsigned)__builtin_popcountl(strtoul(x, NULL, 16) ^ strtoul(y, NULL, 16));
    }
    return bits;
}

/* Random, not counted on: two that look alike would be mixed up by the people who filter by them. */
static void test_ids(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        const char *id = event_message_id(names[i]);

        assert_non_null(id);
        assert_int_equal(strlen(id), 32);
        assert_int_equal(strspn(id, "0123456789abcdef"), 32);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(names[i], names[j]);
            assert_true(bits_that_differ(id, event_message_id(names[j])) > 24);
        }
    }
}

/* Ids are part of the format: searches and alarms are built on them. */
static void test_ids_stay(void **state)
{
    (void)state;
    assert_string_equal(EVENT_LOGIN, "login");
    assert_string_equal(event_message_id("login"), "f28fd65ba1824c189f24dab08572b9d2");
    assert_string_equal(event_message_id("revoke"), "97fecaa23bb24eefba7f599c171a68ad");
    assert_null(event_message_id("nothing"));
    assert_null(event_message_id(""));
}

static void test_priorities(void **state)
{
    (void)state;
    assert_int_equal(event_priority("login", "success"), LOG_INFO);
    assert_int_equal(event_priority("login", "failure"), LOG_WARNING);
    assert_int_equal(event_priority("session-remains", "failure"), LOG_ERR);
    assert_int_equal(event_priority("nothing", "failure"), LOG_WARNING);
    assert_int_equal(event_priority("login", ""), LOG_WARNING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_ids_stay),
        cmocka_unit_test(test_priorities),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
