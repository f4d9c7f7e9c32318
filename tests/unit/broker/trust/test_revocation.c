// LAYERS: test_support

#include "policy/engine/status.h"
#include "tests/unit/broker/trust/office.h"
#include "tests/unit/broker/trust/question.h"
#include "tests/unit/unit.h"

#include <string.h>

/* Who may take away: any one approver or revoker a revocation, a status key a status, and nobody else. */

#define COUNTS(o, document, ...)                                                                             \
    do {                                                                                                     \
        struct grant_standing s_ = office_standing_by((o), (document), (struct approval_plan){__VA_ARGS__}); \
        assert_takes_away(&s_);                                                                              \
    } while (0)
#define DOES_NOT(o, document, outcome, ...)                                                                  \
    do {                                                                                                     \
        struct grant_standing s_ = office_standing_by((o), (document), (struct approval_plan){__VA_ARGS__}); \
        assert_takes_nothing(&s_, (outcome));                                                                \
    } while (0)

static void test_any_one_approver_or_revoker(void **state)
{
    const struct office *o = *state;
    const struct signatory *approvers = o->department->approvers;

    COUNTS(o, o->revocation, .by = &o->revoker, .role = "revoker");
    COUNTS(o, o->revocation, .by = &approvers[DEPARTMENT_LEADER], .role = "leader");
    COUNTS(o, o->revocation, .by = &approvers[DEPARTMENT_BOTH], .role = "unit");
}

static void test_role_that_is_not_held(void **state)
{
    const struct office *o = *state;
    const struct signatory *approvers = o->department->approvers;

    DOES_NOT(o, o->revocation, SIGNATURE_UNKNOWN_APPROVER, .by = &approvers[DEPARTMENT_LEADER],
             .role = "unit");
    DOES_NOT(o, o->revocation, SIGNATURE_UNKNOWN_APPROVER, .by = &approvers[DEPARTMENT_LEADER],
             .role = "revoker");
    DOES_NOT(o, o->revocation, SIGNATURE_UNKNOWN_APPROVER, .by = &o->revoker, .role = "leader");
    DOES_NOT(o, o->revocation, SIGNATURE_UNKNOWN_APPROVER, .by = &o->status_key, .role = "status");
    DOES_NOT(o, o->revocation, SIGNATURE_UNKNOWN_APPROVER, .by = &o->status_key, .role = "revoker");
    DOES_NOT(o, o->revocation, SIGNATURE_UNKNOWN_APPROVER, .by = &o->revoker, .role = "total");
}

static void test_status_key_alone(void **state)
{
    const struct office *o = *state;
    const struct signatory *approvers = o->department->approvers;

    COUNTS(o, o->status, .by = &o->status_key, .role = "status");
    DOES_NOT(o, o->status, SIGNATURE_UNKNOWN_APPROVER, .by = &o->status_key, .role = "revoker");
    DOES_NOT(o, o->status, SIGNATURE_UNKNOWN_APPROVER, .by = &o->revoker, .role = "status");
    DOES_NOT(o, o->status, SIGNATURE_UNKNOWN_APPROVER, .by = &o->revoker, .role = "revoker");
    DOES_NOT(o, o->status, SIGNATURE_UNKNOWN_APPROVER, .by = &approvers[DEPARTMENT_LEADER], .role = "leader");
    DOES_NOT(o, o->status, SIGNATURE_UNKNOWN_APPROVER, .by = &approvers[DEPARTMENT_LEADER], .role = "status");
}

/* Taking away is all they can: neither revoker nor status key approves a grant. */
static void test_neither_approves_grants(void **state)
{
    const struct office *o = *state;
    const struct signatory *others[] = {&o->revoker, &o->status_key};
    const char *const roles[] = {"revoker", "status", "leader"};

    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        for (size_t k = 0; k < ARRAY_SIZE(roles); k++) {
            struct question q = ask(o->department);

            q.trust = strdup(o->trust);
            add_planned(&q, (struct approval_plan){.by = others[i], .role = roles[k]});
            assert_not_counted(q, SIGNATURE_UNKNOWN_APPROVER);
        }
}

static void test_key_that_is_not_in_the_trust_file(void **state)
{
    const struct office *o = *state;
    struct signatory other =
        department_signatory(o->department, "sun.qi", "finance", "revoker", SIGNATURE_ECDSA_P256_SHA256);

    DOES_NOT(o, o->revocation, SIGNATURE_UNKNOWN_APPROVER, .by = &other, .role = "revoker");
    DOES_NOT(o, o->revocation, SIGNATURE_BAD, .by = &o->revoker, .role = "revoker", .key = other.key);
    DOES_NOT(o, o->revocation, SIGNATURE_UNKNOWN_APPROVER, .by = &o->revoker, .role = "revoker",
             .person = "zhao.qi");
    DOES_NOT(o, o->revocation, SIGNATURE_UNKNOWN_APPROVER, .by = &o->revoker, .role = "revoker",
             .alg = "ed25519");
    signatory_done(&other);
}

