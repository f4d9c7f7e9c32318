// LAYERS: test_support
// LIBRARIES: libcrypto
// LINK: -Wl,--wrap=EVP_DigestVerify -Wl,--wrap=EVP_DigestVerifyInit_ex

#include "broker/trust/verdict.h"
#include "tests/unit/broker/trust/question.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

/* Verification in two halves: what costs is done once, and judging it at an instant says what verifying at
 * that instant says. */

static unsigned verified;
static enum { LIBRARY_WELL, LIBRARY_CANNOT_BEGIN, LIBRARY_WITHOUT_MEMORY } library;

int __real_EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *s, size_t size, const unsigned char *tbs,
                            size_t tbs_size);
int __wrap_EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *s, size_t size, const unsigned char *tbs,
                            size_t tbs_size);
int __wrap_EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *s, size_t size, const unsigned char *tbs,
                            size_t tbs_size)
{
    verified++;
    if (library == LIBRARY_WITHOUT_MEMORY) {
        ERR_raise(ERR_LIB_EVP, ERR_R_MALLOC_FAILURE);
        return 0;
    }
    return __real_EVP_DigestVerify(ctx, s, size, tbs, tbs_size);
}

int __real_EVP_DigestVerifyInit_ex(EVP_MD_CTX *ctx, EVP_PKEY_CTX **pctx, const char *digest,
                                   OSSL_LIB_CTX *context, const char *properties, EVP_PKEY *key,
                                   const OSSL_PARAM params[]);
int __wrap_EVP_DigestVerifyInit_ex(EVP_MD_CTX *ctx, EVP_PKEY_CTX **pctx, const char *digest,
                                   OSSL_LIB_CTX *context, const char *properties, EVP_PKEY *key,
                                   const OSSL_PARAM params[]);
int __wrap_EVP_DigestVerifyInit_ex(EVP_MD_CTX *ctx, EVP_PKEY_CTX **pctx, const char *digest,
                                   OSSL_LIB_CTX *context, const char *properties, EVP_PKEY *key,
                                   const OSSL_PARAM params[])
{
    if (library == LIBRARY_CANNOT_BEGIN)
        return 0;
    return __real_EVP_DigestVerifyInit_ex(ctx, pctx, digest, context, properties, key, params);
}

/* A grant with five approvals: by the unit, by the leader, junk, of another version, by a stranger. */
#define N 5
enum { BY_UNIT, BY_LEADER, JUNK, OF_ANOTHER, BY_STRANGER };
static const enum signature_outcome usual[N] = {
    [BY_UNIT] = SIGNATURE_COUNTED,
    [BY_LEADER] = SIGNATURE_COUNTED,
    [JUNK] = SIGNATURE_MALFORMED,
    [OF_ANOTHER] = SIGNATURE_OTHER_SUBJECT,
    [BY_STRANGER] = SIGNATURE_UNKNOWN_APPROVER,
};

struct scene {
    struct department *department;
    struct trust_set *trust;
    char *text;
    struct grant *grant;
    struct subject subject;
    char *approvals[N];
};

static struct octets octets_of(const char *text)
{
    return (struct octets){(const uint8_t *)text, strlen(text)};
}

static int setup(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct signatory stranger;

    must(s);
    s->department = department_new();
    s->text = paper_grant(&(struct grant_plan){0});
    must(trust_set_new(s->department->trust, strlen(s->department->trust), &s->trust, NULL) == 0);
    must(grant_parse(s->text, strlen(s->text), &s->grant, NULL) == 0);
    must(subject_of_grant(s->grant, octets_of(s->text), &s->subject) == 0);
    stranger = department_signatory(s->department, "shang.ba", "finance", "unit", SIGNATURE_ED25519);
    s->approvals[BY_UNIT] = department_approval(s->department, DEPARTMENT_UNIT, s->text);
    s->approvals[BY_LEADER] = department_approval(s->department, DEPARTMENT_LEADER, s->text);
    s->approvals[JUNK] = strdup("hufu-approval: 1\njunk\n");
    s->approvals[OF_ANOTHER] =
        paper_approval(&(struct approval_plan){.by = &s->department->approvers[DEPARTMENT_UNIT],
                                               .document = s->text,
                                               .about = "grant " PAPERS_ID " 9"});
    s->approvals[BY_STRANGER] = paper_approval(&(struct approval_plan){.by = &stranger, .document = s->text});
    signatory_done(&stranger);
    library = LIBRARY_WELL;
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct scene *s = *state;

    for (size_t i = 0; i < N; i++)
        free(s->approvals[i]);
    grant_free(s->grant);
    free(s->text);
    trust_set_free(s->trust);
    department_free(s->department);
    free(s);
    return 0;
}

