// LAYERS: test_support
// LIBRARIES: libcrypto
// LINK: -Wl,--wrap=ASN1_OCTET_STRING_new -Wl,--wrap=ASN1_OCTET_STRING_set -Wl,--wrap=ASN1_TIME_to_tm
// LINK: -Wl,--wrap=BIO_new -Wl,--wrap=BIO_new_mem_buf -Wl,--wrap=EVP_DigestFinal_ex
// LINK: -Wl,--wrap=EVP_DigestInit_ex2 -Wl,--wrap=EVP_DigestSign -Wl,--wrap=EVP_DigestSignInit_ex
// LINK: -Wl,--wrap=EVP_DigestUpdate -Wl,--wrap=EVP_DigestVerify -Wl,--wrap=EVP_DigestVerifyInit_ex
// LINK: -Wl,--wrap=EVP_MD_CTX_copy_ex -Wl,--wrap=EVP_MD_CTX_new -Wl,--wrap=EVP_MD_fetch -Wl,--wrap=EVP_PKEY_CTX_new_from_pkey
// LINK: -Wl,--wrap=EVP_PKEY_CTX_set_params -Wl,--wrap=EVP_PKEY_CTX_set_rsa_mgf1_md
// LINK: -Wl,--wrap=EVP_PKEY_CTX_set_rsa_padding -Wl,--wrap=EVP_PKEY_CTX_set_rsa_pss_saltlen
// LINK: -Wl,--wrap=EVP_PKEY_Q_keygen -Wl,--wrap=EVP_PKEY_get_group_name
// LINK: -Wl,--wrap=EVP_PKEY_get_raw_public_key -Wl,--wrap=EVP_PKEY_public_check -Wl,--wrap=EVP_Digest
// LINK: -Wl,--wrap=OPENSSL_init_crypto -Wl,--wrap=OPENSSL_sk_new_null -Wl,--wrap=OPENSSL_sk_push
// LINK: -Wl,--wrap=OSSL_LIB_CTX_new -Wl,--wrap=OSSL_PROVIDER_load -Wl,--wrap=PEM_write_bio_PKCS8PrivateKey
// LINK: -Wl,--wrap=PEM_write_bio_PUBKEY -Wl,--wrap=X509_STORE_CTX_init -Wl,--wrap=X509_STORE_CTX_new_ex
// LINK: -Wl,--wrap=X509_get0_pubkey -Wl,--wrap=X509_new_ex -Wl,--wrap=calloc -Wl,--wrap=d2i_PUBKEY_ex
// LINK: -Wl,--wrap=d2i_X509 -Wl,--wrap=eventfd -Wl,--wrap=i2d_PUBKEY -Wl,--wrap=malloc -Wl,--wrap=pread
// LINK: -Wl,--wrap=pthread_create -Wl,--wrap=realloc -Wl,--wrap=sched_getaffinity
// LINK: -Wl,--wrap=strndup

#include "broker/trust/sign.h"
#include "broker/trust/verdict.h"
#include "broker/trust/verdict_cache.h"
#include "tests/unit/broker/trust/failing.h"
#include "tests/unit/broker/trust/office.h"
#include "tests/unit/broker/trust/question.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

/*
 * Each call that can fail on the way fails once: memory, libcrypto, the kernel. Whatever fails, nobody is let
 * in for it, no signature is called bad for it (that would be remembered), and nothing is left behind.
 */

#define CALLS_BEYOND 1000000 /* nothing fails */

/* --- documents --- */

/* The usual grant with its two approvals. */
static int standing_of_grant(const struct office *o, const struct trust_set *t, unsigned nth,
                             struct grant_standing *ret)
{
    cleanup_free char *text = paper_grant(&(struct grant_plan){0});
    cleanup_free char *first = department_approval(o->department, DEPARTMENT_LEADER, text);
    cleanup_free char *second = department_approval(o->department, DEPARTMENT_UNIT, text);
    struct octets approvals[] = {office_octets(first), office_octets(second)};
    cleanup(grant_free_p) struct grant *g = NULL;

    assert_int_equal(grant_parse(text, strlen(text), &g, NULL), 0);
    failing_arm(nth);
    return trust_verify_grant(t, g, office_octets(text), approvals, 2, PAPERS_NOW, ret);
}

/* What is made ready for later may fail: later it is made each time. */
static bool is_preparation(const char *name)
{
    return strcmp(name, "EVP_DigestVerifyInit_ex") == 0 || strncmp(name, "EVP_PKEY_CTX_set_", 17) == 0;
}

