#include "tests/unit/broker/review/period.h"

/* Grants against what was done with them: unused, wider than used field by field, sources. */

static void grant_done(struct grant **g)
{
    grant_free(*g);
}

static void tell(struct review *v, const char *event, when_t at_s, const char *account, const char *detail)
{
    struct record r = period_record(event, true, at_s);

    r.session = 1;
    r.account = account;
    r.detail = detail;
    period_take(v, &r);
}

static void test_unused(void **state)
{
    cleanup(grant_done) struct grant *g = NULL;
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;

    (void)state;
    g = period_grant(v, NULL, "expired");
    period_refusal(v, REASON_WRONG_SOURCE, FROM + 2 * DAY);
    value = period_json(v);
    check_size(value, "grants", 1);
    check_text(value, "grants.0.id", GRANT);
    check_text(value, "grants.0.class", "normal");
    check_text(value, "grants.0.staff", "zhang.san");
    check_text(value, "grants.0.purpose", "更换数据库存储阵列控制器");
    check_text(value, "grants.0.uses", "10 per-host");
    check_text(value, "grants.0.state", "expired");
    check_text(value, "grants.0.not_after", "2026-11-28T00:00:00Z");
    check_number(value, "grants.0.used", 0);
    check_number(value, "grants.0.uses_taken", 0);
    check_size(value, "grants.0.wider", 0);
}

/* One session on a weekday, with a shell, sudo to oracle, one of the commands. */
static void use(struct review *v)
{
    period_session(v, 1, FROM + 2 * DAY + 2 * HOUR, 0); /* Tuesday 3 November, 02:00 at UTC+8: no hours */
    tell(v, EVENT_CHANNEL, FROM + 2 * DAY + 2 * HOUR, "zhang.san", "shell");
    tell(v, EVENT_COMMAND, FROM + 2 * DAY + 3 * HOUR, "oracle", "/usr/bin/less messages, in /var/log");
    tell(v, EVENT_SESSION_CLOSE, FROM + 2 * DAY + 10 * HOUR, "zhang.san", ""); /* 10:00: within the first */
}

static void test_each_field(void **state)
{
    cleanup(grant_done) struct grant *g = NULL;
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;

    (void)state;
    g = period_grant(v, NULL, NULL);
    use(v);
    value = period_json(v);
    check_number(value, "grants.0.used", 1);
    check_number(value, "grants.0.uses_taken", 1);
    /* Of hosts only those whose records were read: app02 is not, and a group cannot be told. */
    assert_null(wider(value, "host"));
    check_list(wider(value, "hours"), "never", "sat 09:00-12:00 +08:00");
    check_list(wider(value, "hours"), "used", "mon-fri 09:00-18:00 +08:00");
    check_list(wider(value, "service"), "never", "cron");
    /* Forwarding leaves no record, so that nobody can say it was not used. */
    check_list(wider(value, "channel"), "granted", "shell,exec,transfer,forward");
    check_list(wider(value, "channel"), "never", "exec,transfer");
    check_list(wider(value, "run-as"), "never", "root");
    check_list(wider(value, "command"), "used", "/usr/bin/less *");
    check_list(wider(value, "command"), "never", "/usr/bin/systemctl restart oracle,/usr/bin/true");
    check_list(wider(value, "source"), "used", "10.1.2.0/24");
    check_list(wider(value, "source"), "never", "local,10.1.9.0/24");
    check_list(wider(value, "uses"), "never", "9");
    check_list(wider(value, "sessions"), "used", "1");
    check_list(wider(value, "sessions"), "never", "2");
}

static void test_host_that_was_read(void **state)
{
    cleanup(grant_done) struct grant *g = NULL;
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;
    struct record r = period_record(EVENT_START, true, FROM);

    (void)state;
    g = period_grant(v, NULL, NULL);
    assert_int_equal(review_take(v, "app02.finance.example", &r), 0);
    use(v);
    value = period_json(v);
    check_list(wider(value, "host"), "never", "app02.finance.example");
    check_list(wider(value, "host"), "used", HOST);
}

/* Everything was needed: nothing is said. */
static void test_nothing_wider(void **state)
{
    cleanup(grant_done) struct grant *g = NULL;
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;

    (void)state;
    g = period_grant(
        v,
        "host: " HOST "\nservice: sshd\nchannel: shell\nrun-as: oracle\ncommand: /usr/bin/less *\n"
        "source: 10.1.2.17/32\nhours: mon-fri 00:00-24:00 +08:00\nuses: 1 per-host\nsessions: 1\n",
        NULL);
    use(v);
    value = period_json(v);
    check_size(value, "grants.0.wider", 0);
}

/* What was given without a bound is said with what was used of it. */
static void test_any(void **state)
{
    cleanup(grant_done) struct grant *g = NULL;
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;

    (void)state;
    g = period_grant(v,
                     "host: " HOST
                     "\nservice: sshd\nchannel: shell\nrun-as: oracle\ncommand: any\nsource: any\n"
                     "hours: any\nuses: unlimited\nsessions: unlimited\n",
                     NULL);
    use(v);
    value = period_json(v);
    check_list(wider(value, "hours"), "granted", "any");
    check_list(wider(value, "hours"), "used", "tue 02:00-11:00 +08:00");
    check_list(wider(value, "command"), "used", "/usr/bin/less");
    check_list(wider(value, "source"), "used", "10.1.2.17");
    check_list(wider(value, "uses"), "granted", "unlimited");
    check_list(wider(value, "uses"), "used", "1");
    check_list(wider(value, "sessions"), "used", "1");
}

