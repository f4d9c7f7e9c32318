// LAYERS: test_support

#include "broker/trust/trust_set.h"
#include "tests/unit/support/department.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Approvals under the usual department: what counts, what is skipped, and why. */

static int setup(void **state)
{
    *state = department_new();
    return 0;
}

static int teardown(void **state)
{
    department_free(*state);
    return 0;
}

#define APPROVALS_MAX 12

/* One question to trust_verify_grant(). What is NULL or 0 is the usual. */
struct question {
    const struct department *department;
    char *trust;                    /* taken over; NULL: the department's */
    char *grant;                    /* taken over; NULL: the usual grant */
    char *verified;                 /* taken over: octets verified instead of those that were signed */
    char *approvals[APPROVALS_MAX]; /* taken over */
    size_t n;
    when_t now;
};

static struct question ask(const struct department *d)
{
    return (struct question){
        .department = d, .grant = paper_grant(&(struct grant_plan){0}), .now = PAPERS_NOW};
}

static void add(struct question *q, char *approval)
{
    assert_true(q->n < APPROVALS_MAX);
    q->approvals[q->n++] = approval;
}

static void add_by(struct question *q, int who)
{
    add(q, department_approval(q->department, who, q->grant));
}

static void add_planned(struct question *q, struct approval_plan plan)
{
    plan.document = q->grant;
    add(q, paper_approval(&plan));
}

static void free_question(struct question *q)
{
    for (size_t i = 0; i < q->n; i++)
        free(q->approvals[i]);
    free(q->trust);
    free(q->grant);
    free(q->verified);
}

static struct octets octets_of(const char *text)
{
    return (struct octets){(const uint8_t *)text, strlen(text)};
}

static struct grant_standing answer(struct question *q)
{
    cleanup(trust_set_free_p) struct trust_set *t = NULL;
    cleanup(grant_free_p) struct grant *g = NULL;
    const char *trust = q->trust ? q->trust : q->department->trust;
    const char *text = q->verified ? q->verified : q->grant;
    struct octets approvals[APPROVALS_MAX];
    struct document_error error = {0};
    struct grant_standing s;

    if (trust_set_new(trust, strlen(trust), &t, &error) < 0)
        fail_msg("trust file, line %u: %s", error.line, error.reason);
    if (grant_parse(text, strlen(text), &g, &error) < 0)
        fail_msg("grant, line %u: %s", error.line, error.reason);
    for (size_t i = 0; i < q->n; i++)
        approvals[i] = octets_of(q->approvals[i]);
    assert_int_equal(trust_verify_grant(t, g, octets_of(text), approvals, q->n, q->now, &s), 0);
    free_question(q);
    return s;
}

static void assert_outcome(const struct grant_standing *s, size_t at, enum signature_outcome outcome)
{
    assert_true(at < s->n_seen);
    assert_string_equal(signature_outcome_name(s->seen[at].outcome), signature_outcome_name(outcome));
}

static void assert_standing(const struct grant_standing *s, enum reason standing)
{
    assert_string_equal(reason_name(s->standing), reason_name(standing));
}

/* The unit's genuine signature, and beside it one that must not count as the leader's. */
static void assert_not_counted(struct question q, enum signature_outcome outcome)
{
    struct grant_standing s;

    add_by(&q, DEPARTMENT_UNIT);
    s = answer(&q);
    assert_standing(&s, REASON_APPROVAL_MISSING);
    assert_outcome(&s, 0, outcome);
    assert_outcome(&s, 1, SIGNATURE_COUNTED);
    assert_int_equal(s.n_needed_more, 1);
    assert_int_equal(s.votes_until, 0);
}

/* By the leader, but for what `plan` says. */
static void assert_forgery(const struct department *d, struct approval_plan plan,
                           enum signature_outcome outcome)
{
    struct question q = ask(d);

    plan.by = &d->approvers[DEPARTMENT_LEADER];
    add_planned(&q, plan);
    assert_not_counted(q, outcome);
}

/* --- what counts ------------------------------------------------------------------------------------------
 */

