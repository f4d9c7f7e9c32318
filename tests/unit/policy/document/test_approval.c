/*
 * Approvals: what their lines may say, and which octets are signed.
 */
#include "policy/base/cleanup.h"
#include "policy/document/approval.h"
#include "tests/unit/policy/document/sample.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define APPROVAL (&samples[3])
#define SUBJECT  "subject: grant 0123456789abcdef0123456789abcdef 3"
#define ID       "0123456789abcdef0123456789abcdef"

static struct approval *parse(const char *text)
{
    struct document_error error = {0};
    struct approval *a;

    if (approval_parse(text, strlen(text), &a, &error) != 0)
        fail_msg("%u: %s", error.line, error.reason);
    return a;
}

static void test_every_member(void **state)
{
    cleanup(approval_free_p) struct approval *a = parse(sample_approval);
    static const uint8_t id[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
                                 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
    static const uint8_t signature[] = {0x30, 0x46, 0x02, 0x21};
    char approved_at[WHEN_TEXT_SIZE];

    (void)state;
    when_format(a->approved_at, approved_at);
    assert_string_equal(a->site, "cn.example.finance");
    assert_string_equal(a->approver, "wang.wu");
    assert_string_equal(a->role, "leader");
    assert_int_equal(a->alg, SIGNATURE_SM2_SM3);
    assert_int_equal(a->cert_sha256[0], 0x0f);
    assert_int_equal(a->cert_sha256[31], 0xdd);
    assert_string_equal(approved_at, "2026-11-21T08:30:00Z");
    assert_int_equal(a->subject, APPROVAL_SUBJECT_GRANT);
    assert_memory_equal(a->subject_id.octets, id, sizeof(id));
    assert_int_equal(a->subject_numbers[0], 3);
    assert_int_equal(a->subject_length, 644);
    assert_int_equal(a->subject_sha256[0], 0x5d);
    assert_int_equal(a->signature_size, sizeof(signature));
    assert_memory_equal(a->signature, signature, sizeof(signature));
    assert_int_equal(a->header_size, strstr(sample_approval, "signature:") - sample_approval);
}

static void test_subjects(void **state)
{
    static const struct {
        const char *line;
        enum approval_subject subject;
        uint32_t numbers[2];
    } good[] = {
        {"subject: grant " ID " 2147483647", APPROVAL_SUBJECT_GRANT, {2147483647, 0}},
        {"subject: trust 4", APPROVAL_SUBJECT_TRUST, {4, 0}},
        {"subject: revocation " ID, APPROVAL_SUBJECT_REVOCATION, {0, 0}},
        {"subject: status 4 17", APPROVAL_SUBJECT_STATUS, {4, 17}},
    };
    static const char *const bad[] = {"grant " ID,
                                      "grant " ID " 0",
                                      "grant " ID " 03",
                                      "grant 3 " ID,
                                      "grant " ID " 3 3",
                                      "grant  " ID " 3",
                                      "trust",
                                      "trust 0",
                                      "trust 4 4",
                                      "trust " ID,
                                      "revocation",
                                      "revocation " ID " 1",
                                      "revocation 1",
                                      "status 4",
                                      "status 4 0",
                                      "status 4 17 1",
                                      "Grant " ID " 3",
                                      "incident " ID,
                                      "4"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        cleanup_free char *text = sample_edit(sample_approval, SUBJECT, good[i].line);
        cleanup(approval_free_p) struct approval *a = parse(text);

        assert_int_equal(a->subject, good[i].subject);
        assert_int_equal(a->subject_numbers[0], good[i].numbers[0]);
        assert_int_equal(a->subject_numbers[1], good[i].numbers[1]);
        sample_edit_accepted(APPROVAL, SUBJECT, good[i].line);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        cleanup_free char *line = NULL;

        assert_true(asprintf(&line, "subject: %s", bad[i]) > 0);
        sample_edit_refused(APPROVAL, SUBJECT, line, 8, "is not `grant ID VERSION`");
    }
}

static void test_values(void **state)
{
    static const char *const algorithms[] = {"ed25519", "ecdsa-p256-sha256", "rsa-pss-sha256"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
        cleanup_free char *line = NULL;

        assert_true(asprintf(&line, "alg: %s", algorithms[i]) > 0);
        sample_edit_accepted(APPROVAL, "alg: sm2-sm3", line);
    }
    sample_edit_refused(APPROVAL, "alg: sm2-sm3", "alg: SM2-SM3", 5, "not an algorithm");
    sample_edit_refused(APPROVAL, "alg: sm2-sm3", "alg: rsa-sha256", 5, "not an algorithm");
    sample_edit_refused(APPROVAL, "alg: sm2-sm3", "alg: none", 5, "not an algorithm");
    sample_edit_accepted(APPROVAL, "role: leader", "role: a2345678901234567890123456789-12");
    sample_edit_refused(APPROVAL, "role: leader", "role: a23456789012345678901234567890123", 4, "not a role");
    sample_edit_refused(APPROVAL, "role: leader", "role: Leader", 4, "not a role");
    sample_edit_refused(APPROVAL, "role: leader", "role: 1leader", 4, "not a role");
    sample_edit_refused(APPROVAL, "role: leader", "role: leader,unit", 4, "not a role");
    sample_edit_accepted(APPROVAL, "role: leader", "role: revoker");
    sample_edit_refused(APPROVAL, "cert-sha256: 0fce", "cert-sha256: 0FCE", 6, "not a SHA-256");
    sample_edit_refused(APPROVAL, "cert-sha256: 0fce", "cert-sha256: 0fc", 6, "not a SHA-256");
    sample_edit_refused(APPROVAL, "subject-sha256: 5d", "subject-sha256: 5d00", 10, "not a SHA-256");
    sample_edit_refused(APPROVAL, "approved-at: 2026-11-21T08:30:00Z", "approved-at: now", 7, "not a time");
}

static void test_subject_length(void **state)
{
    (void)state;
    sample_edit_accepted(APPROVAL, "subject-length: 644", "subject-length: 16384");
    sample_edit_refused(APPROVAL, "subject-length: 644", "subject-length: 16385", 9, "more than a subject");
    sample_edit_refused(APPROVAL, "subject-length: 644", "subject-length: 0", 9, "not a whole number");
    sample_edit_accepted(APPROVAL, SUBJECT "\nsubject-length: 644",
                         "subject: trust 4\nsubject-length: 1048576");
    sample_edit_accepted(APPROVAL, SUBJECT "\nsubject-length: 644",
                         "subject: status 4 1\nsubject-length: 1048576");
    sample_edit_refused(APPROVAL, SUBJECT "\nsubject-length: 644",
                        "subject: trust 4\nsubject-length: 1048577", 9, "more than a subject");
}

/* 1024 octets are 1368 characters with two of padding. */
static void test_signature(void **state)
{
    char line[2000] = "signature: ";
    size_t start = strlen(line);

    (void)state;
    memset(line + start, 'A', 1366);
    memcpy(line + start + 1366, "==", 3);
    sample_edit_accepted(APPROVAL, "signature: MEYCIQ==", line);
    memcpy(line + start + 1366, "A=", 3);
    sample_edit_refused(APPROVAL, "signature: MEYCIQ==", line, 11, "has 1025 octets, more than 1024");
    sample_edit_refused(APPROVAL, "signature: MEYCIQ==", "signature: MEYCIR==", 11, "not canonical base64");
    sample_edit_refused(APPROVAL, "signature: MEYCIQ==", "signature: MEYCIQ", 11, "not canonical base64");
    sample_edit_refused(APPROVAL, "signature: MEYCIQ==", "signature: MEYC IQ==", 11, "not canonical base64");
    sample_edit_refused(APPROVAL, "signature: MEYCIQ==", "signature: ====", 11, "not canonical base64");
    sample_edit_refused(APPROVAL, "signature: MEYCIQ==", "signature: ME-_", 11, "not canonical base64");
}

/* --- what is signed ---------------------------------------------------------------------------------- */

static const char subject[] = "hufu-grant: 1\nthe rest of it\n";

static struct approval *parse_for_subject(char **text)
{
    cleanup_free char *line = NULL;

    assert_true(asprintf(&line, "subject-length: %zu", strlen(subject)) > 0);
    *text = sample_edit(sample_approval, "subject-length: 644", line);
    return parse(*text);
}

static void test_signed_octets(void **state)
{
    cleanup_free char *text = NULL, *expected = NULL;
    cleanup(approval_free_p) struct approval *a = parse_for_subject(&text);
    cleanup_free uint8_t *of = NULL, *written = NULL;
    size_t of_size, written_size;
    struct approval unsigned_yet = *a;

    (void)state;
    assert_true(asprintf(&expected, "%.*s\n%s", (int)(strstr(text, "signature:") - text), text, subject) > 0);
    assert_int_equal(approval_tbs_of(text, a, subject, strlen(subject), &of, &of_size), 0);
    assert_int_equal(of_size, strlen(expected));
    assert_memory_equal(of, expected, of_size);
    unsigned_yet.signature = NULL;
    unsigned_yet.signature_size = 0;
    assert_int_equal(
        approval_write_tbs(&unsigned_yet, subject, strlen(subject), &written, &written_size, NULL), 0);
    assert_int_equal(written_size, of_size);
    assert_memory_equal(written, of, of_size);
}

/* The received octets are what is verified, whatever the parsed value says. */
static void test_signed_octets_are_those_received(void **state)
{
    cleanup_free char *text = NULL;
    cleanup(approval_free_p) struct approval *a = parse_for_subject(&text);
    cleanup_free uint8_t *of = NULL;
    size_t of_size;

    (void)state;
    a->role = "unit";
    a->approved_at = 0;
    assert_int_equal(approval_tbs_of(text, a, subject, strlen(subject), &of, &of_size), 0);
    assert_memory_equal(of, text, a->header_size);
}

static void test_wrong_length_has_no_signed_octets(void **state)
{
    cleanup_free char *text = NULL;
    cleanup(approval_free_p) struct approval *a = parse_for_subject(&text);
    struct document_error error = {0};
    struct approval made = *a;
    uint8_t *octets = (uint8_t *)text;
    size_t size = 1;

    (void)state;
    assert_int_equal(approval_tbs_of(text, a, subject, strlen(subject) - 1, &octets, &size), -EINVAL);
    assert_null(octets);
    assert_int_equal(size, 0);
    octets = (uint8_t *)text;
    size = 1;
    error.line = 7;
    assert_int_equal(approval_write_tbs(a, subject, strlen(subject) - 1, &octets, &size, &error), -EINVAL);
    assert_non_null(strstr(error.reason, "subject-length"));
    assert_int_equal(error.line, 0); /* it has none yet */
    assert_null(octets);
    assert_int_equal(size, 0);
    /* A value that was never parsed has no received header. */
    made.header_size = 0;
    assert_int_equal(approval_tbs_of(text, &made, subject, strlen(subject), &octets, &size), -EINVAL);
}

static void test_what_has_no_text_is_not_written(void **state)
{
    cleanup(approval_free_p) struct approval *valid = parse(sample_approval);
    struct document_error error = {0};
    struct approval a;
    uint8_t *octets;
    size_t size;
    char *text;

    (void)state;
#define REFUSED(part, change)                                                                 \
    do {                                                                                      \
        a = *valid;                                                                           \
        change;                                                                               \
        text = (char *)"";                                                                    \
        error = (struct document_error){0};                                                   \
        assert_int_equal(approval_write(&a, &text, &error), -EINVAL);                         \
        assert_null(text);                                                                    \
        assert_non_null(strstr(error.reason, part));                                          \
        if (strcmp(part, "signature:") != 0)                                                  \
            assert_int_equal(approval_write_tbs(&a, "", 0, &octets, &size, &error), -EINVAL); \
    } while (0)
    REFUSED("signature:", a.signature = NULL);
    REFUSED("signature:", a.signature_size = 0);
    REFUSED("site:", a.site = NULL);
    REFUSED("approver:", a.approver = "a\nrole: leader");
    REFUSED("role:", a.role = "Leader");
    REFUSED("alg:", a.alg = (enum signature_algorithm)0);
    REFUSED("alg:", a.alg = (enum signature_algorithm)5);
    REFUSED("subject:", a.subject = (enum approval_subject)0);
    REFUSED("subject:", a.subject_numbers[0] = 0);
    REFUSED("subject-length:", a.subject_length = 0);
    REFUSED("approved-at:", a.approved_at = WHEN_NEVER);
#undef REFUSED
}

static void test_algorithm_names(void **state)
{
    enum signature_algorithm alg;

    (void)state;
    assert_string_equal(signature_algorithm_name(SIGNATURE_ED25519), "ed25519");
    assert_null(signature_algorithm_name((enum signature_algorithm)0));
    assert_int_equal(signature_algorithm_from_name("ed25519!", 7, &alg), 0);
    assert_int_equal(alg, SIGNATURE_ED25519);
    assert_int_equal(signature_algorithm_from_name("ed25519", 6, &alg), -EINVAL);
    assert_int_equal(signature_algorithm_from_name("", 0, &alg), -EINVAL);
    assert_null(approval_free(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_member),
        cmocka_unit_test(test_subjects),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_subject_length),
        cmocka_unit_test(test_signature),
        cmocka_unit_test(test_signed_octets),
        cmocka_unit_test(test_signed_octets_are_those_received),
        cmocka_unit_test(test_wrong_length_has_no_signed_octets),
        cmocka_unit_test(test_what_has_no_text_is_not_written),
        cmocka_unit_test(test_algorithm_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
