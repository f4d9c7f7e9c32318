// LAYERS: test_support
// LIBRARIES: libcrypto

#include "tests/unit/broker/trust/fourth.h"
#include "tests/unit/broker/trust/question.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <openssl/x509v3.h>
#include <string.h>

/* Certificates of a trust file and their anchors. */

static void test_foreign_anchor(void **state)
{
    const struct department *d = *state;
    cleanup(department_free_p) struct department *other = department_new();
    struct signatory s = department_signatory(other, "yang.er", "finance", "unit", SIGNATURE_ED25519);
    struct signatory sm2 = department_signatory(other, "yang.er", "finance", "unit", SIGNATURE_SM2_SM3);
    cleanup_free char *text = fourth_trust(d, &s);
    cleanup_free char *sm2_text = fourth_trust(d, &sm2);

    /* The foreign anchors even bear the same names. */
    assert_trust_refused(text, LINE_FOURTH, "no anchor");
    assert_trust_refused(sm2_text, LINE_FOURTH, "no anchor");
    signatory_done(&s);
    signatory_done(&sm2);
}

static void test_self_signed(void **state)
{
    EVP_PKEY *key = issue_key(SIGNATURE_ED25519);
    struct certificate_plan plan = {.name = "yang.er", .key = key};

    assert_fourth_refused(*state, SIGNATURE_ED25519, key, issue_certificate(&plan), "no anchor");
}

/* An approver's key cannot certify another one. */
static void test_issued_by_a_signer(void **state)
{
    const struct department *d = *state;
    const struct signatory *unit = &d->approvers[DEPARTMENT_UNIT];
    EVP_PKEY *key = issue_key(SIGNATURE_ED25519);
    struct certificate_plan plan = {
        .name = "yang.er", .key = key, .issuer = unit->certificate, .issuer_key = unit->key};

    assert_fourth_refused(d, SIGNATURE_ED25519, key, issue_certificate(&plan), "no anchor");
}

/* A certificate signed under another id, or none, was not signed by the authority's rules. */
static void test_certificate_under_another_sm2_id(void **state)
{
    static const char *const ids[] = {"1234567812345679", "ALICE123@YAHOO.COM"};
    const struct department *d = *state;
    const struct authority *a = &d->anchors[DEPARTMENT_SM2];

    for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
        EVP_PKEY *key = issue_key(SIGNATURE_SM2_SM3);
        struct certificate_plan plan = {
            .name = "yang.er", .key = key, .issuer = a->certificate, .issuer_key = a->key, .sm2_id = ids[i]};

        assert_fourth_refused(d, SIGNATURE_SM2_SM3, key, issue_certificate(&plan), "no anchor");
    }
}

/* The usual certificate of yang.er, changed and signed once more by the anchor. */
static void assert_form_refused(const struct department *d, void (*change)(X509 *), const char *reason)
{
    const struct authority *a = &d->anchors[DEPARTMENT_ED25519];
    EVP_PKEY *key = issue_key(SIGNATURE_ED25519);
    X509 *x = issue_certificate(&(struct certificate_plan){
        .name = "yang.er", .key = key, .issuer = a->certificate, .issuer_key = a->key});

    change(x);
    must(X509_sign(x, a->key, NULL) > 0);
    assert_fourth_refused(d, SIGNATURE_ED25519, key, x, reason);
}

static void make_version_1(X509 *x)
{
    while (X509_get_ext_count(x) > 0)
        X509_EXTENSION_free(X509_delete_ext(x, 0));
    must(X509_set_version(x, X509_VERSION_1) == 1);
}

static void make_version_2(X509 *x)
{
    must(X509_set_version(x, X509_VERSION_2) == 1);
}

static void add_garbage(X509 *x)
{
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    X509_EXTENSION *e;

    must(octets && ASN1_OCTET_STRING_set(octets, (const uint8_t *)"garbage", 7) == 1);
    e = X509_EXTENSION_create_by_NID(NULL, NID_basic_constraints, 1, octets);
    must(e && X509_add_ext(x, e, -1) == 1);
    X509_EXTENSION_free(e);
    ASN1_OCTET_STRING_free(octets);
}

/* In the thirteenth month. */
static void begin_never(X509 *x)
{
    must(ASN1_STRING_set(X509_getm_notBefore(x), "261301000000Z", 13) == 1);
}

