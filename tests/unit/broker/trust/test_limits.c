// LAYERS: test_support

#include "tests/unit/broker/trust/fourth.h"
#include "tests/unit/broker/trust/question.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* What the trust file itself says: its dates, its site, its requesters, its classes. */

static struct grant_standing complete(struct question q, struct grant_plan plan)
{
    free(q.grant);
    q.grant = paper_grant(&plan);
    add_by(&q, DEPARTMENT_LEADER);
    add_by(&q, DEPARTMENT_UNIT);
    return answer(&q);
}

static void test_first_and_last_second_of_the_trust_file(void **state)
{
    const struct department *d = *state;
    struct trust_plan plan = department_plan(d);
    static const struct {
        when_t now;
        enum reason standing;
    } cases[] = {
        {PAPERS_NOW - 3601, REASON_TRUST_EXPIRED},
        {PAPERS_NOW - 3600, REASON_OK},
        {PAPERS_NOW + 3599, REASON_OK},
        {PAPERS_NOW + 3600, REASON_TRUST_EXPIRED},
    };

    plan.from = "2026-11-21T09:00:00Z";
    plan.until = "2026-11-21T11:00:00Z";
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct question q = ask(d);
        struct grant_standing s;

        q.trust = paper_trust(&plan);
        q.now = cases[i].now;
        s = complete(q, (struct grant_plan){0});
        assert_standing(&s, cases[i].standing);
        assert_int_equal(s.votes_until, cases[i].standing == REASON_OK ? PAPERS_NOW + 3600 : 0);
    }
}

static void test_wrong_site(void **state)
{
    struct grant_standing s = complete(ask(*state), (struct grant_plan){.site = "cn.example.health"});

    assert_standing(&s, REASON_WRONG_SITE);
    assert_int_equal(s.votes_until, 0);
}

static void test_requester_unknown(void **state)
{
    struct grant_standing s = complete(ask(*state), (struct grant_plan){.requester = "nobody"});

    assert_standing(&s, REASON_APPROVAL_MISSING);
    assert_false(s.requester_known);
}

/* Signed by its full quorum, and wider than the class may be. */
static void test_class_limit(void **state)
{
    static const struct grant_plan plans[] = {
        {.until = "2026-12-21T00:00:01Z"},
        {.max_session = "28801"},
        {.max_session = "unlimited"},
        {.hours = "any"},
        {.source = "any"},
        {.uses = "unlimited"},
        {.sessions = "unlimited"},
        {.class = "privileged", .max_session = "14401"},
    };
    struct grant_standing s = complete(ask(*state), (struct grant_plan){.until = "2026-12-21T00:00:00Z"});

    assert_standing(&s, REASON_OK);
    for (size_t i = 0; i < ARRAY_SIZE(plans); i++) {
        s = complete(ask(*state), plans[i]);
        assert_standing(&s, REASON_CLASS_LIMIT);
        assert_true(s.votes_until > PAPERS_NOW); /* of a quorum that is met */
    }
}

/* Each class has its own quorum: in an emergency the leader is enough, and nobody else is. */
static void test_quorum_of_the_class(void **state)
{
    static const int who[] = {DEPARTMENT_LEADER, DEPARTMENT_UNIT};

    for (size_t i = 0; i < ARRAY_SIZE(who); i++) {
        struct question q = ask(*state);
        struct grant_standing s;

        free(q.grant);
        q.grant = paper_grant(&(struct grant_plan){.class = "emergency", .until = "2026-11-22T00:00:00Z"});
        add_by(&q, who[i]);
        s = answer(&q);
        assert_standing(&s, who[i] == DEPARTMENT_LEADER ? REASON_OK : REASON_APPROVAL_MISSING);
    }
}

static void test_class_is_open(void **state)
{
    const struct department *d = *state;
    cleanup(trust_set_free_p) struct trust_set *t = NULL;

    assert_int_equal(trust_set_new(d->trust, strlen(d->trust), &t, NULL), 0);
    assert_true(trust_set_class_is_open(t, GRANT_CLASS_NORMAL, PAPERS_NOW));
    assert_true(trust_set_class_is_open(t, GRANT_CLASS_EMERGENCY, PAPERS_NOW));
    assert_false(trust_set_class_is_open(t, GRANT_CLASS_NORMAL, ISSUING_FROM));
    assert_false(trust_set_class_is_open(t, GRANT_CLASS_NORMAL, ISSUING_UNTIL));
}

