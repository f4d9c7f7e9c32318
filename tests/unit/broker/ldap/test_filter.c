#include "broker/ldap/filter.h"
#include "tests/unit/unit.h"

#include <string.h>

#define REST                                                                                    \
    ")(objectClass=hufuRevocation)(objectClass=hufuStatus)(objectClass=hufuTrust)(objectClass=" \
    "hufuHeartbeat))"

static void assert_filter(const struct feed_message *start, const char *expected)
{
    cleanup_free char *filter = NULL;

    assert_int_equal(filter_of_host(start, &filter), 0);
    assert_string_equal(filter, expected);
}

static void test_host(void **state)
{
    struct feed_message start = {.type = FEED_START, .host = "db01.finance.example"};

    (void)state;
    assert_filter(&start, "(|(&(objectClass=hufuGrant)(|(hufuHost=db01.finance.example))" REST);
    start.n_groups = 2;
    strcpy(start.groups[0], "databases");
    strcpy(start.groups[1], "finance");
    assert_filter(&start, "(|(&(objectClass=hufuGrant)(|(hufuHost=db01.finance.example)(hufuHost=@databases)"
                          "(hufuHost=@finance))" REST);
}

/* hufud sends names alone; a filter holds against anything. */
static void test_escaping(void **state)
{
    struct feed_message start = {.type = FEED_START, .host = "*)(objectClass=*"};

    (void)state;
    assert_filter(&start, "(|(&(objectClass=hufuGrant)(|(hufuHost=\\2a\\29\\28objectClass=\\2a))" REST);
    strcpy(start.host, "a\\2a\x01\x7f\xc3\xa9");
    assert_filter(&start, "(|(&(objectClass=hufuGrant)(|(hufuHost=a\\5c2a\\01\\7f\\c3\\a9))" REST);
}

static void test_since(void **state)
{
    cleanup_free char *all = NULL, *changed = NULL;

    (void)state;
    assert_int_equal(filter_since("(cn=a)", NULL, &all), 0);
    assert_string_equal(all, "(cn=a)");
    assert_int_equal(filter_since("(cn=a)", "20261122044831Z", &changed), 0);
    assert_string_equal(changed, "(&(modifyTimestamp>=20261122044831Z)(cn=a))");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_host),
        cmocka_unit_test(test_escaping),
        cmocka_unit_test(test_since),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