static void test_quorum(void **state)
{
    struct question q = ask(*state);
    struct grant_standing s;
    when_t trust_ends;

    add_by(&q, DEPARTMENT_LEADER);
    add_by(&q, DEPARTMENT_UNIT);
    s = answer(&q);
    assert_standing(&s, REASON_OK);
    assert_int_equal(s.n_seen, 2);
    assert_outcome(&s, 0, SIGNATURE_COUNTED);
    assert_outcome(&s, 1, SIGNATURE_COUNTED);
    assert_string_equal(s.seen[0].approver, "wang.wu");
    assert_string_equal(s.seen[0].role, "leader");
    assert_string_equal(s.seen[1].approver, "zhou.ming");
    assert_int_equal(s.n_needed_more, 0);
    assert_true(s.requester_known);
    assert_int_equal(when_parse("2027-11-01T00:00:00Z", 20, &trust_ends), 0);
    assert_int_equal(s.votes_until, trust_ends);
}

static void test_nobody_signed(void **state)
{
    struct question q = ask(*state);
    struct grant_standing s = answer(&q);

    assert_standing(&s, REASON_APPROVAL_MISSING);
    assert_int_equal(s.n_needed_more, 2);
    assert_int_equal(s.n_seen, 0);
}

static void test_one_of_two(void **state)
{
    for (int who = 0; who < DEPARTMENT_APPROVERS; who++) {
        struct question q = ask(*state);
        struct grant_standing s;

        add_by(&q, who);
        s = answer(&q);
        assert_standing(&s, REASON_APPROVAL_MISSING);
        assert_outcome(&s, 0, SIGNATURE_COUNTED);
        assert_int_equal(s.n_needed_more, 1);
    }
}

/* Two of the total, but the unit's slot stays empty: one more has to sign. */
static void test_roles_are_not_filled(void **state)
{
    const struct department *d = *state;
    struct signatory second = department_signatory(d, "zhao.qi", "finance", "leader", SIGNATURE_ED25519);
    struct signatory approvers[] = {d->approvers[DEPARTMENT_LEADER], second, d->approvers[DEPARTMENT_UNIT]};
    struct trust_plan plan = department_plan(d);
    struct question q = ask(d);
    struct grant_standing s;

    plan.approvers = approvers;
    q.trust = paper_trust(&plan);
    add_by(&q, DEPARTMENT_LEADER);
    add_planned(&q, (struct approval_plan){.by = &second});
    s = answer(&q);
    assert_standing(&s, REASON_APPROVAL_MISSING);
    assert_outcome(&s, 1, SIGNATURE_COUNTED);
    assert_int_equal(s.n_needed_more, 1);
    signatory_done(&second);
}

static void test_every_algorithm(void **state)
{
    static const enum signature_algorithm algorithms[] = {SIGNATURE_ED25519, SIGNATURE_ECDSA_P256_SHA256,
                                                          SIGNATURE_RSA_PSS_SHA256, SIGNATURE_SM2_SM3};
    const struct department *d = *state;

    for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
        struct signatory unit = department_signatory(d, "yang.er", "finance", "unit", algorithms[i]);
        struct signatory approvers[] = {d->approvers[DEPARTMENT_LEADER], unit};
        struct trust_plan plan = department_plan(d);
        struct question q = ask(d);
        struct grant_standing s;

        plan.approvers = approvers;
        plan.n_approvers = 2;
        q.trust = paper_trust(&plan);
        add_by(&q, DEPARTMENT_LEADER);
        add_planned(&q, (struct approval_plan){.by = &unit});
        s = answer(&q);
        assert_standing(&s, REASON_OK);
        signatory_done(&unit);
    }
}

/* --- one vote a person, one vote a key --------------------------------------------------------------------
 */

