// LAYERS: test_support

#include "tests/unit/broker/trust/question.h"
#include "tests/unit/unit.h"

#include <string.h>

/* Who may not approve, and when nobody may with this certificate. */

static void test_requesters_own_signature(void **state)
{
    const struct department *d = *state;
    struct signatory li = department_signatory(d, "li.si", "finance", "leader", SIGNATURE_ED25519);
    struct signatory approvers[] = {li, d->approvers[DEPARTMENT_UNIT], d->approvers[DEPARTMENT_LEADER]};
    struct trust_plan plan = department_plan(d);
    struct question q = ask(d);

    plan.approvers = approvers;
    q.trust = paper_trust(&plan);
    add_planned(&q, (struct approval_plan){.by = &li});
    assert_not_counted(q, SIGNATURE_OWN_REQUEST);
    signatory_done(&li);
}

/* The requester's key under another person's name is the requester's all the same. */
static void test_requesters_key_under_another_name(void **state)
{
    const struct department *d = *state;
    struct signatory li = department_signatory(d, "li.si", "finance", "unit", SIGNATURE_ED25519);
    struct signatory alias = with_key_of(d, &li, "zhao.qi", "finance", "leader");
    struct signatory approvers[] = {li, alias, d->approvers[DEPARTMENT_UNIT],
                                    d->approvers[DEPARTMENT_LEADER]};
    struct trust_plan plan = department_plan(d);
    struct question q = ask(d);

    plan.approvers = approvers;
    plan.n_approvers = ARRAY_SIZE(approvers);
    q.trust = paper_trust(&plan);
    add_planned(&q, (struct approval_plan){.by = &alias});
    assert_not_counted(q, SIGNATURE_OWN_REQUEST);
    signatory_done(&alias);
    signatory_done(&li);
}

static void assert_vendor(const struct department *d, const char *organisation, struct grant_plan grant)
{
    struct signatory inside = department_signatory(d, "qian.er", organisation, "leader", SIGNATURE_ED25519);
    struct signatory approvers[] = {inside, d->approvers[DEPARTMENT_UNIT], d->approvers[DEPARTMENT_LEADER]};
    struct trust_plan plan = department_plan(d);
    struct question q = ask(d);

    plan.approvers = approvers;
    q.trust = paper_trust(&plan);
    free(q.grant);
    q.grant = paper_grant(&grant);
    add_planned(&q, (struct approval_plan){.by = &inside});
    assert_not_counted(q, SIGNATURE_VENDOR);
    signatory_done(&inside);
}

static void test_approver_of_the_vendor(void **state)
{
    assert_vendor(*state, "acme", (struct grant_plan){.vendor = "acme", .employer = "subco"});
    assert_vendor(*state, "subco", (struct grant_plan){.vendor = "acme", .employer = "subco"});
}

static void test_unknown_approver(void **state)
{
    assert_forgery(*state, (struct approval_plan){.person = "zhao.qi"}, SIGNATURE_UNKNOWN_APPROVER);
}

static void test_role_not_held(void **state)
{
    const struct department *d = *state;
    struct question q = ask(d);

    add_planned(&q, (struct approval_plan){.by = &d->approvers[DEPARTMENT_UNIT], .role = "leader"});
    assert_not_counted(q, SIGNATURE_UNKNOWN_APPROVER);
    assert_forgery(d, (struct approval_plan){.role = "director"}, SIGNATURE_UNKNOWN_APPROVER);
}

/* `revoker` and `status` are roles of other documents, not of the trust file. */
static void test_roles_of_other_documents(void **state)
{
    assert_forgery(*state, (struct approval_plan){.role = "revoker"}, SIGNATURE_UNKNOWN_APPROVER);
    assert_forgery(*state, (struct approval_plan){.role = "status"}, SIGNATURE_UNKNOWN_APPROVER);
}

/* Issued by the department's own anchor to the right name, but not in the trust file. */
static void test_certificate_not_in_the_trust_file(void **state)
{
    const struct department *d = *state;
    struct signatory other = department_signatory(d, "wang.wu", "finance", "leader", SIGNATURE_SM2_SM3);
    struct question q = ask(d);

    add_planned(&q, (struct approval_plan){.by = &other});
    assert_not_counted(q, SIGNATURE_UNKNOWN_APPROVER);
    signatory_done(&other);
}