static void in_order(const struct scene *s, const size_t *which, size_t n, struct octets *ret)
{
    for (size_t i = 0; i < n; i++)
        ret[i] = octets_of(s->approvals[which[i]]);
}

/* One verdict serves every order, and each outcome stays with its approval. */
static void test_order_does_not_matter(void **state)
{
    const struct scene *s = *state;
    size_t which[N] = {0, 1, 2, 3, 4};
    struct octets approvals[N];
    struct trust_verdict first, v;
    struct grant_standing standing;

    in_order(s, which, N, approvals);
    assert_int_equal(trust_verdict_make(s->trust, &s->subject, approvals, N, &first), 0);
    for (unsigned order = 0; order < 120; order++) {
        for (size_t i = 0, left = order, used = 0; i < N; i++) {
            size_t skip = left % (N - i);

            left /= N - i;
            for (which[i] = 0; used & (1U << which[i]) || skip-- > 0; which[i]++)
                ;
            used |= 1U << which[i];
        }
        in_order(s, which, N, approvals);
        assert_int_equal(trust_verdict_make(s->trust, &s->subject, approvals, N, &v), 0);
        assert_memory_equal(&v, &first, sizeof(v));
        assert_int_equal(trust_judge_grant(s->trust, s->grant, approvals, N, &first, PAPERS_NOW, &standing),
                         0);
        assert_standing(&standing, REASON_OK);
        assert_int_equal(standing.n_seen, N);
        for (size_t i = 0; i < N; i++) {
            assert_outcome(&standing, i, usual[which[i]]);
            if (which[i] == BY_LEADER)
                assert_string_equal(standing.seen[i].approver, "wang.wu");
            if (which[i] == BY_STRANGER)
                assert_string_equal(standing.seen[i].approver, "shang.ba");
        }
    }
}

static void test_judging_verifies_nothing(void **state)
{
    const struct scene *s = *state;
    const struct octets approvals[] = {octets_of(s->approvals[BY_UNIT]), octets_of(s->approvals[BY_LEADER])};
    struct trust_verdict v;
    struct grant_standing standing;

    verified = 0;
    assert_int_equal(trust_verdict_make(s->trust, &s->subject, approvals, 2, &v), 0);
    assert_int_equal(verified, 2);
    assert_int_equal(trust_judge_grant(s->trust, s->grant, approvals, 2, &v, PAPERS_NOW, &standing), 0);
    assert_standing(&standing, REASON_OK);
    assert_int_equal(verified, 2);
}

/* Instants before, within and after the dates of trust file and certificates. */
static void test_judging_is_verifying(void **state)
{
    static const when_t instants[] = {
        ISSUING_FROM - 1, ISSUING_FROM,      PAPERS_NOW - 86400 * 30, PAPERS_NOW, 1825113599,
        1825113600,       ISSUING_UNTIL - 1, ISSUING_UNTIL,           0,          WHEN_NEVER - 1};
    const struct scene *s = *state;
    struct octets approvals[N];
    struct trust_verdict v;

    in_order(s, (const size_t[]){4, 2, 1, 3, 0}, N, approvals);
    assert_int_equal(trust_verdict_make(s->trust, &s->subject, approvals, N, &v), 0);
    for (size_t i = 0; i < ARRAY_SIZE(instants); i++) {
        struct grant_standing judged, whole;

        assert_int_equal(trust_judge_grant(s->trust, s->grant, approvals, N, &v, instants[i], &judged), 0);
        assert_int_equal(
            trust_verify_grant(s->trust, s->grant, octets_of(s->text), approvals, N, instants[i], &whole), 0);
        assert_standing(&judged, whole.standing);
        assert_int_equal(judged.votes_until, whole.votes_until);
        assert_int_equal(judged.n_votes, whole.n_votes);
        for (size_t j = 0; j < N; j++)
            assert_outcome(&judged, j, whole.seen[j].outcome);
    }
    struct grant_standing after;

    assert_int_equal(trust_judge_grant(s->trust, s->grant, approvals, N, &v, ISSUING_UNTIL, &after), 0);
    assert_standing(&after, REASON_TRUST_EXPIRED);
    assert_outcome(&after, 2, SIGNATURE_CERTIFICATE);
}

