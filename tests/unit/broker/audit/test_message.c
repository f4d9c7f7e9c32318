#include "broker/audit/event.h"
#include "broker/audit/message.h"
#include "policy/base/cleanup.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static struct record base(const char *event, const char *result)
{
    return (struct record){.event = event, .result = result, .actor = UINT32_MAX};
}

static void expect(const struct record *r, const char *expected)
{
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *text = NULL;

    message_render(r, &b);
    text = buf_steal_text(&b);
    assert_non_null(text);
    assert_string_equal(text, expected);
}

static void test_login(void **state)
{
    struct record r = base("login", "failure");

    (void)state;
    r.staff = r.account = "zhang.san";
    r.service = "sshd";
    r.address = "10.1.2.3";
    r.reason = REASON_REVOKED;
    r.grant = "0123456789abcdef0123456789abcdef";
    r.ticket = "CHG-2026-1142";
    r.reference = "8F3K-22";
    r.vendor = "acme";
    expect(&r, "zhang.san refused on sshd from 10.1.2.3: revoked (grant 0123456789abcdef0123456789abcdef, "
               "vendor acme,"
               " ticket CHG-2026-1142, reference 8F3K-22)");
    r.result = "success";
    r.reason = REASON_OK;
    r.deadline = 1795219200;
    r.ticket = r.reference = r.vendor = "";
    expect(&r, "zhang.san admitted on sshd from 10.1.2.3, until 2026-11-21T00:00:00Z"
               " (grant 0123456789abcdef0123456789abcdef)");
    r.deadline = WHEN_NEVER;
    r.address = "local";
    r.tty = "tty1";
    r.grant = NULL;
    expect(&r, "zhang.san admitted on sshd at tty1, without an end");
}

/* One record for many: what it says of one, and how many more there were. */
static void test_counted(void **state)
{
    struct record r = base("login", "failure");

    (void)state;
    r.staff = r.account = "zhang.san";
    r.service = "sshd";
    r.reason = REASON_REVOKED;
    r.reference = "8F3K2222";
    r.first_us = 1795219200000000;
    r.at_us = 1795219260999999;
    r.count = 1234568;
    r.sources = 17;
    expect(&r, "zhang.san refused on sshd: revoked (reference 8F3K2222), and 1,234,567 more like it from 17 "
               "addresses"
               " between 2026-11-21T00:00:00Z and 2026-11-21T00:01:00Z");
    r.sources = RECORD_SOURCES_MANY;
    r.count = 1001;
    expect(
        &r,
        "zhang.san refused on sshd: revoked (reference 8F3K2222), and 1,000 more like it from more than 256"
        " addresses between 2026-11-21T00:00:00Z and 2026-11-21T00:01:00Z");
    r.sources = 1;
    r.address = "10.1.2.3";
    r.count = 2;
    r.first_us = r.at_us;
    expect(&r, "zhang.san refused on sshd from 10.1.2.3: revoked (reference 8F3K2222), and 1 more like it"
               " at 2026-11-21T00:01:00Z");
    r.count = 0;
    expect(&r, "zhang.san refused on sshd from 10.1.2.3: revoked (reference 8F3K2222)");
}

static void test_switch(void **state)
{
    struct record r = base("switch", "failure");

    (void)state;
    r.staff = "zhang.san";
    r.account = "root";
    r.service = "sudo";
    r.reason = REASON_RUN_AS_NOT_GRANTED;
    expect(&r, "zhang.san refused as root on sudo: run-as-not-granted");
    r.account = "zhang.san";
    expect(&r, "zhang.san refused on sudo: run-as-not-granted");
}

static void test_session(void **state)
{
    struct record r = base("session-close", "success");

    (void)state;
    r.staff = "zhang.san";
    r.session = 17;
    r.reason = REASON_REVOKED;
    r.latency_us = 4123;
    expect(&r, "session 17 of zhang.san ended and proven so after 4.1 ms: revoked");
    r.event = "session-remains";
    r.result = "failure";
    r.detail = "pids 4711 4712";
    r.latency_us = 10000000;
    expect(&r, "session 17 of zhang.san could not be ended to the last process after 10000.0 ms: revoked: "
               "pids 4711 4712");
}

static void test_revoke(void **state)
{
    struct record r = base("revoke", "success");

    (void)state;
    r.actor = 1000;
    r.vendor = "acme";
    expect(&r, "vendor acme revoked by login uid 1000 (vendor acme)");
    r.staff = "zhang.san";
    expect(&r, "staff zhang.san revoked by login uid 1000 (vendor acme)");
    r.grant = "0123456789abcdef0123456789abcdef";
    expect(&r, "grant revoked by login uid 1000 (grant 0123456789abcdef0123456789abcdef, vendor acme)");
    r = base("lock", "success");
    r.actor = 0;
    expect(&r, "this host locked by login uid 0");
}

static void test_nothing_known(void **state)
{
    struct record r = base("login", "failure");

    (void)state;
    expect(&r, "somebody refused");
    r.event = NULL;
    r.result = NULL;
    expect(&r, "event unknown of somebody");
    r.event = "incident";
    r.result = "success";
    r.detail = "level 2";
    expect(&r, "incident success of somebody: level 2");
}

/* A name is not to write into an operator's terminal, nor to begin a line of its own. */
static void test_hostile_text(void **state)
{
    struct record r = base("login", "failure");

    (void)state;
    r.staff = "zhang\n2026 root admitted\x1b[2J";
    r.service = "ss\u202ehd";
    r.detail = "变更";
    r.address = "{who}";
    expect(&r, "zhang?2026 root admitted?[2J refused on ss???hd from {who}: 变更");
}

/* Every event has a sentence of its own for both results, without a part left that nobody knows. */
static void test_every_event(void **state)
{
    static const char *const names[] = {
#define ROW(symbol, name, message_id, priority) name,
        EVENT_TABLE(ROW)
#undef ROW
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(names) * 2; i++) {
        struct record r = base(names[i / 2], i % 2 == 0 ? "success" : "failure");
        cleanup_buf struct buf b = BUF_INIT;
        cleanup_free char *text = NULL;
        char fallback[100];

        message_render(&r, &b);
        text = buf_steal_text(&b);
        assert_non_null(text);
        (void)snprintf(fallback, sizeof(fallback), "%s %s of", r.event, r.result);
        if (strncmp(text, fallback, strlen(fallback)) == 0 || strpbrk(text, "{}") || strstr(text, "  ") ||
            strlen(text) < 8)
            fail_msg("%s, %s: %s", r.event, r.result, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_login),        cmocka_unit_test(test_counted),
        cmocka_unit_test(test_switch),       cmocka_unit_test(test_session),
        cmocka_unit_test(test_revoke),       cmocka_unit_test(test_nothing_known),
        cmocka_unit_test(test_hostile_text), cmocka_unit_test(test_every_event),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