/* Nothing, or one that verifies as ever. */
static bool load(const void *state, unsigned nth)
{
    const struct office *o = state;
    cleanup(trust_set_free_p) struct trust_set *t = NULL;
    struct document_error error = {0};
    struct grant_standing s;
    bool had;
    int r;

    failing_arm(nth);
    r = trust_set_new(o->trust, strlen(o->trust), &t, &error);
    had = failing_disarm();
    if (r < 0) {
        assert_null(t);
        assert_true(had);
        failing_assert_said(r);
        return true;
    }
    assert_true(!had || is_preparation(failing_name()));
    assert_int_equal(standing_of_grant(o, t, CALLS_BEYOND, &s), 0);
    assert_false(failing_disarm());
    assert_standing(&s, REASON_OK);
    return had;
}

static void test_trust_file(void **state)
{
    failing_each(*state, load, 100);
}

static struct trust_set *loaded(const char *text)
{
    struct trust_set *t = NULL;

    assert_int_equal(trust_set_new(text, strlen(text), &t, NULL), 0);
    return t;
}

/* The standing is the right one, or there is none. */
static bool judged_standing(int r, const struct grant_standing *s)
{
    if (!failing_disarm()) {
        assert_int_equal(r, 0);
        assert_standing(s, REASON_OK);
        return false;
    }
    failing_assert_said(r);
    assert_standing(s, REASON_APPROVAL_MISSING);
    assert_int_equal(s->votes_until, 0);
    return true;
}

static bool verify_grant(const void *state, unsigned nth)
{
    const struct office *o = state;
    cleanup(trust_set_free_p) struct trust_set *t = loaded(o->trust);
    struct grant_standing s;
    int r = standing_of_grant(o, t, nth, &s);

    return judged_standing(r, &s);
}

static bool verify_trust(const void *state, unsigned nth)
{
    const struct office *o = state;
    cleanup(trust_set_free_p) struct trust_set *t = loaded(o->trust);
    cleanup_free char *text = office_trust(o, 5);
    struct approval_plan plan = {.document = text, .about = "trust 5"};
    cleanup_free char *first = NULL, *second = NULL;
    cleanup(trust_free_p) struct trust *next = NULL;
    struct octets approvals[2];
    struct grant_standing s;
    int r;

    plan.by = &o->department->approvers[DEPARTMENT_LEADER];
    first = paper_approval(&plan);
    plan.by = &o->department->approvers[DEPARTMENT_UNIT];
    second = paper_approval(&plan);
    approvals[0] = office_octets(first);
    approvals[1] = office_octets(second);
    assert_int_equal(trust_parse(text, strlen(text), &next, NULL), 0);
    failing_arm(nth);
    r = trust_verify_trust(t, next, office_octets(text), approvals, 2, PAPERS_NOW, &s);
    return judged_standing(r, &s);
}

static char *taking_away(const struct signatory *by, const char *document, const char *about)
{
    return paper_approval(&(struct approval_plan){.by = by, .document = document, .about = about});
}

static bool verify_revocation(const void *state, unsigned nth)
{
    const struct office *o = state;
    cleanup(trust_set_free_p) struct trust_set *t = loaded(o->trust);
    cleanup_free char *approval = taking_away(&o->revoker, o->revocation, ABOUT_REVOCATION);
    struct octets octets = office_octets(approval);
    cleanup(revocation_free_p) struct revocation *x = NULL;
    struct grant_standing s;
    int r;

    assert_int_equal(revocation_parse(o->revocation, strlen(o->revocation), &x, NULL), 0);
    failing_arm(nth);
    r = trust_verify_revocation(t, x, office_octets(o->revocation), &octets, 1, PAPERS_NOW, &s);
    return judged_standing(r, &s);
}

static bool verify_status(const void *state, unsigned nth)
{
    const struct office *o = state;
    cleanup(trust_set_free_p) struct trust_set *t = loaded(o->trust);
    cleanup_free char *approval = taking_away(&o->status_key, o->status, ABOUT_STATUS);
    struct octets octets = office_octets(approval);
    cleanup(status_free_p) struct status *x = NULL;
    struct grant_standing s;
    int r;

    assert_int_equal(status_parse(o->status, strlen(o->status), &x, NULL), 0);
    failing_arm(nth);
    r = trust_verify_status(t, x, office_octets(o->status), &octets, 1, PAPERS_NOW, &s);
    return judged_standing(r, &s);
}

/* Of an approval that nobody known made, name and role are read once more for who is told. */
static bool verify_stranger(const void *state, unsigned nth)
{
    const struct office *o = state;
    cleanup(trust_set_free_p) struct trust_set *t = loaded(o->trust);
    cleanup_free char *text = paper_grant(&(struct grant_plan){0});
    cleanup_free char *approval = paper_approval(&(struct approval_plan){
        .by = &o->department->approvers[DEPARTMENT_UNIT], .document = text, .person = "nobody"});
    struct octets octets = office_octets(approval);
    cleanup(grant_free_p) struct grant *g = NULL;
    struct grant_standing s;
    int r;

    assert_int_equal(grant_parse(text, strlen(text), &g, NULL), 0);
    failing_arm(nth);
    r = trust_verify_grant(t, g, office_octets(text), &octets, 1, PAPERS_NOW, &s);
    assert_standing(&s, REASON_APPROVAL_MISSING);
    if (failing_disarm()) {
        failing_assert_said(r);
        return true;
    }
    assert_int_equal(r, 0);
    assert_outcome(&s, 0, SIGNATURE_UNKNOWN_APPROVER);
    return false;
}