static void end_never(X509 *x)
{
    must(ASN1_STRING_set(X509_getm_notAfter(x), "261301000000Z", 13) == 1);
}

static void change_kind_of_key(X509 *x)
{
    uint8_t *octets = OPENSSL_zalloc(32);

    must(octets && X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(x), OBJ_txt2obj("1.2.3.4.5", 1), V_ASN1_UNDEF,
                                          NULL, octets, 32) == 1);
}

static void test_form(void **state)
{
    static void (*const without_extensions[])(X509 *) = {make_version_1, make_version_2, add_garbage};

    for (size_t i = 0; i < ARRAY_SIZE(without_extensions); i++)
        assert_form_refused(*state, without_extensions[i], "extensions are missing or malformed");
    assert_form_refused(*state, begin_never, "dates are malformed");
    assert_form_refused(*state, end_never, "dates are malformed");
    assert_form_refused(*state, change_kind_of_key, "the certificate's key is of an unknown kind");
}

static void test_weak_digest_in_a_chain(void **state)
{
    const struct department *d = *state;
    struct authority anchors[DEPARTMENT_ANCHORS + 1];
    struct authority *rsa = &anchors[DEPARTMENT_ANCHORS];
    struct trust_plan plan = department_plan(d);
    struct signatory s = {"chen.liu", "finance", "leader,unit", SIGNATURE_ED25519, NULL, NULL};
    struct signatory approvers[] = {s, d->approvers[DEPARTMENT_LEADER], d->approvers[DEPARTMENT_UNIT]};
    static const char *const digests[] = {"SHA1", "SHA256"};

    memcpy(anchors, d->anchors, sizeof(d->anchors));
    *rsa = (struct authority){"finance-rsa", issue_rsa_key(2048), NULL};
    rsa->certificate =
        issue_certificate(&(struct certificate_plan){.name = rsa->name, .key = rsa->key, .ca = true});
    plan.anchors = anchors;
    plan.n_anchors = ARRAY_SIZE(anchors);
    plan.approvers = approvers;
    for (size_t i = 0; i < ARRAY_SIZE(digests); i++) {
        cleanup_free char *text = NULL;
        cleanup(trust_set_free_p) struct trust_set *t = NULL;
        struct document_error error = {0};

        s.key = issue_key(SIGNATURE_ED25519);
        s.certificate = issue_certificate(&(struct certificate_plan){.name = s.person,
                                                                     .key = s.key,
                                                                     .issuer = rsa->certificate,
                                                                     .issuer_key = rsa->key,
                                                                     .digest = digests[i]});
        approvers[0] = s;
        text = paper_trust(&plan);
        assert_int_equal(load_trust(text, &t, &error), i == 0 ? -EINVAL : 0);
        signatory_done(&s);
        s = (struct signatory){"chen.liu", "finance", "leader,unit", SIGNATURE_ED25519, NULL, NULL};
    }
    EVP_PKEY_free(rsa->key);
    X509_free(rsa->certificate);
}

static void test_never_valid_with_the_anchor(void **state)
{
    assert_fourth_plan_refused(
        *state, (struct certificate_plan){.from = ISSUING_UNTIL, .last = ISSUING_UNTIL + 86400},
        "never valid");
    assert_fourth_plan_refused(
        *state, (struct certificate_plan){.from = ISSUING_FROM, .last = ISSUING_FROM - 1}, "dates");
}

/* The department's file with another certificate for one of its anchors. */
static void assert_anchor_refused(const struct department *d, unsigned which, EVP_PKEY *key,
                                  struct certificate_plan plan, const char *reason)
{
    struct authority anchors[DEPARTMENT_ANCHORS];
    struct trust_plan file = department_plan(d);
    cleanup_free char *text = NULL;

    memcpy(anchors, d->anchors, sizeof(anchors));
    plan.name = anchors[which].name;
    plan.key = key;
    anchors[which].certificate = issue_certificate(&plan);
    file.anchors = anchors;
    text = paper_trust(&file);
    assert_trust_refused(text, LINE_ANCHOR + which, reason);
    X509_free(anchors[which].certificate);
}

