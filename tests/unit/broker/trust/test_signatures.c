// LAYERS: test_support

#include "tests/unit/broker/trust/question.h"
#include "tests/unit/unit.h"

#include <string.h>

/* Signatures that do not verify, are about something else, or are no approvals at all. */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };

    return cmocka_run_group_tests(tests, setup_department, teardown_department);
}