/* The unit's approver is no leader when the only leader's certificate has ended. */
static void test_class_is_closed_without_a_leader(void **state)
{
    const struct department *d = *state;
    const struct authority *a = &d->anchors[DEPARTMENT_ED25519];
    const struct signatory *leader = &d->approvers[DEPARTMENT_LEADER];
    struct signatory brief = {leader->person, "finance", "leader", SIGNATURE_ED25519, NULL, NULL};
    struct trust_plan plan = department_plan(d);
    struct signatory approvers[2];
    cleanup(trust_set_free_p) struct trust_set *t = NULL;
    cleanup_free char *text = NULL;
    struct document_error error = {0};

    brief.key = issue_key(SIGNATURE_ED25519);
    brief.certificate = issue_certificate(&(struct certificate_plan){.name = brief.person,
                                                                     .key = brief.key,
                                                                     .issuer = a->certificate,
                                                                     .issuer_key = a->key,
                                                                     .last = PAPERS_NOW});
    approvers[0] = brief;
    approvers[1] = d->approvers[DEPARTMENT_UNIT];
    plan.approvers = approvers;
    plan.n_approvers = ARRAY_SIZE(approvers);
    text = paper_trust(&plan);
    assert_int_equal(load_trust(text, &t, &error), 0);
    assert_true(trust_set_class_is_open(t, GRANT_CLASS_EMERGENCY, PAPERS_NOW));
    assert_false(trust_set_class_is_open(t, GRANT_CLASS_EMERGENCY, PAPERS_NOW + 1));
    signatory_done(&brief);
}

static const char *first_to_end(const struct department *d, enum signature_algorithm alg, const char *person,
                                when_t last, when_t now, when_t *until)
{
    static char name[64];
    const struct authority *a = &d->anchors[DEPARTMENT_ED25519];
    EVP_PKEY *key = issue_key(alg);
    struct certificate_plan plan = {
        .name = person, .key = key, .issuer = a->certificate, .issuer_key = a->key, .last = last};
    struct signatory s = {person, "finance", "unit", alg, key, issue_certificate(&plan)};
    cleanup_free char *text = fourth_trust(d, &s);
    cleanup(trust_set_free_p) struct trust_set *t = NULL;
    struct document_error error = {0};
    const char *first;

    assert_int_equal(load_trust(text, &t, &error), 0);
    first = trust_set_first_to_end(t, now, until);
    (void)snprintf(name, sizeof(name), "%s", first ? first : "");
    signatory_done(&s);
    return name;
}

static void test_who_ends_first(void **state)
{
    const struct department *d = *state;
    when_t until = 0, soon = PAPERS_NOW + 86400;

    assert_string_equal(first_to_end(d, SIGNATURE_ED25519, "yang.er", soon - 1, PAPERS_NOW, &until),
                        "yang.er");
    assert_int_equal(until, soon);
    /* It has ended already: the others' are next. */
    assert_string_not_equal(first_to_end(d, SIGNATURE_ED25519, "yang.er", soon - 1, soon, &until), "yang.er");
    assert_int_equal(until, ISSUING_UNTIL);
    /* zhou.ming has a second one, which is longer. */
    (void)first_to_end(d, SIGNATURE_ED25519, "zhou.ming", soon - 1, PAPERS_NOW, &until);
    assert_int_equal(until, ISSUING_UNTIL);
    assert_string_equal(first_to_end(d, SIGNATURE_ED25519, "yang.er", 0, ISSUING_UNTIL, &until), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_and_last_second_of_the_trust_file),
        cmocka_unit_test(test_wrong_site),
        cmocka_unit_test(test_requester_unknown),
        cmocka_unit_test(test_class_limit),
        cmocka_unit_test(test_quorum_of_the_class),
        cmocka_unit_test(test_class_is_open),
        cmocka_unit_test(test_class_is_closed_without_a_leader),
        cmocka_unit_test(test_who_ends_first),
    };

    return cmocka_run_group_tests(tests, setup_department, teardown_department);
}