/* As long as a grant is not over, what is left of its uses may still be needed. */
static void test_uses_left(void **state)
{
    cleanup(grant_done) struct grant *g = NULL;
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;

    (void)state;
    g = period_grant(v, "not-after: 2026-12-28T00:00:00Z\n", "ok");
    use(v);
    value = period_json(v);
    assert_null(wider(value, "uses"));
    check_text(value, "expiring.0.what", "grant");
    check_number(value, "expiring.0.days", 25);
}

/* At once, over the edge of the period, on one host; another host counts by itself. */
static void test_most_at_once(void **state)
{
    cleanup(grant_done) struct grant *g = NULL;
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;
    struct record r;

    (void)state;
    g = period_grant(v, "sessions: 5\n", NULL);
    period_session(v, 1, FROM - HOUR, 0);
    period_session(v, 2, FROM + HOUR, 0);
    r = period_record(EVENT_SESSION_OPEN, true, FROM + HOUR);
    r.session = 1;
    assert_int_equal(review_take(v, "app02.finance.example", &r), 0);
    r = period_record(EVENT_SESSION_CLOSE, true, FROM + 2 * HOUR);
    r.session = 1;
    period_take(v, &r);
    period_session(v, 3, FROM + 3 * HOUR, FROM + 4 * HOUR);
    value = period_json(v);
    check_list(wider(value, "sessions"), "used", "2");
    check_number(value, "grants.0.uses_taken", 3);
}

static void test_sources(void **state)
{
    cleanup(grant_done) struct grant *g = NULL;
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;
    struct record r = period_record(EVENT_LOGIN, false, FROM + HOUR);

    (void)state;
    g = period_grant(v, NULL, NULL);
    use(v);
    r.address = "203.0.113.9";
    r.reason = REASON_WRONG_SOURCE;
    period_take(v, &r);
    value = period_json(v);
    check_list(value, "sources.0.granted", "local,10.1.2.0/24,10.1.9.0/24");
    check_text(value, "sources.0.seen.0.address", "10.1.2.17");
    check_number(value, "sources.0.seen.0.admitted", 1);
    check_number(value, "sources.0.seen.0.inside", 1);
    check_text(value, "sources.0.seen.1.address", "203.0.113.9");
    check_number(value, "sources.0.seen.1.refused", 1);
    check_number(value, "sources.0.seen.1.inside", 0);
}

/* Used, and nobody gave its document: what the records know. */
static void test_without_document(void **state)
{
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;

    (void)state;
    use(v);
    value = period_json(v);
    check_size(value, "grants", 1);
    check_text(value, "grants.0.class", "");
    check_text(value, "grants.0.not_after", NULL);
    check_text(value, "grants.0.ticket", "CHG-2026-1142");
    check_number(value, "grants.0.used", 1);
}

/* Over before the period, or not begun in it: not of this review. */
static void test_other_periods(void **state)
{
    cleanup(grant_done) struct grant *before = NULL, *after = NULL;
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;
    struct record r = period_record(EVENT_START, true, FROM);

    (void)state;
    period_take(v, &r);
    before = period_grant(v, "not-before: 2026-10-01T00:00:00Z\nnot-after: 2026-10-31T16:00:00Z\n", NULL);
    after = period_grant(
        v, "id: " GRANT2 "\nnot-before: 2026-11-30T16:00:00Z\nnot-after: 2026-12-31T16:00:00Z\n", NULL);
    value = period_json(v);
    check_size(value, "grants", 0);
    check_size(value, "ended_rights", 1); /* it ended when the period began */
}

static size_t grants_listed(when_t revoked, const char *also_host)
{
    cleanup(grant_done) struct grant *g = NULL;
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;
    struct record r = period_record(EVENT_REVOKE, true, revoked);

    period_take(v, &r);
    if (also_host)
        assert_int_equal(review_take(v, also_host, &r), 0);
    g = period_grant(v, "not-before: 2026-10-01T00:00:00Z\n", "revoked");
    value = period_json(v);
    return json_array_size(json_object_get(value, "grants"));
}

/* What was revoked before the period asks for no decision in it. */
static void test_revoked_before(void **state)
{
    (void)state;
    assert_int_equal(grants_listed(FROM - DAY, NULL), 0);
    assert_int_equal(grants_listed(FROM + DAY, NULL), 1);
    assert_int_equal(grants_listed(FROM - DAY, "app02.finance.example"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unused),
        cmocka_unit_test(test_each_field),
        cmocka_unit_test(test_host_that_was_read),
        cmocka_unit_test(test_nothing_wider),
        cmocka_unit_test(test_any),
        cmocka_unit_test(test_uses_left),
        cmocka_unit_test(test_most_at_once),
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_without_document),
        cmocka_unit_test(test_other_periods),
        cmocka_unit_test(test_revoked_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