static void test_anchors(void **state)
{
    const struct department *d = *state;
    EVP_PKEY *key = d->anchors[DEPARTMENT_ED25519].key;
    EVP_PKEY *weak = issue_rsa_key(1024);

    for (unsigned i = 0; i < DEPARTMENT_ANCHORS; i++) {
        assert_anchor_refused(d, i, key, (struct certificate_plan){.ca = false}, "certificate authority");
        assert_anchor_refused(d, i, key, (struct certificate_plan){.ca = true, .usage = "digitalSignature"},
                              "keyCertSign");
        assert_anchor_refused(d, i, weak, (struct certificate_plan){.ca = true}, "too weak");
    }
    EVP_PKEY_free(weak);
}

/* An anchor that was renewed for its key stands beside the old one: who has it from either signs until the
 * later ends. */
static void test_renewed_anchor(void **state)
{
    static const char *const names[] = {"a-renewed", "z-renewed"};
    const struct department *d = *state;
    const struct authority *old = &d->anchors[DEPARTMENT_ED25519];
    const when_t ends[] = {PAPERS_NOW + 86400, ISSUING_UNTIL - 86400};

    for (size_t i = 0; i < 2 * ARRAY_SIZE(ends); i++) {
        const struct certificate_plan plans[] = {
            {.name = old->name, .key = old->key, .ca = true, .last = ends[i % 2] - 1},
            {.name = old->name, .key = old->key, .ca = true, .last = ends[(i + 1) % 2] - 1}};
        struct authority anchors[] = {{old->name, old->key, issue_certificate(&plans[0])},
                                      d->anchors[DEPARTMENT_SM2],
                                      {names[i / 2], old->key, issue_certificate(&plans[1])}};
        struct trust_plan plan = department_plan(d);
        cleanup(trust_set_free_p) struct trust_set *t = NULL;
        cleanup_free char *text = NULL;
        struct document_error error = {0};

        plan.anchors = anchors;
        plan.n_anchors = ARRAY_SIZE(anchors);
        text = paper_trust(&plan);
        assert_int_equal(load_trust(text, &t, &error), 0);
        assert_int_equal(trust_set_approver_until(t, "zhou.ming", PAPERS_NOW), ends[1]);
        X509_free(anchors[0].certificate);
        X509_free(anchors[2].certificate);
    }
}

/* Behind three approvers come revokers, and then status keys: the line that is named is the one at fault. */
static void test_lines_behind_the_approvers(void **state)
{
    const unsigned behind = LINE_APPROVER + DEPARTMENT_APPROVERS;
    const struct department *d = *state;
    cleanup(department_free_p) struct department *other = department_new();
    struct signatory ours[] = {department_signatory(d, "sun.qi", "finance", "", SIGNATURE_ED25519),
                               department_signatory(d, "tang.ba", "finance", "", SIGNATURE_ED25519)};
    struct signatory foreign = department_signatory(other, "tang.ba", "finance", "", SIGNATURE_ED25519);
    struct signatory revokers[] = {ours[0], foreign};
    struct signatory status_keys[] = {ours[0], foreign};
    struct trust_plan plan = department_plan(d);
    cleanup_free char *first = NULL, *second = NULL;

    plan.revokers = revokers;
    plan.n_revokers = ARRAY_SIZE(revokers);
    first = paper_trust(&plan);
    assert_trust_refused(first, behind + 1, "tang.ba: no anchor");
    plan.revokers = ours;
    plan.status_keys = status_keys;
    plan.n_status_keys = ARRAY_SIZE(status_keys);
    second = paper_trust(&plan);
    assert_trust_refused(second, behind + 2 + 1, "tang.ba: no anchor");
    signatory_done(&ours[0]);
    signatory_done(&ours[1]);
    signatory_done(&foreign);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_foreign_anchor),
        cmocka_unit_test(test_self_signed),
        cmocka_unit_test(test_issued_by_a_signer),
        cmocka_unit_test(test_certificate_under_another_sm2_id),
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_weak_digest_in_a_chain),
        cmocka_unit_test(test_never_valid_with_the_anchor),
        cmocka_unit_test(test_anchors),
        cmocka_unit_test(test_renewed_anchor),
        cmocka_unit_test(test_lines_behind_the_approvers),
    };

    return cmocka_run_group_tests(tests, setup_department, teardown_department);
}