static void test_wrong_subject(void **state)
{
    const struct office *o = *state;
    cleanup_free char *longer = paper_revocation(&(struct revocation_plan){.until = "2027-01-01T00:00:00Z"});
    static const char *const others[] = {"revocation 00000000000000000000000000000000",
                                         "grant " PAPERS_REVOCATION " 1", "trust 4", ABOUT_STATUS};

    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        DOES_NOT(o, o->revocation, SIGNATURE_OTHER_SUBJECT, .by = &o->revoker, .role = "revoker",
                 .about = others[i]);
    DOES_NOT(o, o->revocation, SIGNATURE_OTHER_SUBJECT, .by = &o->revoker, .role = "revoker",
             .document = longer);
    DOES_NOT(o, o->revocation, SIGNATURE_OTHER_SUBJECT, .by = &o->revoker, .role = "revoker", .length = 9);
    DOES_NOT(o, o->revocation, SIGNATURE_OTHER_SUBJECT, .by = &o->revoker, .role = "revoker",
             .site = "cn.example.health");
    DOES_NOT(o, o->status, SIGNATURE_OTHER_SUBJECT, .by = &o->status_key, .role = "status",
             .about = "status 4 18");
    DOES_NOT(o, o->status, SIGNATURE_OTHER_SUBJECT, .by = &o->status_key, .role = "status",
             .about = "status 17 4");
    DOES_NOT(o, o->status, SIGNATURE_OTHER_SUBJECT, .by = &o->status_key, .role = "status",
             .about = ABOUT_REVOCATION);
}

/* Changed after signing, with a header that was made to fit. */
static void test_changed_octets(void **state)
{
    const struct office *o = *state;
    cleanup_free char *wider = paper_revocation(&(struct revocation_plan){.scope = "vendor acme"});
    cleanup_free char *tbs = NULL, *base64 = NULL;
    cleanup_free uint8_t *signature = NULL;
    struct approval_plan plan = {
        .by = &o->revoker, .role = "revoker", .document = o->revocation, .about = ABOUT_REVOCATION};
    size_t size = 0;

    tbs = paper_tbs(&plan);
    signature = issue_signature(o->revoker.alg, o->revoker.key, tbs, strlen(tbs), NULL, &size);
    base64 = ident_base64_encode(signature, size);
    COUNTS(o, o->revocation, .by = &o->revoker, .role = "revoker", .signature_base64 = base64);
    DOES_NOT(o, wider, SIGNATURE_BAD, .by = &o->revoker, .role = "revoker", .signature_base64 = base64);
}

static void test_other_site(void **state)
{
    const struct office *o = *state;
    cleanup_free char *revocation = paper_revocation(&(struct revocation_plan){.site = "cn.example.health"});
    cleanup_free char *status = paper_status(&(struct status_plan){.site = "cn.example.health"});
    struct grant_standing s =
        office_standing_by(o, revocation, (struct approval_plan){.by = &o->revoker, .role = "revoker"});

    assert_standing(&s, REASON_WRONG_SITE);
    assert_int_equal(s.votes_until, 0);
    s = office_standing_by(o, status, (struct approval_plan){.by = &o->status_key, .role = "status"});
    assert_standing(&s, REASON_WRONG_SITE);
}

static void test_junk_in_front(void **state)
{
    const struct office *o = *state;
    char *approvals[3];
    struct grant_standing s;

    approvals[0] = strdup("junk\n");
    approvals[1] = paper_approval(&(struct approval_plan){.by = &o->revoker,
                                                          .role = "revoker",
                                                          .document = o->revocation,
                                                          .about = ABOUT_REVOCATION,
                                                          .signature_base64 = "MEYCIQ=="});
    approvals[2] = paper_approval(&(struct approval_plan){
        .by = &o->revoker, .role = "revoker", .document = o->revocation, .about = ABOUT_REVOCATION});
    s = office_verify(o->trust, o->revocation, approvals, 3, PAPERS_NOW);
    assert_standing(&s, REASON_OK);
    assert_outcome(&s, 0, SIGNATURE_MALFORMED);
    assert_outcome(&s, 1, SIGNATURE_BAD);
    assert_outcome(&s, 2, SIGNATURE_COUNTED);
}

static char *taken_by(const struct signatory *by, const char *role, const char *document, const char *about)
{
    return paper_approval(
        &(struct approval_plan){.by = by, .role = role, .document = document, .about = about});
}

