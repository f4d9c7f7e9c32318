#include "broker/audit/filter.h"
#include "policy/base/cleanup.h"
#include "tests/unit/unit.h"

#define SECOND 1000000

static const struct record sample = {
    .sequence = 41,
    .at_us = 100 * (int64_t)SECOND + 5,
    .event = "login",
    .result = "failure",
    .reason = REASON_NO_GRANT,
    .staff = "zhang.san",
    .vendor = "acme",
    .account = "oracle",
    .service = "sshd",
    .address = "10.1.2.77",
    .grant = "0123456789abcdef0123456789abcdef",
    .ticket = "CHG-1",
    .session = 17,
};

static const struct {
    struct record_filter fits, fits_not;
} pairs[] = {
    {{.after = 40}, {.after = 41}},
    {{.before = 42}, {.before = 41}},
    {{.from = 100}, {.from = 101}},
    {{.until = 101}, {.until = 100}},
    {{.session = 17}, {.session = 18}},
    {{.staff = "zhang.san"}, {.staff = "zhang"}},
    {{.vendor = "acme"}, {.vendor = "acme2"}},
    {{.event = "login"}, {.event = "switch"}},
    {{.result = "failure"}, {.result = "success"}},
    {{.reason = "no-grant"}, {.reason = "revoked"}},
    {{.grant = "0123456789abcdef0123456789abcdef"}, {.grant = ""}},
    {{.ticket = "CHG-1"}, {.ticket = "CHG-10"}},
    {{.service = "sshd"}, {.service = "su"}},
    {{.account = "oracle"}, {.account = "root"}},
    {{.address = "10.1.2.77"}, {.address = "10.1.2.7"}},
};

static void test_each(void **state)
{
    struct record_filter none = {0};

    (void)state;
    assert_true(record_filter_matches(&none, &sample));
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        assert_true(record_filter_matches(&pairs[i].fits, &sample));
        assert_false(record_filter_matches(&pairs[i].fits_not, &sample));
    }
}

/* Each has to hold: one that does not is enough. */
static void test_all(void **state)
{
    struct record_filter f = {.after = 40, .before = 42, .staff = "zhang.san", .session = 17};

    (void)state;
    assert_true(record_filter_matches(&f, &sample));
    f.address = "10.9.9.9";
    assert_false(record_filter_matches(&f, &sample));
}

/* "Does not apply" is the empty text, and none. */
static void test_absent(void **state)
{
    const struct record bare = {.sequence = 1, .event = "clock", .result = "failure"};
    const struct record_filter of_nobody = {.staff = ""}, of_a_reason = {.reason = "revoked"};

    (void)state;
    assert_true(record_filter_matches(&of_nobody, &bare));
    assert_false(record_filter_matches(&of_a_reason, &bare));
}

static void test_ends_of_time(void **state)
{
    (void)state;
    assert_true(record_filter_us(WHEN_NEVER) == INT64_MAX);
    assert_true(record_filter_us(INT64_MIN) == INT64_MIN);
    assert_true(record_filter_us(3) == 3 * (int64_t)SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_ends_of_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