/* wang.wu's new certificate over a new key is listed beside the old one. */
static void test_one_person_with_two_certificates(void **state)
{
    const struct department *d = *state;
    struct signatory again = department_signatory(d, "wang.wu", "finance", "leader,unit", SIGNATURE_ED25519);
    struct signatory approvers[] = {d->approvers[DEPARTMENT_LEADER], d->approvers[DEPARTMENT_UNIT], again};
    struct trust_plan plan = department_plan(d);
    struct question q = ask(d);
    struct grant_standing s;

    plan.approvers = approvers;
    q.trust = paper_trust(&plan);
    add_by(&q, DEPARTMENT_LEADER);
    add_planned(&q, (struct approval_plan){.by = &again, .role = "unit"});
    add_planned(&q, (struct approval_plan){.by = &again, .role = "leader"});
    s = answer(&q);
    assert_standing(&s, REASON_APPROVAL_MISSING);
    assert_outcome(&s, 1, SIGNATURE_COUNTED);
    assert_outcome(&s, 2, SIGNATURE_DUPLICATE);
    assert_int_equal(s.n_needed_more, 1);
    signatory_done(&again);
}

/* The same key, certified a second time under another name. */
static struct signatory with_key_of(const struct department *d, const struct signatory *other,
                                    const char *person, const char *organisation, const char *roles)
{
    const struct authority *a = &d->anchors[DEPARTMENT_ED25519];
    struct signatory s = {person, organisation, roles, other->alg, other->key, NULL};

    EVP_PKEY_up_ref(s.key);
    s.certificate = issue_certificate(&(struct certificate_plan){
        .name = person, .key = s.key, .issuer = a->certificate, .issuer_key = a->key});
    return s;
}

static void test_one_key_under_two_names(void **state)
{
    const struct department *d = *state;
    struct signatory twin = with_key_of(d, &d->approvers[DEPARTMENT_UNIT], "zhao.qi", "finance", "leader");
    struct signatory approvers[] = {d->approvers[DEPARTMENT_LEADER], d->approvers[DEPARTMENT_UNIT], twin};
    struct trust_plan plan = department_plan(d);
    struct question q = ask(d);
    struct grant_standing s;

    plan.approvers = approvers;
    q.trust = paper_trust(&plan);
    add_by(&q, DEPARTMENT_UNIT);
    add_planned(&q, (struct approval_plan){.by = &twin});
    s = answer(&q);
    assert_standing(&s, REASON_APPROVAL_MISSING);
    assert_int_equal(s.n_needed_more, 1);
    signatory_done(&twin);
}

/* A file whose only unit approver holds the only leader's key cannot be met by anyone. */
static void test_quorum_needs_distinct_keys(void **state)
{
    const struct department *d = *state;
    struct signatory twin = with_key_of(d, &d->approvers[DEPARTMENT_UNIT], "zhao.qi", "finance", "leader");
    struct signatory approvers[] = {d->approvers[DEPARTMENT_UNIT], twin};
    struct trust_plan plan = department_plan(d);
    cleanup_free char *text = NULL;
    struct document_error error = {0};
    struct trust_set *t = NULL;

    plan.approvers = approvers;
    plan.n_approvers = 2;
    text = paper_trust(&plan);
    assert_int_equal(trust_set_new(text, strlen(text), &t, &error), -EINVAL);
    assert_non_null(strstr(error.reason, "distinct keys"));
    signatory_done(&twin);
}

static void test_the_same_approval_twice(void **state)
{
    const struct department *d = *state;
    struct question q = ask(d);
    struct grant_standing s;

    add_by(&q, DEPARTMENT_LEADER);
    add(&q, strdup(q.approvals[0]));
    add_by(&q, DEPARTMENT_LEADER); /* SM2 draws a new number: other octets, the same vote */
    assert_string_not_equal(q.approvals[0], q.approvals[2]);
    s = answer(&q);
    assert_standing(&s, REASON_APPROVAL_MISSING);
    assert_outcome(&s, 0, SIGNATURE_COUNTED);
    assert_outcome(&s, 1, SIGNATURE_DUPLICATE);
    assert_outcome(&s, 2, SIGNATURE_DUPLICATE);
    assert_int_equal(s.n_needed_more, 1);
}

