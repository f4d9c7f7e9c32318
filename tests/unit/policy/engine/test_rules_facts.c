// LINK: -Wl,--wrap=grant_entry_grant
/*
 * What the rules make of an entry and of facts that no breaker of test_rules.c has: unheard-of values, the
 * states of host and person, and how long an admission lasts.
 */
#include "policy/engine/rules.h"
#include "tests/unit/policy/engine/scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW SCENE_NOW

/* Cleared memory and unheard-of values refuse. */
static void test_unknown_values_refuse(void **state)
{
    struct scene s;

    (void)state;
    scene_init(&s);
    s.entry.standing = (enum reason)0;
    assert_int_equal(rules_judge(QUESTION_LOGIN, &s.entry, &s.facts), REASON_APPROVAL_MISSING);
    s.entry.standing = REASON_SESSION_LIVE;
    assert_int_equal(rules_judge(QUESTION_LOGIN, &s.entry, &s.facts), REASON_APPROVAL_MISSING);
    s.entry.standing = REASON_APPROVAL_EXPIRED;
    assert_int_equal(rules_judge(QUESTION_LOGIN, &s.entry, &s.facts), REASON_APPROVAL_EXPIRED);
    scene_init(&s);
    s.entry.taken_away = (enum reason)0;
    assert_int_equal(rules_judge(QUESTION_LOGIN, &s.entry, &s.facts), REASON_REVOKED);
    scene_init(&s);
    s.entry.by_status = (enum reason)0;
    assert_int_equal(rules_judge(QUESTION_LOGIN, &s.entry, &s.facts), REASON_REVOKED);
    scene_init(&s);
    s.grant.class = (enum grant_class)9;
    assert_int_equal(rules_judge(QUESTION_LOGIN, &s.entry, &s.facts), REASON_INCIDENT_MISSING);
    scene_init(&s);
    s.grant.uses.scope = (enum grant_uses_scope)0;
    assert_int_equal(rules_judge(QUESTION_LOGIN, &s.entry, &s.facts), REASON_CLAIM_UNAVAILABLE);
    scene_init(&s);
    s.facts.source = (enum source_kind)0;
    s.grant.any_source = true;
    assert_int_equal(rules_judge(QUESTION_LOGIN, &s.entry, &s.facts), REASON_WRONG_SOURCE);
    scene_init(&s);
    s.facts.key = (enum key_kind)0;
    assert_int_equal(rules_judge(QUESTION_LOGIN, &s.entry, &s.facts), REASON_KEY_REQUIRED);
    s.grant.password = true;
    assert_int_equal(rules_judge(QUESTION_LOGIN, &s.entry, &s.facts), REASON_PASSWORD_REQUIRED);
    scene_init(&s);
    s.facts.service = NULL;
    assert_int_equal(rules_judge(QUESTION_LOGIN, &s.entry, &s.facts), REASON_WRONG_SERVICE);
    scene_init(&s);
    s.facts.target = NULL;
    s.facts.phase = (enum phase)0;
    assert_int_equal(rules_judge(QUESTION_SWITCH, &s.entry, &s.facts), REASON_RUN_AS_NOT_GRANTED);
}

/* A command that nobody described is none that a list grants. */
static void test_unknown_commands_refuse(void **state)
{
    struct scene s;

    (void)state;
    scene_init(&s);
    assert_int_equal(rules_judge(QUESTION_SWITCH, &s.entry, &s.facts), REASON_OK);
    s.facts.command = (enum command_state)0;
    assert_int_equal(rules_judge(QUESTION_SWITCH, &s.entry, &s.facts), REASON_COMMAND_NOT_GRANTED);
    s.facts.command = (enum command_state)9;
    assert_int_equal(rules_judge(QUESTION_SWITCH, &s.entry, &s.facts), REASON_COMMAND_NOT_GRANTED);
    s.facts.command = COMMAND_GIVEN;
    s.facts.run = NULL;
    assert_int_equal(rules_judge(QUESTION_SWITCH, &s.entry, &s.facts), REASON_COMMAND_NOT_GRANTED);
}

static void test_states(void **state)
{
    struct scene s;

    (void)state;
    scene_init(&s);
    assert_int_equal(rules_state(&s.facts), REASON_OK);
    s.facts.person_state = REASON_STAFF_LOCKED;
    assert_int_equal(rules_state(&s.facts), REASON_STAFF_LOCKED);
    s.facts.host_state = REASON_CLOCK_UNSURE;
    assert_int_equal(rules_state(&s.facts), REASON_CLOCK_UNSURE);
    s.facts.host_state = (enum reason)0;
    assert_int_equal(rules_state(&s.facts), REASON_BROKER_ERROR);
    s.facts.host_state = REASON_SESSION_LIVE;
    assert_int_equal(rules_state(&s.facts), REASON_BROKER_ERROR);
    scene_init(&s);
    s.facts.person_state = (enum reason)0;
    assert_int_equal(rules_state(&s.facts), REASON_BROKER_ERROR);
    scene_init(&s);
    s.facts.status_until = s.facts.now;
    assert_int_equal(rules_state(&s.facts), REASON_STATUS_STALE);
    s.facts.status_until = 0;
    assert_int_equal(rules_state(&s.facts), REASON_STATUS_STALE);
    scene_init(&s);
    s.facts.host = NULL;
    assert_int_equal(rules_state(&s.facts), REASON_BROKER_ERROR);
    scene_init(&s);
    s.facts.staff = NULL;
    assert_int_equal(rules_state(&s.facts), REASON_BROKER_ERROR);
}

static void test_bounds(void **state)
{
    struct scene s;

    (void)state;
    scene_init(&s);
    assert_int_equal(rules_valid_until(&s.entry, &s.facts), NOW + 500);
    s.entry.votes_until = WHEN_NEVER;
    assert_int_equal(rules_valid_until(&s.entry, &s.facts), NOW + 1000);
    assert_int_equal(rules_session_bound(&s.entry), 600);
    s.entry.session_max = 599;
    assert_int_equal(rules_session_bound(&s.entry), 599);
    s.grant.max_session = (struct grant_bound){.unlimited = true};
    assert_int_equal(rules_session_bound(&s.entry), 599);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown_values_refuse),
        cmocka_unit_test(test_unknown_commands_refuse),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
