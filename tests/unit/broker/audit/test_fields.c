#include "broker/audit/event.h"
#include "broker/audit/fields.h"
#include "policy/base/cleanup.h"
#include "tests/unit/broker/audit/samples.h"
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

static const struct {
    const char *name, *value;
} every_field[] = {
    {"PRIORITY", "4"},
    {"SYSLOG_IDENTIFIER", "hufud"},
    {"SYSLOG_FACILITY", "10"},
    {"HUFU_HOST", "db01"},
    {"HUFU_LEDGER", LEDGER},
    {"HUFU_SEQUENCE", "7"},
    {"HUFU_TIME_USEC", "1795219200123456"},
    {"HUFU_EVENT", "login"},
    {"HUFU_RESULT", "failure"},
    {"HUFU_REASON", "revoked"},
    {"HUFU_STAFF", "zhang.san"},
    {"HUFU_VENDOR", "acme"},
    {"HUFU_ACCOUNT", "oracle"},
    {"HUFU_COUNT", "5"},
    {"HUFU_FIRST_USEC", "1795219100654321"},
    {"HUFU_SOURCES", "2"},
    {"HUFU_SERVICE", "sshd"},
    {"HUFU_ADDRESS", "10.1.2.3"},
    {"HUFU_TTY", "ssh"},
    {"HUFU_GRANT", "0123456789abcdef0123456789abcdef"},
    {"HUFU_VERSION", "3"},
    {"HUFU_TICKET", "CHG-1"},
    {"HUFU_SESSION", "17"},
    {"HUFU_DEADLINE", "2026-11-21T00:00:00Z"},
    {"HUFU_LATENCY_USEC", "42"},
    {"HUFU_REFERENCE", "8F3K-22"},
    {"HUFU_ACTOR", "1000"},
    {"HUFU_DETAIL", "one\ntwo"},
    {"HUFU_HASH", "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"},
};

static void test_every_field(void **state)
{
    struct record r = sample_record();
    cleanup_fields struct fields f;

    (void)state;
    r.tty = "ssh";
    r.deadline = 1795219200;
    r.detail = "one\ntwo";
    assert_int_equal(fields_build(&r, "db01", LEDGER, &f), 0);
    assert_int_equal(strncmp(value_of(&f, "MESSAGE"), "zhang.san refused on sshd", 25), 0);
    expect(&f, "MESSAGE_ID", event_message_id("login"));
    for (size_t i = 0; i < ARRAY_SIZE(every_field); i++)
        expect(&f, every_field[i].name, every_field[i].value);
    assert_int_equal(f.n, ARRAY_SIZE(every_field) + 2);
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