/* For ECDSA's (r, s), (r, n - s) is as valid, and anyone can make it. */
static char *second_form(const char *approval)
{
    const char *at = strstr(approval, "signature: ") + strlen("signature: ");
    cleanup_free uint8_t *der = NULL;
    cleanup_free char *base64 = NULL;
    size_t size = 0;
    const uint8_t *p;
    uint8_t *other = NULL;
    BIGNUM *r, *s, *n = NULL;
    ECDSA_SIG *sig;
    char *text;
    int other_size;

    must(ident_base64_decode(at, strcspn(at, "\n"), &der, &size) == 0);
    p = der;
    sig = d2i_ECDSA_SIG(NULL, &p, (long)size);
    must(sig && BN_hex2bn(&n, "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551") > 0);
    r = BN_dup(ECDSA_SIG_get0_r(sig));
    s = BN_new();
    must(r && s && BN_sub(s, n, ECDSA_SIG_get0_s(sig)) == 1 && ECDSA_SIG_set0(sig, r, s) == 1);
    other_size = i2d_ECDSA_SIG(sig, &other);
    must(other_size > 0);
    base64 = ident_base64_encode(other, (size_t)other_size);
    text = issue_text("%.*s%s\n", (int)(at - approval), approval, base64);
    ECDSA_SIG_free(sig);
    BN_free(n);
    OPENSSL_free(other);
    return text;
}

static void test_second_form_of_an_ecdsa_signature(void **state)
{
    const struct department *d = *state;
    struct signatory unit =
        department_signatory(d, "yang.er", "finance", "leader,unit", SIGNATURE_ECDSA_P256_SHA256);
    struct signatory approvers[] = {d->approvers[DEPARTMENT_BOTH], unit};
    struct trust_plan plan = department_plan(d);
    struct question q = ask(d);
    struct grant_standing s;

    plan.approvers = approvers;
    plan.n_approvers = 2;
    q.trust = paper_trust(&plan);
    add_planned(&q, (struct approval_plan){.by = &unit, .role = "unit"});
    add(&q, second_form(q.approvals[0]));
    add_planned(&q, (struct approval_plan){.by = &unit, .role = "leader"});
    s = answer(&q);
    assert_standing(&s, REASON_APPROVAL_MISSING);
    assert_outcome(&s, 0, SIGNATURE_COUNTED);
    assert_outcome(&s, 1, SIGNATURE_DUPLICATE); /* valid, and not one more */
    assert_int_equal(s.n_needed_more, 1);
    signatory_done(&unit);
}

/* --- who may not
 * -------------------------------------------------------------------------------------------- */

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
    assert_int_equal(when_parse("2027-11-01T00:00:00Z", 20, &trust_ends), 0);
    assert_int_equal(s.votes_until, trust_ends);
    signatory_done(&brief);
}

/* --- signatures
 * --------------------------------------------------------------------------------------------- */

static void test_sm2_id(void **state)
{
    assert_forgery(*state, (struct approval_plan){.sm2_id = ""}, SIGNATURE_BAD);
    assert_forgery(*state, (struct approval_plan){.sm2_id = "1234567812345679"}, SIGNATURE_BAD);
    assert_forgery(*state, (struct approval_plan){.sm2_id = "ALICE123@YAHOO.COM"}, SIGNATURE_BAD);
}

static void test_another_key_signed(void **state)
{
    EVP_PKEY *key = issue_key(SIGNATURE_SM2_SM3);

    assert_forgery(*state, (struct approval_plan){.key = key}, SIGNATURE_BAD);
    EVP_PKEY_free(key);
}

static void test_signature_of_another_header(void **state)
{
    const struct department *d = *state;
    const struct signatory *both = &d->approvers[DEPARTMENT_BOTH];
    struct question q = ask(d);
    struct approval_plan plan = {.by = both, .role = "unit", .document = q.grant};
    cleanup_free char *text = paper_approval(&plan);
    const char *signature = strstr(text, "signature: ") + strlen("signature: ");
    cleanup_free char *base64 = strndup(signature, strcspn(signature, "\n"));

    /* As unit this person signed; as leader not. */
    add_planned(&q, (struct approval_plan){.by = both, .role = "leader", .signature_base64 = base64});
    assert_not_counted(q, SIGNATURE_BAD);
}

