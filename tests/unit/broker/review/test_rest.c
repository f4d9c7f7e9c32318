#include "tests/unit/broker/review/period.h"

#include <stdio.h>

/* sudo, incidents, recordings, approvers, what ends, the staff register, reviews before. */

static void grant_done(struct grant **g)
{
    grant_free(*g);
}

static void run(struct review *v, when_t at_s, bool allowed, const char *reference, const char *ended)
{
    struct record r = period_record(EVENT_COMMAND, allowed, at_s);

    r.session = 1;
    r.account = "oracle";
    r.service = "sudo";
    r.reference = reference;
    r.detail = "/usr/bin/less messages, in /var/log";
    if (!allowed)
        r.reason = REASON_COMMAND_NOT_GRANTED;
    period_take(v, &r);
    if (!ended)
        return;
    r = period_record(EVENT_COMMAND_END, true, at_s + 1);
    r.reference = reference;
    r.detail = ended;
    period_take(v, &r);
}

static void test_sudo(void **state)
{
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;
    struct record r;

    (void)state;
    run(v, FROM + 1, true, "AAAA2222", "exit status 0");
    run(v, FROM + 2, true, "AAAA3333", "exit status 0");
    run(v, FROM + 3, true, "AAAA4444", "exit status 1");
    run(v, FROM + 4, false, "AAAA5555", NULL);
    run(v, FROM + 5, true, "AAAA6666", NULL);
    run(v, FROM - 5, true, "AAAA7777", "exit status 0");
    r = period_record(EVENT_SWITCH, true, FROM + 6);
    r.service = "su";
    r.account = "root";
    period_take(v, &r);
    r.service = "sudo";
    period_take(v, &r);
    value = period_json(v);
    check_size(value, "sudo", 5);
    check_number(value, "summary.commands", 4);
    check_text(value, "sudo.0.account", "oracle");
    check_text(value, "sudo.0.ended", "exit status 0");
    check_number(value, "sudo.0.count", 2);
    check_text(value, "sudo.0.at", "2026-10-31T16:00:01Z");
    check_text(value, "sudo.1.ended", "exit status 1");
    check_number(value, "sudo.2.allowed", 0);
    check_text(value, "sudo.2.reason", "command-not-granted");
    check_text(value, "sudo.3.ended", NULL);
    check_text(value, "sudo.4.command", "su");
    check_text(value, "sudo.4.account", "root");
}

/* A script runs a million times and fills no page. */
static void test_sudo_is_counted(void **state)
{
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;
    char reference[16];

    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        (void)snprintf(reference, sizeof(reference), "R%07u", i);
        run(v, FROM + i, true, reference, "exit status 0");
    }
    value = period_json(v);
    check_size(value, "sudo", 1);
    check_number(value, "sudo.0.count", 20000);
}

static void test_incidents(void **state)
{
    static const struct {
        const char *event;
        bool success, is_one;
    } cases[] = {{EVENT_LOCK, true, true},
                 {EVENT_RANGE_DIFFERS, false, true},
                 {EVENT_CLOCK, false, true},
                 {EVENT_CLOCK, true, false},
                 {EVENT_STORE_RESTORED, true, true},
                 {EVENT_STORE_ROOM, true, true},
                 {EVENT_TRUST_RESET, true, true},
                 {EVENT_SESSION_REMAINS, false, true},
                 {EVENT_CONTROL_REFUSED, false, true},
                 {EVENT_RECORDING, true, false},
                 {EVENT_RECORDING, false, true},
                 {EVENT_LOGIN, false, false},
                 {EVENT_GRANT_ADD, true, false},
                 {EVENT_UNSIGNED, false, true}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup(review_free_p) struct review *v = period_new();
        cleanup(json_decrefp) json_t *value = NULL;
        struct record r = period_record(cases[i].event, cases[i].success, FROM + 1);

        period_take(v, &r);
        period_take(v, &r);
        value = period_json(v);
        check_size(value, "incidents", cases[i].is_one);
        if (cases[i].is_one) {
            check_text(value, "incidents.0.event", cases[i].event);
            check_number(value, "incidents.0.count", 2);
            check_number(value, "incidents.0.sequence", 1);
        }
    }
}

