// LINK: -Wl,--wrap=grant_entry_grant
/*
 * The table of rules: each rule refuses alone, each pair refuses with the earlier reason, and each is
 * asked by exactly the questions that policy/engine/rules.h lists. A rule taken out, a row moved or a
 * mask changed fails here.
 */
#include "policy/base/cleanup.h"
#include "policy/base/doubt.h"
#include "policy/engine/rules.h"
#include "tests/unit/policy/engine/scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define NOW SCENE_NOW

enum {
    LOGIN = QUESTION_LOGIN,
    JOB = QUESTION_JOB,
    SWITCH = QUESTION_SWITCH,
    LIVE = QUESTION_LIVE,
    VALID = QUESTION_VALID,
    NOW_ONLY = LOGIN | JOB | SWITCH | LIVE | VALID,
    EVERY = NOW_ONLY | QUESTION_STANDING,
};

static void no_quorum(struct scene *s)
{
    s->entry.standing = REASON_APPROVAL_MISSING;
}
static void too_wide(struct scene *s)
{
    s->entry.standing = REASON_CLASS_LIMIT;
}
static void other_site(struct scene *s)
{
    s->host.site = "cn.elsewhere";
}
static void other_host(struct scene *s)
{
    s->host.name = "db02.example";
}
static void revoked(struct scene *s)
{
    s->entry.taken_away = REASON_REVOKED;
}
static void vendor_revoked(struct scene *s)
{
    s->entry.taken_away = REASON_VENDOR_REVOKED;
}
static void vendor_locked(struct scene *s)
{
    s->entry.taken_away = REASON_VENDOR_LOCKED;
}
static void withdrawn(struct scene *s)
{
    s->entry.taken_away = REASON_WITHDRAWN;
}
static void closed(struct scene *s)
{
    s->entry.closed = true;
}
static void expired(struct scene *s)
{
    s->grant.valid.until = NOW;
}
static void not_begun(struct scene *s)
{
    s->grant.valid.from = NOW + 1;
}
static void certificate_ended(struct scene *s)
{
    s->entry.votes_until = NOW;
}
static void other_service(struct scene *s)
{
    s->facts.service = "login";
}
static void other_source(struct scene *s)
{
    s->facts.address.octets[2] = 3;
}
static void no_key(struct scene *s)
{
    s->facts.key = KEY_NONE;
}
static void other_key(struct scene *s)
{
    s->facts.fingerprint.octets[31] = 1;
}
static void wants_password(struct scene *s)
{
    s->grant.password = true;
    s->grant.n_keys = 0;
}
static void out_of_hours(struct scene *s)
{
    s->grant.any_hours = false;
    s->grant.hours = &s->never_now;
    s->grant.n_hours = 1;
}
static void no_incident(struct scene *s)
{
    s->grant.class = GRANT_CLASS_EMERGENCY;
    s->grant.incident_level = 2;
    s->facts.incident_level = 3;
}
static void no_recorder(struct scene *s)
{
    s->grant.recording_required = true;
}
static void used_up(struct scene *s)
{
    s->entry.uses_taken = 2;
}
static void no_claim(struct scene *s)
{
    s->grant.uses.scope = GRANT_USES_FLEET;
}
static void too_many_sessions(struct scene *s)
{
    s->entry.sessions_live = 1;
}
static void other_target(struct scene *s)
{
    s->facts.target = "root";
}
static void other_command(struct scene *s)
{
    static const char *const others[] = {"/usr/bin/systemctl restart sshd"};

    s->grant.commands.items = others;
}
static void doubted(struct scene *s)
{
    static const struct command_run run = {"/usr/bin/systemctl", "restart\noracle\n", DOUBT_ENVIRONMENT};

    s->facts.run = &run;
}
static void not_asked(struct scene *s)
{
    s->facts.command = COMMAND_NOT_ASKED;
}

static void other_channel(struct scene *s)
{
    s->facts.channels = GRANT_CHANNEL_SHELL | GRANT_CHANNEL_FORWARD;
    s->grant.channels = GRANT_CHANNEL_SHELL;
}

static const struct breaker {
    enum reason reason;
    unsigned asked_by;
    int field; /* breakers with the same number (not 0) write the same field: no pairs of them */
    void (*apply)(struct scene *s);
} breakers[] = {
    {REASON_WRONG_SITE, EVERY, 0, other_site},
    {REASON_WRONG_HOST, EVERY, 0, other_host},
    {REASON_REVOKED, EVERY, 2, revoked},
    {REASON_VENDOR_REVOKED, EVERY, 2, vendor_revoked},
    {REASON_VENDOR_LOCKED, EVERY, 2, vendor_locked},
    {REASON_WITHDRAWN, EVERY, 2, withdrawn},
    {REASON_CLOSED, EVERY, 0, closed},
    {REASON_EXPIRED, EVERY, 0, expired},
    {REASON_APPROVAL_MISSING, EVERY, 1, no_quorum},
    {REASON_CLASS_LIMIT, EVERY, 1, too_wide},
    {REASON_NOT_YET_VALID, EVERY, 0, not_begun},
    {REASON_APPROVAL_EXPIRED, EVERY, 0, certificate_ended},
    {REASON_WRONG_SERVICE, LOGIN | JOB | LIVE, 0, other_service},
    {REASON_WRONG_SOURCE, LOGIN | LIVE, 0, other_source},
    {REASON_KEY_REQUIRED, LOGIN | LIVE, 3, no_key},
    {REASON_WRONG_KEY, LOGIN | LIVE, 3, other_key},
    {REASON_PASSWORD_REQUIRED, LOGIN | LIVE, 3, wants_password},
    {REASON_OUTSIDE_HOURS, NOW_ONLY, 0, out_of_hours},
    {REASON_INCIDENT_MISSING, NOW_ONLY, 0, no_incident},
    {REASON_RECORDER_MISSING, LOGIN | JOB | SWITCH | LIVE, 0, no_recorder},
    {REASON_USES_EXHAUSTED, LOGIN, 0, used_up},
    {REASON_CLAIM_UNAVAILABLE, LOGIN, 0, no_claim},
    {REASON_SESSIONS_LIMIT, LOGIN, 0, too_many_sessions},
    {REASON_RUN_AS_NOT_GRANTED, SWITCH, 0, other_target},
    {REASON_CHANNEL_NOT_GRANTED, LOGIN | LIVE, 0, other_channel},
    {REASON_COMMAND_NOT_GRANTED, SWITCH, 4, other_command},
    {REASON_COMMAND_UNSAFE, SWITCH, 4, doubted},
    {REASON_COMMAND_NOT_ASKED, SWITCH, 4, not_asked},
};