static void test_verifying(void **state)
{
    static failing_attempt *const attempts[] = {verify_grant, verify_trust, verify_revocation, verify_status,
                                                verify_stranger};

    for (size_t i = 0; i < ARRAY_SIZE(attempts); i++)
        failing_each(*state, attempts[i], 5);
}

static bool sign(const struct office *o, const char *document, const struct signatory *by, const char *role,
                 unsigned nth)
{
    cleanup(trust_set_free_p) struct trust_set *t = loaded(o->trust);
    cleanup_free char *key = issue_key_pem(by->key, NULL);
    cleanup_free char *text = NULL;
    struct trust_signing s = {.subject = office_octets(document),
                              .person = by->person,
                              .role = role,
                              .key = office_octets(key),
                              .now = PAPERS_NOW};
    struct document_error error = {0};
    int r;

    assert_int_equal(document_type_of(document, strlen(document), &s.type), 0);
    failing_arm(nth);
    r = trust_sign(t, &s, &text, nth % 2 == 0 ? &error : NULL);
    return failing_judged(r, text);
}

static bool sign_grant(const void *state, unsigned nth)
{
    const struct office *o = state;
    cleanup_free char *text = paper_grant(&(struct grant_plan){0});

    return sign(o, text, &o->department->approvers[DEPARTMENT_UNIT], "unit", nth);
}

static bool sign_trust(const void *state, unsigned nth)
{
    const struct office *o = state;
    cleanup_free char *text = office_trust(o, 5);

    return sign(o, text, &o->department->approvers[DEPARTMENT_LEADER], "leader", nth);
}

static bool sign_revocation(const void *state, unsigned nth)
{
    const struct office *o = state;
    return sign(o, o->revocation, &o->revoker, "revoker", nth);
}

static bool sign_status(const void *state, unsigned nth)
{
    const struct office *o = state;
    return sign(o, o->status, &o->status_key, "status", nth);
}

static void test_signing(void **state)
{
    static failing_attempt *const attempts[] = {sign_grant, sign_trust, sign_revocation, sign_status};

    for (size_t i = 0; i < ARRAY_SIZE(attempts); i++)
        failing_each(*state, attempts[i], 10);
}

/* --- what is kept of verdicts --- */

static bool keep_verdict(const void *state, unsigned nth)
{
    const struct office *o = state;
    cleanup(trust_set_free_p) struct trust_set *t = loaded(o->trust);
    struct octets approval = office_octets("approval");
    struct subject subject = {.kind = APPROVAL_SUBJECT_GRANT, .octets = office_octets("grant")};
    struct trust_verdict v = {.outcome = SIGNATURE_COUNTED, .signer = 1}, back;
    struct trust_verdict_key key;
    uint8_t octets[VERDICT_SIZE];
    int r;

    failing_arm(nth);
    r = trust_verdict_key_of(t, &subject, approval, &key);
    if (r == 0)
        r = trust_verdict_encode(&v, &key, octets);
    if (r == 0)
        r = trust_verdict_decode(octets, sizeof(octets), &key, &back);
    if (failing_disarm()) {
        assert_int_equal(r, -ENOMEM);
        return true;
    }
    assert_int_equal(r, 0);
    assert_memory_equal(&v, &back, sizeof(v));
    return false;
}

/* One that finds no room is not kept, and asked for again. */
static bool cache_verdict(const void *state, unsigned nth)
{
    struct verdict_cache *c;
    struct trust_verdict v = {.outcome = SIGNATURE_BAD}, found;
    struct trust_verdict_key key = {{1}};
    bool had;

    (void)state;
    failing_arm(nth);
    if (verdict_cache_new(8, &c) < 0) {
        assert_null(c);
        return failing_disarm();
    }
    verdict_cache_put(c, &key, &v);
    had = failing_disarm();
    assert_int_equal(verdict_cache_find(c, &key, &found), !had);
    assert_int_equal(verdict_cache_count(c), !had);
    verdict_cache_free(c);
    return had;
}

static void test_kept_verdicts(void **state)
{
    failing_each(*state, keep_verdict, 3);
    failing_each(*state, cache_verdict, 2);
}

/* The library is begun before anything fails (test_failures_keys.c has it fail there). */
static int setup(void **state)
{
    int r = office_setup(state);

    trust_set_free(loaded(((const struct office *)*state)->trust));
    return r;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trust_file),
        cmocka_unit_test(test_verifying),
        cmocka_unit_test(test_signing),
        cmocka_unit_test(test_kept_verdicts),
    };

    return cmocka_run_group_tests(tests, setup, office_teardown);
}
