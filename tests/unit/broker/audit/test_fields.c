#include "broker/audit/event.h"
#include "broker/audit/fields.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LEDGER "00112233445566778899aabbccddeeff"

/* The value of a field, or NULL; it must not be there twice. */
static const char *value_of(const struct fields *f, const char *name)
{
    static char value[300];
    const char *found = NULL;

    for (size_t i = 0; i < f->n; i++) {
        const struct iovec *v = &f->items[i];
        size_t length = strlen(name);

        if (v->iov_len <= length || memcmp(v->iov_base, name, length) != 0 ||
            ((const char *)v->iov_base)[length] != '=')
            continue;
        assert_null(found);
        (void)snprintf(value, sizeof(value), "%.*s", (int)(v->iov_len - length - 1),
                       (const char *)v->iov_base + length + 1);
        found = value;
    }
    return found;
}

static void expect(const struct fields *f, const char *name, const char *expected)
{
    const char *value = value_of(f, name);

    if (!value || strcmp(value, expected) != 0)
        fail_msg("%s is %s, not %s", name, value ? value : "missing", expected);
}

static void test_every_field(void **state)
{
    struct record r = {
        .sequence = 7,
        .at_us = 1795219200123456,
        .event = "login",
        .result = "failure",
        .reason = REASON_REVOKED,
        .staff = "zhang.san",
        .vendor = "acme",
        .account = "oracle",
        .service = "sshd",
        .address = "10.1.2.3",
        .tty = "ssh",
        .grant = "0123456789abcdef0123456789abcdef",
        .version = 3,
        .ticket = "CHG-1",
        .session = 17,
        .deadline = 1795219200,
        .latency_us = 42,
        .reference = "8F3K-22",
        .actor = 1000,
        .detail = "one\ntwo",
        .count = 41,
        .first_us = 1795219100000001,
        .sources = 3,
        .hash = {0xab, 0xcd},
    };
    cleanup_fields struct fields f;

    (void)state;
    assert_int_equal(fields_build(&r, "db01", LEDGER, &f), 0);
    assert_int_equal(strncmp(value_of(&f, "MESSAGE"), "zhang.san refused on sshd", 25), 0);
    expect(&f, "MESSAGE_ID", event_message_id("login"));
    expect(&f, "PRIORITY", "4");
    expect(&f, "SYSLOG_IDENTIFIER", "hufud");
    expect(&f, "SYSLOG_FACILITY", "10");
    expect(&f, "HUFU_HOST", "db01");
    expect(&f, "HUFU_LEDGER", LEDGER);
    expect(&f, "HUFU_SEQUENCE", "7");
    expect(&f, "HUFU_TIME_USEC", "1795219200123456");
    expect(&f, "HUFU_EVENT", "login");
    expect(&f, "HUFU_RESULT", "failure");
    expect(&f, "HUFU_REASON", "revoked");
    expect(&f, "HUFU_STAFF", "zhang.san");
    expect(&f, "HUFU_VENDOR", "acme");
    expect(&f, "HUFU_ACCOUNT", "oracle");
    expect(&f, "HUFU_COUNT", "41");
    expect(&f, "HUFU_FIRST_USEC", "1795219100000001");
    expect(&f, "HUFU_SOURCES", "3");
    expect(&f, "HUFU_SERVICE", "sshd");
    expect(&f, "HUFU_ADDRESS", "10.1.2.3");
    expect(&f, "HUFU_TTY", "ssh");
    expect(&f, "HUFU_GRANT", "0123456789abcdef0123456789abcdef");
    expect(&f, "HUFU_VERSION", "3");
    expect(&f, "HUFU_TICKET", "CHG-1");
    expect(&f, "HUFU_SESSION", "17");
    expect(&f, "HUFU_DEADLINE", "2026-11-21T00:00:00Z");
    expect(&f, "HUFU_LATENCY_USEC", "42");
    expect(&f, "HUFU_REFERENCE", "8F3K-22");
    expect(&f, "HUFU_ACTOR", "1000");
    expect(&f, "HUFU_DETAIL", "one\ntwo");
    expect(&f, "HUFU_HASH", "abcd000000000000000000000000000000000000000000000000000000000000");
    assert_int_equal(f.n, 31);
}

static void test_what_does_not_apply(void **state)
{
    struct record r = {.sequence = 1, .event = "broker-start", .result = "success", .actor = UINT32_MAX};
    cleanup_fields struct fields f;

    (void)state;
    assert_int_equal(fields_build(&r, "", "", &f), 0);
    expect(&f, "MESSAGE", "broker started");
    expect(&f, "PRIORITY", "6");
    assert_null(value_of(&f, "HUFU_STAFF"));
    assert_null(value_of(&f, "HUFU_ACTOR"));
    assert_null(value_of(&f, "HUFU_DEADLINE"));
    assert_null(value_of(&f, "HUFU_HOST"));
    assert_null(value_of(&f, "HUFU_LEDGER"));
    assert_int_equal(f.n, 10);
    fields_done(&f);
    r.actor = 0; /* root */
    assert_int_equal(fields_build(&r, "", "", &f), 0);
    expect(&f, "HUFU_ACTOR", "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field),
        cmocka_unit_test(test_what_does_not_apply),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