static const enum question questions[] = {QUESTION_LOGIN, QUESTION_JOB,   QUESTION_SWITCH,
                                          QUESTION_LIVE,  QUESTION_VALID, QUESTION_STANDING};

static void test_whole_scene_satisfies_all(void **state)
{
    struct scene s;

    (void)state;
    scene_init(&s);
    for (size_t q = 0; q < ARRAY_SIZE(questions); q++)
        assert_int_equal(rules_judge(questions[q], &s.entry, &s.facts), REASON_OK);
}

static void test_each_rule_alone_for_each_question(void **state)
{
    (void)state;
    for (size_t q = 0; q < ARRAY_SIZE(questions); q++)
        for (size_t i = 0; i < ARRAY_SIZE(breakers); i++) {
            enum reason expected = breakers[i].asked_by & questions[q] ? breakers[i].reason : REASON_OK;
            struct scene s;

            scene_init(&s);
            breakers[i].apply(&s);
            if (rules_judge(questions[q], &s.entry, &s.facts) != expected)
                fail_msg("question %d: %s gave %s", (int)questions[q], reason_name(breakers[i].reason),
                         reason_name(rules_judge(questions[q], &s.entry, &s.facts)));
        }
}

/* The earlier rule is named, whichever is broken first. */
static void test_order_of_each_pair(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(breakers); i++)
        for (size_t j = 0; j < ARRAY_SIZE(breakers); j++) {
            unsigned asked = breakers[i].asked_by & breakers[j].asked_by;
            struct scene s;

            if (i == j || !asked || (breakers[i].field && breakers[i].field == breakers[j].field))
                continue;
            scene_init(&s);
            breakers[i].apply(&s);
            breakers[j].apply(&s);
            for (size_t q = 0; q < ARRAY_SIZE(questions); q++)
                if (asked & questions[q])
                    assert_int_equal(rules_judge(questions[q], &s.entry, &s.facts),
                                     breakers[i < j ? i : j].reason);
        }
}

/* A reason about grants that REASON_TABLE gains needs a breaker here. Channels are asked by decide_channel().
 */
static void test_every_reason_about_grants_is_here(void **state)
{
    static const enum reason all[] = {
#define ROW(symbol, number, name) REASON_##symbol,
        REASON_TABLE(ROW)
#undef ROW
    };
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        if (all[i] < REASON_WRONG_SITE || all[i] > REASON_COMMAND_NOT_ASKED)
            continue;
        assert_true(n < ARRAY_SIZE(breakers));
        assert_int_equal(breakers[n++].reason, all[i]);
    }
    assert_int_equal(n, ARRAY_SIZE(breakers));
}

/* What a status leaves of a grant refuses for every question, each with the reason of the row. */
static void test_what_a_status_leaves(void **state)
{
    struct scene s;

    (void)state;
    for (size_t q = 0; q < ARRAY_SIZE(questions); q++) {
        scene_init(&s);
        s.entry.by_status = REASON_REVOKED;
        assert_int_equal(rules_judge(questions[q], &s.entry, &s.facts), REASON_REVOKED);
        s.entry.by_status = REASON_APPROVAL_MISSING;
        assert_int_equal(rules_judge(questions[q], &s.entry, &s.facts), REASON_APPROVAL_MISSING);
        s.entry.by_status = REASON_OK;
        s.entry.by_status_until = NOW;
        assert_int_equal(rules_judge(questions[q], &s.entry, &s.facts), REASON_APPROVAL_EXPIRED);
        s.entry.by_status_until = NOW + 1;
        assert_int_equal(rules_judge(questions[q], &s.entry, &s.facts), REASON_OK);
    }
    assert_int_equal(rules_valid_until(&s.entry, &s.facts), NOW + 1);
    s.entry.by_status_until = WHEN_NEVER;
    s.facts.status_until = NOW + 2;
    assert_int_equal(rules_valid_until(&s.entry, &s.facts), NOW + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_scene_satisfies_all),
        cmocka_unit_test(test_each_rule_alone_for_each_question),
        cmocka_unit_test(test_order_of_each_pair),
        cmocka_unit_test(test_every_reason_about_grants_is_here),
        cmocka_unit_test(test_what_a_status_leaves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