static void test_emergency(void **state)
{
    cleanup(grant_done) struct grant *g = NULL;
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;
    struct record r = period_record(EVENT_GRANT_ADD, true, FROM + DAY);

    (void)state;
    g = period_grant(v, "class: emergency\n", NULL);
    period_take(v, &r);
    period_session(v, 1, FROM + DAY, FROM + DAY + 1);
    value = period_json(v);
    check_size(value, "incidents", 2);
    check_text(value, "incidents.1.event", "session-open");
}

static void find(void *userdata, const char *host, const char *file, char *path, int *there)
{
    (void)snprintf(path, 100, "/rec/%s", file);
    *there = *(int *)userdata;
    assert_string_equal(host, HOST);
}

static void test_recordings(void **state)
{
    for (int there = -1; there <= 1; there++) {
        cleanup(review_free_p) struct review *v = period_new();
        cleanup(json_decrefp) json_t *value = NULL;
        struct record r = period_record(EVENT_RECORDING, true, FROM + 1);

        (void)state;
        r.session = 4;
        r.detail = "x.json";
        period_take(v, &r);
        assert_int_equal(review_json(v, find, &there, &value), 0);
        check_number(value, "recordings.0.session", 4);
        check_text(value, "recordings.0.path", "/rec/x.json");
        if (there < 0)
            check_text(value, "recordings.0.there", NULL);
        else
            check_number(value, "recordings.0.there", there);
    }
}

static void test_approvers(void **state)
{
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;
    const struct review_approval approvals[] = {{GRANT, "wang.wu", "leader", FROM + 1},
                                                {GRANT2, "wang.wu", "leader", FROM + 2},
                                                {GRANT, "wang.wu", "unit", FROM + 2},
                                                {GRANT, "zhou.ming", "unit", FROM - 1},
                                                {GRANT, "gone", "unit", UNTIL - 1}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(approvals); i++)
        assert_int_equal(review_add_approval(v, &approvals[i]), 0);
    assert_int_equal(
        review_add_approver(v, &(struct review_approver){"zhou.ming", "leader,unit", MADE + DAY}), 0);
    assert_int_equal(review_add_approver(v, &(struct review_approver){"wang.wu", "leader", MADE + DAY}), 0);
    value = period_json(v);
    check_size(value, "approvers", 3);
    check_text(value, "approvers.0.person", "wang.wu");
    check_number(value, "approvers.0.approvals", 3);
    check_number(value, "approvers.0.grants", 2);
    check_list(value, "approvers.0.roles", "leader");
    check_text(value, "approvers.1.person", "gone");
    check_text(value, "approvers.1.until", NULL);
    check_number(value, "approvers.2.approvals", 0);
    check_list(value, "approvers.2.roles", "leader,unit");
}

