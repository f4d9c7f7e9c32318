// LAYERS: test_support
// LIBRARIES: libcrypto
// LINK: -Wl,--wrap=EVP_DigestVerify -Wl,--wrap=EVP_DigestVerifyInit_ex -Wl,--wrap=EVP_MD_CTX_copy_ex

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

int __real_EVP_MD_CTX_copy_ex(EVP_MD_CTX *out, const EVP_MD_CTX *in);
int __wrap_EVP_MD_CTX_copy_ex(EVP_MD_CTX *out, const EVP_MD_CTX *in);
int __wrap_EVP_MD_CTX_copy_ex(EVP_MD_CTX *out, const EVP_MD_CTX *in)
{
    return library == LIBRARY_CANNOT_BEGIN ? 0 : __real_EVP_MD_CTX_copy_ex(out, in);
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
static const char *const names[N] = {
    [BY_UNIT] = "zhou.ming",    [BY_LEADER] = "wang.wu",    [JUNK] = "",
    [OF_ANOTHER] = "zhou.ming", [BY_STRANGER] = "shang.ba",
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

static struct trust_verdict verdict_of(const struct scene *s, size_t which)
{
    struct trust_verdict v;

    assert_int_equal(trust_verdict_make(s->trust, &s->subject, octets_of(s->approvals[which]), &v), 0);
    return v;
}

/* Approvals in some order, and the verdict on each. */
struct judged {
    struct octets approvals[N];
    struct trust_verdict items[N];
    struct trust_verdicts verdicts;
};

static void in_order(const struct scene *s, const struct trust_verdict *verdicts, const size_t *which,
                     struct judged *ret)
{
    for (size_t i = 0; i < N; i++) {
        ret->approvals[i] = octets_of(s->approvals[which[i]]);
        ret->items[i] = verdicts[which[i]];
    }
    ret->verdicts = (struct trust_verdicts){ret->approvals, ret->items, N};
}

static void judge(const struct scene *s, const struct judged *j, when_t now, struct grant_standing *ret)
{
    assert_int_equal(trust_judge_grant(s->trust, s->grant, &j->verdicts, now, ret), 0);
}

static void order_of(unsigned number, size_t which[static N])
{
    unsigned used = 0;

    for (size_t i = 0; i < N; i++) {
        size_t skip = number % (N - i);

        number /= (unsigned)(N - i);
        for (which[i] = 0; used & (1U << which[i]) || skip-- > 0; which[i]++)
            ;
        used |= 1U << which[i];
    }
}

/* Each outcome stays with its approval, in whatever order they come, and nothing is verified for it. */
static void test_judging_in_every_order(void **state)
{
    const struct scene *s = *state;
    struct trust_verdict verdicts[N];

    verified = 0;
    for (size_t i = 0; i < N; i++)
        verdicts[i] = verdict_of(s, i);
    assert_int_equal(verified, 2); /* nobody else claims to be of the trust file */
    for (unsigned number = 0; number < 120; number++) {
        size_t which[N];
        struct judged j;
        struct grant_standing standing;

        order_of(number, which);
        in_order(s, verdicts, which, &j);
        judge(s, &j, PAPERS_NOW, &standing);
        assert_standing(&standing, REASON_OK);
        assert_int_equal(standing.n_seen, N);
        for (size_t i = 0; i < N; i++) {
            assert_outcome(&standing, i, usual[which[i]]);
            assert_string_equal(standing.seen[i].approver, names[which[i]]);
        }
    }
    assert_int_equal(verified, 2);
}

/* Instants before, within and after the dates of trust file and certificates. */
static void test_judging_is_verifying(void **state)
{
    static const when_t instants[] = {
        ISSUING_FROM - 1, ISSUING_FROM,      PAPERS_NOW - 86400 * 30, PAPERS_NOW, 1825113599,
        1825113600,       ISSUING_UNTIL - 1, ISSUING_UNTIL,           0,          WHEN_NEVER - 1};
    const struct scene *s = *state;
    struct trust_verdict verdicts[N];
    struct grant_standing judged, whole;
    struct judged j;

    for (size_t i = 0; i < N; i++)
        verdicts[i] = verdict_of(s, i);
    in_order(s, verdicts, (const size_t[]){4, 2, 1, 3, 0}, &j);
    for (size_t i = 0; i < ARRAY_SIZE(instants); i++) {
        judge(s, &j, instants[i], &judged);
        assert_int_equal(
            trust_verify_grant(s->trust, s->grant, octets_of(s->text), j.approvals, N, instants[i], &whole),
            0);
        assert_standing(&judged, whole.standing);
        assert_int_equal(judged.votes_until, whole.votes_until);
        assert_int_equal(judged.n_votes, whole.n_votes);
        for (size_t k = 0; k < N; k++)
            assert_outcome(&judged, k, whole.seen[k].outcome);
    }
    judge(s, &j, ISSUING_UNTIL, &judged);
    assert_standing(&judged, REASON_TRUST_EXPIRED);
    assert_outcome(&judged, 2, SIGNATURE_CERTIFICATE);
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
    const struct trust_verdicts all = {&approval, &v, 1};
    struct grant_standing standing;

    assert_int_equal(trust_verdict_make(s->trust, &s->subject, approval, &v), 0);
    assert_int_equal(trust_judge_grant(s->trust, s->grant, &all, PAPERS_NOW, &standing), 0);
    assert_outcome(&standing, 0, SIGNATURE_BAD);
    assert_string_equal(standing.seen[0].approver, "zhou.ming");
    assert_int_equal(trust_judge_grant(s->trust, s->grant, &all, ISSUING_UNTIL, &standing), 0);
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
    assert_int_equal(trust_verdict_make(s->trust, &s->subject, approval, &v), -EIO);
    assert_memory_equal(&v, &nothing, sizeof(v));
    library = LIBRARY_WITHOUT_MEMORY;
    assert_int_equal(trust_verdict_make(s->trust, &s->subject, approval, &v), -ENOMEM);
    assert_memory_equal(&v, &nothing, sizeof(v));
    library = LIBRARY_WELL;
    assert_int_equal(trust_verdict_make(s->trust, &s->subject, approval, &v), 0);
    assert_int_equal(v.outcome, SIGNATURE_COUNTED);
}

/* Nor is a trust file at fault that was loaded when the library could not prepare anything. */
static void test_nothing_prepared(void **state)
{
    const struct scene *s = *state;
    struct octets approval = octets_of(s->approvals[BY_UNIT]);
    struct trust_set *trust;
    struct trust_verdict v;

    library = LIBRARY_CANNOT_BEGIN;
    assert_int_equal(trust_set_new(s->department->trust, strlen(s->department->trust), &trust, NULL), 0);
    assert_int_equal(trust_verdict_make(trust, &s->subject, approval, &v), -EIO);
    library = LIBRARY_WELL;
    assert_int_equal(trust_verdict_make(trust, &s->subject, approval, &v), 0);
    assert_int_equal(v.outcome, SIGNATURE_COUNTED);
    trust_set_free(trust);
}

static void assert_no_verdict(const struct scene *s, struct trust_verdict v)
{
    const struct octets approvals[] = {octets_of(s->approvals[BY_LEADER]), octets_of(s->approvals[BY_UNIT])};
    const struct trust_verdict items[] = {verdict_of(s, BY_LEADER), v};
    struct grant_standing standing;

    memset(&standing, 0xa5, sizeof(standing));
    assert_int_equal(trust_judge_grant(s->trust, s->grant, &(struct trust_verdicts){approvals, items, 2},
                                       PAPERS_NOW, &standing),
                     -EBADMSG);
    assert_standing(&standing, REASON_APPROVAL_MISSING);
    assert_int_equal(standing.n_votes, 0);
}

/* A verdict that this trust file cannot have come to admits nobody. */
static void test_foreign_verdicts(void **state)
{
    const struct scene *s = *state;
    const struct trust_verdict good = verdict_of(s, BY_UNIT);
    const struct octets garbage = octets_of("garbage");
    struct grant_standing standing;
    struct trust_verdict v = good;

    v.signer = DEPARTMENT_APPROVERS;
    assert_no_verdict(s, v);
    v = good;
    v.role = (uint8_t)(1 - good.role); /* which that signer does not hold */
    assert_no_verdict(s, v);
    v.role = (uint8_t)trust_set_document(s->trust)->n_roles; /* a revoker's */
    assert_no_verdict(s, v);
    v.role = 200;
    assert_no_verdict(s, v);
    /* Who is unknown is named as the approval has it: one that is none names nobody. */
    v = (struct trust_verdict){.outcome = SIGNATURE_UNKNOWN_APPROVER};
    assert_int_equal(trust_judge_grant(s->trust, s->grant, &(struct trust_verdicts){&garbage, &v, 1},
                                       PAPERS_NOW, &standing),
                     -EBADMSG);
    for (unsigned outcome = 0; outcome < 256; outcome++) {
        v = good;
        v.outcome = (uint8_t)outcome;
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
        cmocka_unit_test_setup_teardown(test_judging_in_every_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_judging_is_verifying, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_signature_after_the_certificate, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failing_library_is_no_verdict, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_prepared, setup, teardown),
        cmocka_unit_test_setup_teardown(test_foreign_verdicts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_references, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