static void test_signature_octets_of_any_kind(void **state)
{
    static const char *const junk[] = {"AA==", "MAA=", "MAYCAQACAQA=", "MAYCAQECAQE="};

    for (size_t i = 0; i < ARRAY_SIZE(junk); i++)
        assert_forgery(*state, (struct approval_plan){.signature_base64 = junk[i]}, SIGNATURE_BAD);
}

static void test_every_octet_of_an_ed25519_signature(void **state)
{
    const struct department *d = *state;
    struct question q = ask(d);
    cleanup_free char *grant = strdup(q.grant);
    cleanup_free char *good = department_approval(d, DEPARTMENT_BOTH, q.grant);
    const char *at = strstr(good, "signature: ") + strlen("signature: ");
    cleanup_free uint8_t *octets = NULL;
    size_t size = 0;

    free_question(&q);
    must(ident_base64_decode(at, strcspn(at, "\n"), &octets, &size) == 0);
    assert_int_equal(size, 64);
    for (size_t i = 0; i < size; i++) {
        cleanup_free char *base64 = NULL;
        struct question one = ask(d);
        struct grant_standing s;

        octets[i] ^= 1;
        base64 = ident_base64_encode(octets, size);
        octets[i] ^= 1;
        add(&one, issue_text("%.*s%s\n", (int)(at - good), good, base64));
        s = answer(&one);
        assert_outcome(&s, 0, SIGNATURE_BAD);
    }
}

/* --- what it was signed for
 * --------------------------------------------------------------------------------- */