static void test_expiring(void **state)
{
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;
    const struct review_expiry ends[] = {{"certificate", "late", MADE + 61 * DAY},
                                         {"certificate", "soon", MADE + 60 * DAY},
                                         {"status", "status", MADE + HOUR},
                                         {"trust", "4", MADE - HOUR},
                                         {"ledger-key", "never", WHEN_NEVER}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
        assert_int_equal(review_add_expiry(v, &ends[i]), 0);
    value = period_json(v);
    check_size(value, "expiring", 3);
    check_text(value, "expiring.0.what", "trust");
    check_number(value, "expiring.0.days", -1);
    check_number(value, "expiring.1.days", 0);
    check_text(value, "expiring.2.name", "soon");
    check_number(value, "expiring.2.days", 60);
}

static void test_register(void **state)
{
    cleanup(grant_done) struct grant *g = NULL, *other = NULL;
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;

    (void)state;
    g = period_grant(v, "not-after: 2026-12-20T00:00:00Z\n", "ok");
    other = period_grant(v, "id: " GRANT2 "\nstaff: li.lei\nnot-after: 2026-12-20T00:00:00Z\n", "ok");
    value = period_json(v);
    check_size(value, "register", 0); /* there is no register: nobody is missing in it */
    assert_int_equal(
        review_add_person(v, &(struct review_person){"zhang.san", "acme", MADE - 1, MADE + 90 * DAY, 0}), 0);
    json_decref(value);
    value = period_json(v);
    check_size(value, "register", 3);
    check_text(value, "register.0.what", "agreement");
    check_number(value, "register.0.lapsed", 1);
    check_number(value, "register.0.grants_live", 1);
    check_text(value, "register.1.what", "vetting");
    check_text(value, "register.1.until", NULL);
    check_text(value, "register.2.what", "entry");
    check_text(value, "register.2.staff", "li.lei");
    check_text(value, "register.2.vendor", "acme");
}

#define DIGEST "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void test_reviews(void **state)
{
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;
    struct record r = period_record(EVENT_REVIEW, true, FROM - DAY);

    (void)state;
    r.actor = 1010;
    r.detail = "from=2026-09-30T16:00:00Z until=2026-10-31T16:00:00Z sha256=" DIGEST " note=all seen";
    period_take(v, &r);
    r.detail = "from=2026-09-30T16:00:00Z until=2026-10-31T16:00:00Z sha256=" DIGEST;
    period_take(v, &r);
    value = period_json(v);
    check_size(value, "reviews", 1);
    check_text(value, "reviews.0.until", "2026-10-31T16:00:00Z");
    check_text(value, "reviews.0.actor", "uid 1010");
    check_text(value, "reviews.0.sha256", DIGEST);
    check_text(value, "reviews.0.note", "all seen");
}

static void test_denied(void **state)
{
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;

    (void)state;
    assert_int_equal(
        review_add_denied(v, &(struct review_denied){FROM, HOST, "zhang.san", "openat", "/etc/shadow", 4}),
        0);
    assert_int_equal(review_add_forgery(v, &(struct review_forgery){FROM, 20001, 7, "x.scope", "admitted"}),
                     0);
    value = period_json(v);
    check_number(value, "denied.available", 1);
    check_text(value, "denied.items.0.path", "/etc/shadow");
    check_number(value, "summary.denied", 4);
    check_number(value, "summary.forged", 1);
    check_number(value, "forged.0.uid", 20001);
    assert_int_equal(review_denied_unavailable(v, "no auditd"), 0);
    json_decref(value);
    value = period_json(v);
    check_number(value, "denied.available", 0);
    check_text(value, "denied.why", "no auditd");
}

/* That there was none and that nobody looked are two things. */
static void test_nobody_looked(void **state)
{
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = period_json(v);

    (void)state;
    check_number(value, "summary.forged", 0);
    check_number(value, "summary.denied", 0);
    assert_true(json_is_null(json_object_get(value, "forged_unread")));
    assert_int_equal(review_forgeries_unread(v, "no journal"), 0);
    assert_int_equal(review_denied_unavailable(v, "no auditd"), 0);
    json_decref(value);
    value = period_json(v);
    check_text(value, "forged_unread", "no journal");
    assert_true(json_is_null(json_object_get(json_object_get(value, "summary"), "forged")));
    assert_true(json_is_null(json_object_get(json_object_get(value, "summary"), "denied")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sudo),          cmocka_unit_test(test_sudo_is_counted),
        cmocka_unit_test(test_incidents),     cmocka_unit_test(test_emergency),
        cmocka_unit_test(test_recordings),    cmocka_unit_test(test_approvers),
        cmocka_unit_test(test_expiring),      cmocka_unit_test(test_register),
        cmocka_unit_test(test_reviews),       cmocka_unit_test(test_denied),
        cmocka_unit_test(test_nobody_looked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