static void test_another_algorithm_than_the_trust_file_says(void **state)
{
    assert_forgery(*state, (struct approval_plan){.alg = "ecdsa-p256-sha256"}, SIGNATURE_UNKNOWN_APPROVER);
    assert_forgery(*state, (struct approval_plan){.alg = "ed25519"}, SIGNATURE_UNKNOWN_APPROVER);
}

/* --- certificates in time
 * ----------------------------------------------------------------------------------- */

/* The department, but for the dates of the leader's certificate: valid in [from, last]. */
static struct grant_standing with_leader_dates(const struct department *d, when_t from, when_t last,
                                               when_t now, const char *approved_at)
{
    const struct authority *a = &d->anchors[DEPARTMENT_SM2];
    struct signatory leader = d->approvers[DEPARTMENT_LEADER];
    struct signatory approvers[] = {leader, d->approvers[DEPARTMENT_UNIT]};
    struct trust_plan plan = department_plan(d);
    struct question q = ask(d);
    struct grant_standing s;

    leader.certificate = issue_certificate(&(struct certificate_plan){.name = "wang.wu",
                                                                      .key = leader.key,
                                                                      .issuer = a->certificate,
                                                                      .issuer_key = a->key,
                                                                      .from = from,
                                                                      .last = last});
    approvers[0] = leader;
    plan.approvers = approvers;
    plan.n_approvers = 2;
    q.trust = paper_trust(&plan);
    q.now = now;
    add_planned(&q, (struct approval_plan){.by = &leader, .approved_at = approved_at});
    add_by(&q, DEPARTMENT_UNIT);
    s = answer(&q);
    X509_free(leader.certificate);
    return s;
}

static void test_first_and_last_second_of_a_certificate(void **state)
{
    when_t from = PAPERS_NOW - 100;
    when_t last = PAPERS_NOW + 100;
    struct grant_standing s;

    s = with_leader_dates(*state, from, last, from - 1, NULL);
    assert_standing(&s, REASON_APPROVAL_MISSING);
    assert_outcome(&s, 0, SIGNATURE_CERTIFICATE);
    s = with_leader_dates(*state, from, last, from, NULL);
    assert_standing(&s, REASON_OK);
    assert_int_equal(s.votes_until, last + 1);
    s = with_leader_dates(*state, from, last, last, NULL);
    assert_standing(&s, REASON_OK);
    s = with_leader_dates(*state, from, last, last + 1, NULL);
    assert_standing(&s, REASON_APPROVAL_MISSING);
    assert_outcome(&s, 0, SIGNATURE_CERTIFICATE);
    assert_int_equal(s.n_needed_more, 1);
}

/* `approved-at` lies while the certificate was valid; that is a claim and revives nothing. */
static void test_approved_at_revives_nothing(void **state)
{
    struct grant_standing s =
        with_leader_dates(*state, PAPERS_NOW - 1000, PAPERS_NOW - 100, PAPERS_NOW, "2026-11-21T09:50:00Z");

    assert_standing(&s, REASON_APPROVAL_MISSING);
    assert_outcome(&s, 0, SIGNATURE_CERTIFICATE);
}

static void test_anchor_ended(void **state)
{
    const struct department *d = *state;
    struct authority anchors[DEPARTMENT_ANCHORS];
    struct trust_plan plan = department_plan(d);

    memcpy(anchors, d->anchors, sizeof(anchors));
    anchors[DEPARTMENT_SM2].certificate = issue_certificate(&(struct certificate_plan){
        .name = "finance-sm2", .key = anchors[DEPARTMENT_SM2].key, .ca = true, .last = PAPERS_NOW});
    plan.anchors = anchors;
    for (when_t late = 0; late <= 1; late++) {
        struct question q = ask(d);
        struct grant_standing s;

        q.trust = paper_trust(&plan);
        q.now = PAPERS_NOW + late;
        add_by(&q, DEPARTMENT_LEADER);
        add_by(&q, DEPARTMENT_UNIT);
        s = answer(&q);
        assert_standing(&s, late ? REASON_APPROVAL_MISSING : REASON_OK);
        assert_int_equal(s.votes_until, late ? 0 : PAPERS_NOW + 1);
        assert_outcome(&s, 0, late ? SIGNATURE_CERTIFICATE : SIGNATURE_COUNTED);
    }
    X509_free(anchors[DEPARTMENT_SM2].certificate);
}

