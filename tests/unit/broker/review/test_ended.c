#include "tests/unit/broker/review/period.h"

/* What was taken away, what ended by itself, and the proof that nobody was left in. */

static void grant_done(struct grant **g)
{
    grant_free(*g);
}

static struct record taking(const char *event, when_t at_s)
{
    struct record r = period_record(event, true, at_s);

    r.staff = r.vendor = r.account = r.service = r.address = r.ticket = "";
    r.reason = REASON_REVOKED;
    r.actor = 1003;
    r.detail = "this host only: gone";
    return r;
}

static void close_as(struct review *v, uint64_t number, when_t at_s, bool proven, uint64_t took_us)
{
    struct record r = period_record(proven ? EVENT_SESSION_CLOSE : EVENT_SESSION_REMAINS, proven, at_s);

    r.session = number;
    r.reason = REASON_REVOKED;
    r.latency_us = took_us;
    r.detail = proven ? "3 processes ended, none left" : "still there: 4711 (dd)";
    period_take(v, &r);
}

static void test_revoked(void **state)
{
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;
    struct record r;

    (void)state;
    period_session(v, 1, FROM + HOUR, FROM + 2 * HOUR); /* over before */
    period_session(v, 2, FROM + HOUR, 0);
    period_session(v, 3, FROM + 2 * HOUR, 0);
    period_session(v, 9, FROM + 2 * HOUR, FROM + 3 * HOUR - 1); /* logged out just before */
    r = taking(EVENT_REVOKE, FROM + 3 * HOUR);
    period_take(v, &r);
    close_as(v, 2, FROM + 3 * HOUR, true, 8000);
    close_as(v, 3, FROM + 3 * HOUR, true, 21000);
    period_session(v, 4, FROM + 5 * HOUR, 0); /* of another version, later */
    value = period_json(v);
    check_size(value, "revocations", 1);
    check_text(value, "revocations.0.scope", "grant");
    check_text(value, "revocations.0.name", GRANT);
    check_text(value, "revocations.0.actor", "uid 1003");
    check_text(value, "revocations.0.why", "this host only: gone");
    check_number(value, "revocations.0.took_us", 21000);
    check_number(value, "revocations.0.proven", 1);
    check_size(value, "ended_rights", 1);
    check_text(value, "ended_rights.0.how", "revoked");
    check_text(value, "ended_rights.0.staff", "zhang.san");
    check_number(value, "ended_rights.0.sessions", 2);
    check_number(value, "ended_rights.0.proven", 1);
    check_text(value, "ended_rights.0.proof", "3 processes ended, none left");
    check_number(value, "ended_rights.0.sequence", 9);
}

/* One that could not be ended; one of which nothing was heard. */
static void test_not_proven(void **state)
{
    for (unsigned heard = 0; heard < 2; heard++) {
        cleanup(review_free_p) struct review *v = period_new();
        cleanup(json_decrefp) json_t *value = NULL;
        struct record r;

        (void)state;
        period_session(v, 1, FROM + HOUR, 0);
        r = taking(EVENT_REVOKE, FROM + 3 * HOUR);
        period_take(v, &r);
        if (heard)
            close_as(v, 1, FROM + 3 * HOUR + 10, false, 10500000);
        value = period_json(v);
        check_number(value, "revocations.0.proven", 0);
        check_number(value, "ended_rights.0.proven", 0);
        if (heard)
            check_text(value, "ended_rights.0.proof", "still there: 4711 (dd)");
    }
}

/* The proof may come after the period: it counts. */
static void test_proven_later(void **state)
{
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;
    struct record r;

    (void)state;
    period_session(v, 1, FROM + HOUR, 0);
    r = taking(EVENT_REVOKE, UNTIL - 1);
    period_take(v, &r);
    close_as(v, 1, UNTIL - 1, false, 10500000);
    close_as(v, 1, UNTIL + 10, true, 12000000);
    value = period_json(v);
    check_number(value, "revocations.0.proven", 1);
    check_number(value, "revocations.0.took_us", 12000000);
}