static void test_other_subjects(void **state)
{
    static const struct approval_plan plans[] = {
        {.about = "grant " PAPERS_ID " 2"},
        {.about = "grant " PAPERS_ID " 4"},
        {.about = "grant 1123456789abcdef0123456789abcdef 3"},
        {.about = "revocation " PAPERS_ID},
        {.about = "trust 3"},
        {.about = "status 4 3"},
        {.site = "cn.example.health"},
        {.length = 644},
        {.sha256 = "5d41402abc4b2a76b9719d911017c5925d41402abc4b2a76b9719d911017c592"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(plans); i++)
        assert_forgery(*state, plans[i], SIGNATURE_OTHER_SUBJECT);
}

/* Signed, and then a use was added. */
static void test_document_changed_after_signing(void **state)
{
    struct question q = ask(*state);
    struct grant_standing s;

    add_by(&q, DEPARTMENT_LEADER);
    add_by(&q, DEPARTMENT_UNIT);
    q.verified = paper_grant(&(struct grant_plan){.uses = "9 per-host"});
    assert_int_equal(strlen(q.verified), strlen(q.grant));
    s = answer(&q);
    assert_standing(&s, REASON_APPROVAL_MISSING);
    assert_outcome(&s, 0, SIGNATURE_OTHER_SUBJECT);
    assert_outcome(&s, 1, SIGNATURE_OTHER_SUBJECT);
}

/* The forger also writes the changed document's digest into the header: then the signature is wrong. */
static void test_document_and_digest_changed(void **state)
{
    const struct department *d = *state;
    struct question q = ask(d);
    struct grant_standing s;
    cleanup_free char *signed_one = department_approval(d, DEPARTMENT_LEADER, q.grant);
    const char *at = strstr(signed_one, "subject-sha256: ");
    char digest[65];

    q.verified = paper_grant(&(struct grant_plan){.uses = "9 per-host"});
    issue_sha256(q.verified, strlen(q.verified), digest);
    add(&q,
        issue_text("%.*ssubject-sha256: %s%s", (int)(at - signed_one), signed_one, digest, strchr(at, '\n')));
    s = answer(&q);
    assert_outcome(&s, 0, SIGNATURE_BAD);
}

/* --- junk
 * --------------------------------------------------------------------------------------------------- */

static char *junk_approval(size_t i)
{
    return issue_text("hufu-approval: 1\nsite: junk-%zu\n", i);
}

static void test_junk_does_not_block(void **state)
{
    struct question q = ask(*state);
    struct grant_standing s;

    for (size_t i = 0; i < 6; i++)
        add(&q, junk_approval(i));
    add_by(&q, DEPARTMENT_LEADER);
    add_by(&q, DEPARTMENT_UNIT);
    s = answer(&q);
    assert_standing(&s, REASON_OK);
    assert_int_equal(s.n_seen, 8);
    for (size_t i = 0; i < 6; i++)
        assert_outcome(&s, i, SIGNATURE_MALFORMED);
    assert_string_equal(s.seen[0].approver, "");
    assert_outcome(&s, 7, SIGNATURE_COUNTED);
}

static void test_ninth_is_not_looked_at(void **state)
{
    struct question q = ask(*state);
    struct grant_standing s;

    for (size_t i = 0; i < 7; i++)
        add(&q, junk_approval(i));
    add_by(&q, DEPARTMENT_LEADER);
    add_by(&q, DEPARTMENT_UNIT);
    s = answer(&q);
    assert_standing(&s, REASON_APPROVAL_MISSING);
    assert_int_equal(s.n_seen, 8);
    assert_outcome(&s, 7, SIGNATURE_COUNTED);
    assert_int_equal(s.n_needed_more, 1);
}

static void test_malformed(void **state)
{
    const struct department *d = *state;
    static const char *const signatures[] = {
        "MAB=",  /* bits that no octet takes up are set */
        "MAA",   /* padding is missing */
        "MAA= ", /* a blank */
        "",      /* nothing */
    };

    for (size_t i = 0; i < ARRAY_SIZE(signatures); i++)
        assert_forgery(d, (struct approval_plan){.signature_base64 = signatures[i]}, SIGNATURE_MALFORMED);
    assert_forgery(d, (struct approval_plan){.alg = "sm2-sm4"}, SIGNATURE_MALFORMED);
    assert_forgery(d, (struct approval_plan){.alg = "none"}, SIGNATURE_MALFORMED);
}

/* A signature with its padding bits altered decodes to the same octets in a lenient decoder. */
static void test_good_signature_in_lenient_base64(void **state)
{
    const struct department *d = *state;
    struct question q = ask(d);
    char *good = department_approval(d, DEPARTMENT_BOTH, q.grant);
    char *end = strstr(good, "==\n");
    struct grant_standing s;

    assert_non_null(end);          /* 64 octets end in two signs of padding */
    end[-1] = (char)(end[-1] + 1); /* A, Q, g or w before: four bits of it are none of the octets */
    add(&q, good);
    s = answer(&q);
    assert_outcome(&s, 0, SIGNATURE_MALFORMED);
}

/* --- trust file and class
 * ----------------------------------------------------------------------------------- */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quorum),
        cmocka_unit_test(test_nobody_signed),
        cmocka_unit_test(test_one_of_two),
        cmocka_unit_test(test_roles_are_not_filled),
        cmocka_unit_test(test_every_algorithm),
        cmocka_unit_test(test_one_person_with_two_certificates),
        cmocka_unit_test(test_one_key_under_two_names),
        cmocka_unit_test(test_quorum_needs_distinct_keys),
        cmocka_unit_test(test_the_same_approval_twice),
        cmocka_unit_test(test_second_form_of_an_ecdsa_signature),
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
        cmocka_unit_test(test_sm2_id),
        cmocka_unit_test(test_another_key_signed),
        cmocka_unit_test(test_signature_of_another_header),
        cmocka_unit_test(test_signature_octets_of_any_kind),
        cmocka_unit_test(test_every_octet_of_an_ed25519_signature),
        cmocka_unit_test(test_other_subjects),
        cmocka_unit_test(test_document_changed_after_signing),
        cmocka_unit_test(test_document_and_digest_changed),
        cmocka_unit_test(test_junk_does_not_block),
        cmocka_unit_test(test_ninth_is_not_looked_at),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_good_signature_in_lenient_base64),
        cmocka_unit_test(test_first_and_last_second_of_the_trust_file),
        cmocka_unit_test(test_wrong_site),
        cmocka_unit_test(test_requester_unknown),
        cmocka_unit_test(test_class_limit),
        cmocka_unit_test(test_quorum_of_the_class),
        cmocka_unit_test(test_class_is_open),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