/* With a third signature the quorum outlives the certificate that ends first. */
static void test_votes_until_is_that_of_the_best_votes(void **state)
{
    const struct department *d = *state;
    const struct authority *a = &d->anchors[DEPARTMENT_ED25519];
    struct signatory brief = {"aa.bb", "finance", "leader", SIGNATURE_ED25519, issue_key(SIGNATURE_ED25519),
                              NULL};
    struct signatory approvers[] = {brief, d->approvers[DEPARTMENT_UNIT], d->approvers[DEPARTMENT_LEADER]};
    struct trust_plan plan = department_plan(d);
    struct question q = ask(d);
    struct grant_standing s;
    when_t trust_ends;

    brief.certificate = issue_certificate(&(struct certificate_plan){.name = brief.person,
                                                                     .key = brief.key,
                                                                     .issuer = a->certificate,
                                                                     .issuer_key = a->key,
                                                                     .last = PAPERS_NOW + 60});
    approvers[0] = brief;
    plan.approvers = approvers;
    q.trust = paper_trust(&plan);
    add_planned(&q, (struct approval_plan){.by = &brief});
    add_by(&q, DEPARTMENT_UNIT);
    add_by(&q, DEPARTMENT_LEADER);
    s = answer(&q);
    assert_standing(&s, REASON_OK);
    assert_int_equal(when_parse("2048-11-01T00:00:00Z", 20, &trust_ends), 0);
    assert_int_equal(s.votes_until, trust_ends);
    signatory_done(&brief);
}

/* Who signed again with the next certificate holds the grant when the first one ends or is revoked, whichever
 * approval comes first. */
static void test_each_certificate_of_one_person_holds(void **state)
{
    const struct department *d = *state;
    const struct authority *a = &d->anchors[DEPARTMENT_ED25519];
    struct signatory next = department_signatory(d, "zhou.ming", "finance", "unit", SIGNATURE_ED25519);
    struct signatory brief = d->approvers[DEPARTMENT_UNIT];
    struct trust_plan plan = department_plan(d);

    brief.certificate = issue_certificate(&(struct certificate_plan){.name = brief.person,
                                                                     .key = brief.key,
                                                                     .issuer = a->certificate,
                                                                     .issuer_key = a->key,
                                                                     .last = PAPERS_NOW + 60});
    plan.approvers = (struct signatory[]){d->approvers[DEPARTMENT_LEADER], brief, next};
    for (int late_first = 0; late_first <= 1; late_first++) {
        struct question q = ask(d);
        struct grant_standing s;
        when_t trust_ends;

        q.trust = paper_trust(&plan);
        add_by(&q, DEPARTMENT_LEADER);
        add_planned(&q, (struct approval_plan){.by = late_first ? &next : &brief});
        add_planned(&q, (struct approval_plan){.by = late_first ? &brief : &next});
        s = answer(&q);
        assert_standing(&s, REASON_OK);
        assert_outcome(&s, 2, SIGNATURE_DUPLICATE);
        assert_int_equal(when_parse("2048-11-01T00:00:00Z", 20, &trust_ends), 0);
        assert_int_equal(s.votes_until, trust_ends);
        assert_int_equal(s.n_votes, 3);
        assert_int_equal(s.votes[2].until, PAPERS_NOW + 61);
        assert_memory_not_equal(s.votes[1].certificate, s.votes[2].certificate, 32);
    }
    X509_free(brief.certificate);
    signatory_done(&next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requesters_own_signature),
        cmocka_unit_test(test_requesters_key_under_another_name),
        cmocka_unit_test(test_approver_of_the_vendor),
        cmocka_unit_test(test_unknown_approver),
        cmocka_unit_test(test_role_not_held),
        cmocka_unit_test(test_roles_of_other_documents),
        cmocka_unit_test(test_certificate_not_in_the_trust_file),
        cmocka_unit_test(test_another_algorithm_than_the_trust_file_says),
        cmocka_unit_test(test_first_and_last_second_of_a_certificate),
        cmocka_unit_test(test_approved_at_revives_nothing),
        cmocka_unit_test(test_anchor_ended),
        cmocka_unit_test(test_votes_until_is_that_of_the_best_votes),
        cmocka_unit_test(test_each_certificate_of_one_person_holds),
    };

    return cmocka_run_group_tests(tests, setup_department, teardown_department);
}
