// LAYERS: test_support

#include "tests/unit/broker/trust/office.h"
#include "tests/unit/broker/trust/question.h"
#include "tests/unit/unit.h"

/* When what only takes away counts. */

static void test_certificate_ended(void **state)
{
    const struct office *o = *state;
    struct office brief = *o;
    const struct authority *a = &o->department->anchors[DEPARTMENT_ED25519];
    cleanup_free char *trust = NULL;

    brief.revoker.certificate = issue_certificate(&(struct certificate_plan){.name = "sun.qi",
                                                                             .key = o->revoker.key,
                                                                             .issuer = a->certificate,
                                                                             .issuer_key = a->key,
                                                                             .last = PAPERS_NOW});
    trust = office_trust(&brief, 4);
    for (when_t late = 0; late <= 1; late++) {
        char *approval = paper_approval(&(struct approval_plan){
            .by = &brief.revoker, .role = "revoker", .document = o->revocation, .about = ABOUT_REVOCATION});
        struct grant_standing s = office_verify(trust, o->revocation, &approval, 1, PAPERS_NOW + late);

        if (late) {
            assert_takes_nothing(&s, SIGNATURE_CERTIFICATE);
            continue;
        }
        assert_standing(&s, REASON_OK);
        assert_int_equal(s.votes_until, PAPERS_NOW + 1);
    }
    X509_free(brief.revoker.certificate);
}

/* Of two who signed, in whichever order: until the certificate ends that holds longer. */
static void test_longer_certificate(void **state)
{
    const struct office *o = *state;
    const struct authority *a = &o->department->anchors[DEPARTMENT_ED25519];
    struct signatory brief = {"tang.ba", "finance", "revoker", SIGNATURE_ED25519, NULL, NULL};
    struct signatory both[] = {o->revoker, brief};
    struct trust_plan plan = department_plan(o->department);
    cleanup_free char *trust = NULL;

    brief.key = issue_key(SIGNATURE_ED25519);
    brief.certificate = issue_certificate(&(struct certificate_plan){.name = brief.person,
                                                                     .key = brief.key,
                                                                     .issuer = a->certificate,
                                                                     .issuer_key = a->key,
                                                                     .last = PAPERS_NOW});
    both[1] = brief;
    plan.revokers = both;
    plan.n_revokers = 2;
    trust = paper_trust(&plan);
    for (size_t first = 0; first < 2; first++) {
        char *approvals[2];
        struct grant_standing s;

        for (size_t i = 0; i < 2; i++)
            approvals[i] = paper_approval(&(struct approval_plan){.by = &both[(first + i) % 2],
                                                                  .role = "revoker",
                                                                  .document = o->revocation,
                                                                  .about = ABOUT_REVOCATION});
        s = office_verify(trust, o->revocation, approvals, 2, PAPERS_NOW);
        assert_standing(&s, REASON_OK);
        assert_int_equal(s.n_votes, 2);
        assert_true(s.votes_until > PAPERS_NOW + 1);
        assert_int_equal(s.votes[1].until, PAPERS_NOW + 1);
    }
    signatory_done(&brief);
}

static void test_trust_file_ended(void **state)
{
    const struct office *o = *state;
    char *approval = paper_approval(&(struct approval_plan){
        .by = &o->status_key, .role = "status", .document = o->status, .about = ABOUT_STATUS});
    struct grant_standing s;
    when_t end;

    assert_int_equal(when_parse("2048-11-01T00:00:00Z", 20, &end), 0);
    s = office_verify(o->trust, o->status, &approval, 1, end);
    assert_standing(&s, REASON_TRUST_EXPIRED);
    assert_int_equal(s.votes_until, 0);
}

/* A newer epoch's keys are not known yet; an older status was made under keys that are judged as they are
 * now. */
static void test_trust_epoch_of_a_status(void **state)
{
    const struct office *o = *state;
    static const struct {
        unsigned epoch;
        const char *about;
        enum reason standing;
    } rows[] = {{3, "status 3 17", REASON_OK}, {5, "status 5 17", REASON_APPROVAL_MISSING}};

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        cleanup_free char *status = paper_status(&(struct status_plan){.trust_epoch = rows[i].epoch});
        struct grant_standing s = office_standing_by(
            o, status,
            (struct approval_plan){.by = &o->status_key, .role = "status", .about = rows[i].about});

        assert_standing(&s, rows[i].standing);
        assert_true((s.votes_until > 0) == (rows[i].standing == REASON_OK));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificate_ended),
        cmocka_unit_test(test_longer_certificate),
        cmocka_unit_test(test_trust_file_ended),
        cmocka_unit_test(test_trust_epoch_of_a_status),
    };

    return cmocka_run_group_tests(tests, office_setup, office_teardown);
}
