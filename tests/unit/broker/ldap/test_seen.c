#include "broker/ldap/seen.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* What polling has seen of each entry. */

static void make_uuid(unsigned n, uint8_t uuid[static 16])
{
    memset(uuid, 0, 16);
    memcpy(uuid + (n % 2 ? 12 : 0), &n, sizeof(n)); /* those that differ in one half only, too */
}

static void test_many(void **state)
{
    struct seen s = {0};
    uint8_t uuid[16];
    char time[ENTRY_MODIFIED_SIZE];

    (void)state;
    for (unsigned n = 0; n < 5000; n++) {
        make_uuid(n, uuid);
        assert_null(seen_find(&s, uuid));
        (void)snprintf(time, sizeof(time), "%u", n);
        assert_int_equal(seen_put(&s, uuid, time), 0);
    }
    assert_int_equal(s.n, 5000);
    for (unsigned n = 0; n < 5000; n++) {
        make_uuid(n, uuid);
        (void)snprintf(time, sizeof(time), "%u", n);
        assert_non_null(seen_find(&s, uuid));
        assert_string_equal(seen_find(&s, uuid), time);
    }
    make_uuid(5000, uuid);
    assert_null(seen_find(&s, uuid));
    seen_clear(&s);
    make_uuid(1, uuid);
    assert_null(seen_find(&s, uuid));
    assert_int_equal(s.n, 0);
}

static void test_another_time(void **state)
{
    struct seen s = {0};
    uint8_t uuid[16] = "sixteen octets.";
    char longest[2 * ENTRY_MODIFIED_SIZE];

    (void)state;
    assert_int_equal(seen_put(&s, uuid, "20261121100000Z"), 0);
    assert_int_equal(seen_put(&s, uuid, "1"), 0);
    assert_int_equal(s.n, 1);
    assert_string_equal(seen_find(&s, uuid), "1");
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(seen_put(&s, uuid, longest), 0);
    assert_int_equal(strlen(seen_find(&s, uuid)), ENTRY_MODIFIED_SIZE - 1);
    seen_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_another_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