/* Of two who sign both are told as counted; somebody's second certificate is theirs still. */
static void test_each_is_told_for_themself(void **state)
{
    const struct office *o = *state;
    struct signatory again =
        department_signatory(o->department, "sun.qi", "finance", "revoker", SIGNATURE_ED25519);
    struct signatory second =
        department_signatory(o->department, "tang.ba", "finance", "revoker", SIGNATURE_ED25519);
    const struct signatory by[] = {o->revoker, again, second};
    struct trust_plan plan = department_plan(o->department);
    cleanup_free char *trust = NULL;
    char *approvals[3];
    struct grant_standing s;

    plan.revokers = plan.status_keys = by;
    plan.n_revokers = plan.n_status_keys = ARRAY_SIZE(by);
    trust = paper_trust(&plan);
    for (size_t kind = 0; kind < 2; kind++) {
        const char *document = kind == 0 ? o->revocation : o->status;

        for (size_t i = 0; i < ARRAY_SIZE(by); i++)
            approvals[i] = taken_by(&by[i], kind == 0 ? "revoker" : "status", document,
                                    kind == 0 ? ABOUT_REVOCATION : ABOUT_STATUS);
        s = office_verify(trust, document, approvals, ARRAY_SIZE(by), PAPERS_NOW);
        assert_standing(&s, REASON_OK);
        assert_outcome(&s, 0, SIGNATURE_COUNTED);
        assert_outcome(&s, 1, SIGNATURE_DUPLICATE);
        assert_outcome(&s, 2, SIGNATURE_COUNTED);
    }
    signatory_done(&again);
    signatory_done(&second);
}

static void test_only_eight_are_looked_at(void **state)
{
    const struct office *o = *state;
    char *approvals[9];
    struct grant_standing s;

    for (size_t i = 0; i < 8; i++)
        approvals[i] = strdup("junk\n");
    approvals[8] = paper_approval(&(struct approval_plan){
        .by = &o->revoker, .role = "revoker", .document = o->revocation, .about = ABOUT_REVOCATION});
    s = office_verify(o->trust, o->revocation, approvals, 9, PAPERS_NOW);
    assert_standing(&s, REASON_APPROVAL_MISSING);
    assert_int_equal(s.n_seen, 8);
}

static enum reason left_by(const struct office *o, bool third, const char *lines, when_t *until)
{
    cleanup_free char *text = paper_status(&(struct status_plan){.lines = lines});
    cleanup_free char *grant_text = paper_grant(&(struct grant_plan){0});
    cleanup(status_free_p) struct status *status = NULL;
    cleanup(grant_free_p) struct grant *g = NULL;
    cleanup(trust_free_p) struct trust *trust = NULL;
    struct question q = ask(o->department);
    struct grant_standing s;

    q.trust = strdup(o->trust);
    add_by(&q, DEPARTMENT_LEADER);
    add_by(&q, DEPARTMENT_UNIT);
    if (third)
        add_by(&q, DEPARTMENT_BOTH);
    s = answer(&q);
    assert_standing(&s, REASON_OK);
    assert_int_equal(s.n_votes, third ? 3 : 2);
    assert_int_equal(status_parse(text, strlen(text), &status, NULL), 0);
    assert_int_equal(grant_parse(grant_text, strlen(grant_text), &g, NULL), 0);
    assert_int_equal(trust_parse(o->trust, strlen(o->trust), &trust, NULL), 0);
    return status_of_grant(status, trust, g, s.votes, s.n_votes, until);
}

static void test_revoked_certificate_voids_its_approval(void **state)
{
    const struct office *o = *state;
    char sha256[65];
    cleanup_free char *leader = NULL, *other = NULL;
    when_t until;

    issue_certificate_sha256(o->department->approvers[DEPARTMENT_LEADER].certificate, sha256);
    leader = issue_text("revoked-certificate: %s\n", sha256);
    issue_certificate_sha256(o->revoker.certificate, sha256);
    other = issue_text("revoked-certificate: %s\n", sha256);
    assert_int_equal(left_by(o, false, other, &until), REASON_OK);
    assert_true(until > PAPERS_NOW);
    assert_int_equal(left_by(o, false, leader, &until), REASON_APPROVAL_MISSING);
    assert_int_equal(until, 0);
    /* chen.liu signed as leader too. */
    assert_int_equal(left_by(o, true, leader, &until), REASON_OK);
    assert_true(until > PAPERS_NOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_one_approver_or_revoker),
        cmocka_unit_test(test_role_that_is_not_held),
        cmocka_unit_test(test_status_key_alone),
        cmocka_unit_test(test_neither_approves_grants),
        cmocka_unit_test(test_key_that_is_not_in_the_trust_file),
        cmocka_unit_test(test_wrong_subject),
        cmocka_unit_test(test_changed_octets),
        cmocka_unit_test(test_other_site),
        cmocka_unit_test(test_junk_in_front),
        cmocka_unit_test(test_each_is_told_for_themself),
        cmocka_unit_test(test_only_eight_are_looked_at),
        cmocka_unit_test(test_revoked_certificate_voids_its_approval),
    };

    return cmocka_run_group_tests(tests, office_setup, office_teardown);
}