/* Who cannot sign now is told that, whatever the signature. */
static void test_bad_signature_after_the_certificate(void **state)
{
    const struct scene *s = *state;
    cleanup_free char *forged =
        paper_approval(&(struct approval_plan){.by = &s->department->approvers[DEPARTMENT_UNIT],
                                               .document = s->text,
                                               .key = s->department->approvers[DEPARTMENT_BOTH].key});
    struct octets approval = octets_of(forged);
    struct trust_verdict v;
    struct grant_standing standing;

    assert_int_equal(trust_verdict_make(s->trust, &s->subject, &approval, 1, &v), 0);
    assert_int_equal(trust_judge_grant(s->trust, s->grant, &approval, 1, &v, PAPERS_NOW, &standing), 0);
    assert_outcome(&standing, 0, SIGNATURE_BAD);
    assert_string_equal(standing.seen[0].approver, "zhou.ming");
    assert_int_equal(trust_judge_grant(s->trust, s->grant, &approval, 1, &v, ISSUING_UNTIL, &standing), 0);
    assert_outcome(&standing, 0, SIGNATURE_CERTIFICATE);
}

/* A library that could not tell has said nothing about the signature. */
static void test_failing_library_is_no_verdict(void **state)
{
    const struct scene *s = *state;
    struct octets approval = octets_of(s->approvals[BY_UNIT]);
    const struct trust_verdict nothing = {0};
    struct trust_verdict v;

    memset(&v, 0xa5, sizeof(v));
    library = LIBRARY_CANNOT_BEGIN;
    assert_int_equal(trust_verdict_make(s->trust, &s->subject, &approval, 1, &v), -EIO);
    assert_memory_equal(&v, &nothing, sizeof(v));
    library = LIBRARY_WITHOUT_MEMORY;
    assert_int_equal(trust_verdict_make(s->trust, &s->subject, &approval, 1, &v), -ENOMEM);
    library = LIBRARY_WELL;
    assert_int_equal(trust_verdict_make(s->trust, &s->subject, &approval, 1, &v), 0);
    assert_int_equal(v.approvals[0].outcome, SIGNATURE_COUNTED);
}

static void assert_no_verdict(const struct scene *s, struct trust_verdict v)
{
    const struct octets approvals[] = {octets_of(s->approvals[BY_UNIT]), octets_of(s->approvals[BY_LEADER])};
    struct grant_standing standing;

    memset(&standing, 0xa5, sizeof(standing));
    assert_int_equal(trust_judge_grant(s->trust, s->grant, approvals, 2, &v, PAPERS_NOW, &standing),
                     -EBADMSG);
    assert_standing(&standing, REASON_APPROVAL_MISSING);
    assert_int_equal(standing.n_votes, 0);
}

/* A verdict that this trust file cannot have come to admits nobody. */
static void test_foreign_verdicts(void **state)
{
    const struct scene *s = *state;
    const struct octets approvals[] = {octets_of(s->approvals[BY_UNIT]), octets_of(s->approvals[BY_LEADER])};
    struct trust_verdict good, v;

    assert_int_equal(trust_verdict_make(s->trust, &s->subject, approvals, 2, &good), 0);
    v = good;
    v.n = 1;
    assert_no_verdict(s, v);
    v.n = 3;
    assert_no_verdict(s, v);
    v = good;
    v.approvals[0].signer = DEPARTMENT_APPROVERS;
    assert_no_verdict(s, v);
    v = good;
    v.approvals[1].role = (uint8_t)(1 - good.approvals[1].role); /* which that signer does not hold */
    assert_no_verdict(s, v);
    v = good;
    v.approvals[1].role = (uint8_t)trust_set_document(s->trust)->n_roles; /* a revoker's */
    assert_no_verdict(s, v);
    v = good;
    v.approvals[1].role = 200;
    assert_no_verdict(s, v);
    for (unsigned outcome = 0; outcome < 256; outcome++) {
        v = good;
        v.approvals[0].outcome = (uint8_t)outcome;
        if (outcome != SIGNATURE_COUNTED && outcome != SIGNATURE_BAD && outcome != SIGNATURE_MALFORMED &&
            outcome != SIGNATURE_OTHER_SUBJECT && outcome != SIGNATURE_UNKNOWN_APPROVER)
            assert_no_verdict(s, v);
    }
}

/* Whoever still verifies keeps the trust set, and only the last one frees it. */
static void test_references(void **state)
{
    const struct scene *s = *state;
    struct trust_set *second = trust_set_ref(s->trust);

    assert_ptr_equal(second, s->trust);
    assert_null(trust_set_free(second));
    assert_string_equal(trust_set_document(s->trust)->site, PAPERS_SITE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order_does_not_matter, setup, teardown),
        cmocka_unit_test_setup_teardown(test_judging_verifies_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_judging_is_verifying, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_signature_after_the_certificate, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failing_library_is_no_verdict, setup, teardown),
        cmocka_unit_test_setup_teardown(test_foreign_verdicts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_references, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