/* A person's, a vendor's: whoever it hits, and nobody else. */
static void test_scopes(void **state)
{
    static const struct {
        const char *scope, *staff, *vendor;
    } cases[] = {{"staff", "zhang.san", ""}, {"vendor", "", "acme"}, {"vendor", "", "other"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup(grant_done) struct grant *g = NULL;
        cleanup(review_free_p) struct review *v = period_new();
        cleanup(json_decrefp) json_t *value = NULL;
        bool hits = strcmp(cases[i].vendor, "other") != 0;
        struct record r;

        g = period_grant(v, NULL, "revoked");
        period_session(v, 1, FROM + DAY, 0);
        r = taking(EVENT_REVOKE, FROM + 2 * DAY);
        r.grant = "";
        r.staff = cases[i].staff;
        r.vendor = cases[i].vendor;
        period_take(v, &r);
        value = period_json(v);
        check_text(value, "revocations.0.scope", cases[i].scope);
        check_number(value, "revocations.0.proven", !hits);
        check_size(value, "ended_rights", 1);
        check_text(value, "ended_rights.0.how", hits ? "revoked" : "expired");
    }
}

static void test_signed(void **state)
{
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;
    struct record r;

    (void)state;
    r = taking(EVENT_REVOCATION, FROM + HOUR);
    r.actor = UINT32_MAX;
    r.detail = "revocation 89abcdef0123456789abcdef01234567 signed by sun.qi (revoker): left";
    period_take(v, &r);
    r.result = "failure";
    period_take(v, &r);
    value = period_json(v);
    check_size(value, "revocations", 1);
    check_text(value, "revocations.0.actor", "sun.qi");
    check_number(value, "revocations.0.proven", 1);
    check_number(value, "revocations.0.took_us", 0);
}

/* The last use ended; its person was done; the directory has it no more. */
static void test_other_ends(void **state)
{
    static const struct {
        const char *event, *how;
        bool success;
    } cases[] = {{EVENT_GRANT_CLOSE, "closed", true},
                 {EVENT_GRANT_FINISH, "finished", true},
                 {EVENT_WITHDRAWN, "withdrawn", false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup(review_free_p) struct review *v = period_new();
        cleanup(json_decrefp) json_t *value = NULL;
        struct record r;

        period_session(v, 1, FROM + DAY, FROM + DAY + HOUR);
        r = period_record(cases[i].event, cases[i].success, FROM + DAY + HOUR);
        period_take(v, &r);
        value = period_json(v);
        check_size(value, "ended_rights", 1);
        check_text(value, "ended_rights.0.how", cases[i].how);
        check_number(value, "ended_rights.0.sessions", 1);
        check_number(value, "ended_rights.0.proven", 1);
        check_size(value, "revocations", 0);
    }
}

/* Time took it away: on each host where it was used, with whoever was in then. */
static void test_expired(void **state)
{
    cleanup(grant_done) struct grant *g = NULL;
    cleanup(review_free_p) struct review *v = period_new();
    cleanup(json_decrefp) json_t *value = NULL;
    when_t end = FROM + 27 * DAY + 8 * HOUR; /* 2026-11-28T00:00:00Z */
    struct record r;

    (void)state;
    g = period_grant(v, NULL, "expired");
    assert_int_equal(g->valid.until, end);
    period_session(v, 1, end - HOUR, end);
    r = period_record(EVENT_SESSION_OPEN, true, end - 2 * HOUR);
    r.session = 1;
    assert_int_equal(review_take(v, "app02.finance.example", &r), 0);
    value = period_json(v);
    check_size(value, "ended_rights", 2);
    check_text(value, "ended_rights.0.how", "expired");
    check_text(value, "ended_rights.0.at", "2026-11-28T00:00:00Z");
    for (unsigned i = 0; i < 2; i++) {
        const json_t *row = json_array_get(at(value, "ended_rights"), i);
        bool here = strcmp(json_string_value(json_object_get(row, "host")), HOST) == 0;

        check_number(row, "sessions", 1);
        check_number(row, "proven", here);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_revoked),      cmocka_unit_test(test_not_proven),
        cmocka_unit_test(test_proven_later), cmocka_unit_test(test_scopes),
        cmocka_unit_test(test_signed),       cmocka_unit_test(test_other_ends),
        cmocka_unit_test(test_expired),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
