// LAYERS: test_support
// LIBRARIES: libcrypto
// LINK: -Wl,--wrap=OpenSSL_version

#include "broker/trust/digest.h"
#include "broker/trust/verdict.h"
#include "tests/unit/broker/trust/question.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

/* What a verdict is kept under, and how it is written. */

static bool repaired; /* a distribution has repaired libcrypto, whose version stays */

const char *__real_OpenSSL_version(int what);
const char *__wrap_OpenSSL_version(int what);
const char *__wrap_OpenSSL_version(int what)
{
    return repaired && what == OPENSSL_BUILT_ON ? "built on: another day" : __real_OpenSSL_version(what);
}

static struct octets octets_of(const char *text)
{
    return (struct octets){(const uint8_t *)text, strlen(text)};
}

static struct trust_set *load(const char *text)
{
    struct trust_set *t = NULL;

    assert_int_equal(trust_set_new(text, strlen(text), &t, NULL), 0);
    return t;
}

static struct trust_verdict_key key(const struct trust_set *t, const char *document, const char *approval)
{
    struct subject subject = {.octets = octets_of(document)};
    struct trust_verdict_key k;

    assert_int_equal(digest_sha256(document, strlen(document), subject.sha256), 0);
    assert_int_equal(trust_verdict_key_of(t, &subject, octets_of(approval), &k), 0);
    return k;
}

static bool same(struct trust_verdict_key a, struct trust_verdict_key b)
{
    return memcmp(a.octets, b.octets, sizeof(a.octets)) == 0;
}

static void test_key_of_each_component(void **state)
{
    cleanup(trust_set_free_p) struct trust_set *t = load(((struct department *)*state)->trust);
    struct trust_verdict_key k = key(t, "document", "approval");

    assert_true(same(key(t, "document", "approval"), k));
    assert_false(same(key(t, "documenu", "approval"), k));
    assert_false(same(key(t, "document", "approvam"), k));
    assert_false(same(key(t, "document", ""), k));
    assert_false(same(key(t, "documenta", "pproval"), k));
    assert_false(same(key(t, "approval", "document"), k));
}

static void test_key_of_another_trust_file(void **state)
{
    const struct department *d = *state;
    struct trust_plan plan = department_plan(d);
    cleanup(trust_set_free_p) struct trust_set *t = load(d->trust);
    struct trust_verdict_key k = key(t, "document", "approval");

    plan.epoch = 5;
    cleanup_free char *next = paper_trust(&plan);
    plan = department_plan(d);
    plan.until = "2027-10-01T00:00:00Z";
    cleanup_free char *shorter = paper_trust(&plan);
    cleanup(trust_set_free_p) struct trust_set *t_next = load(next);
    cleanup(trust_set_free_p) struct trust_set *t_shorter = load(shorter);
    cleanup(trust_set_free_p) struct trust_set *t_again = load(d->trust);
    assert_false(same(key(t_next, "document", "approval"), k));
    assert_false(same(key(t_shorter, "document", "approval"), k));
    assert_true(same(key(t_again, "document", "approval"), k));
}

/* A libcrypto that was repaired verifies everything anew. */
static void test_key_of_another_library(void **state)
{
    const struct department *d = *state;
    cleanup(trust_set_free_p) struct trust_set *t = load(d->trust);

    repaired = true;
    cleanup(trust_set_free_p) struct trust_set *later = load(d->trust);
    repaired = false;
    assert_false(same(key(later, "document", "approval"), key(t, "document", "approval")));
}

static const struct trust_verdict samples[] = {{SIGNATURE_COUNTED, 63, 16},
                                               {SIGNATURE_BAD, 0, 1},
                                               {SIGNATURE_MALFORMED, 0, 0},
                                               {SIGNATURE_OTHER_SUBJECT, 0, 0},
                                               {SIGNATURE_UNKNOWN_APPROVER, 0, 0}};
static const struct trust_verdict_key sample_key = {{1, 2, 3}};

static void test_written_and_read(void **state)
{
    static const char *const bodies[] = {"\1G\77\20", "\1b\0\1", "\1m\0\0", "\1s\0\0", "\1u\0\0"};
    uint8_t octets[VERDICT_SIZE];
    struct trust_verdict v;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
        assert_int_equal(trust_verdict_encode(&samples[i], &sample_key, octets), 0);
        assert_memory_equal(octets, bodies[i], 4);
        assert_int_equal(trust_verdict_decode(octets, sizeof(octets), &sample_key, &v), 0);
        assert_memory_equal(&v, &samples[i], sizeof(v));
    }
}

static void assert_damaged(const uint8_t *octets, size_t size, const struct trust_verdict_key *k)
{
    const struct trust_verdict nothing = {0};
    struct trust_verdict v;

    memset(&v, 0xa5, sizeof(v));
    assert_int_equal(trust_verdict_decode(octets, size, k, &v), -EBADMSG);
    assert_memory_equal(&v, &nothing, sizeof(v));
}

/* No bit can be lost, no octet, and no row can come to lie under another key. */
static void test_damage(void **state)
{
    uint8_t octets[VERDICT_SIZE + 1] = {0};
    struct trust_verdict_key other = sample_key;

    (void)state;
    assert_int_equal(trust_verdict_encode(&samples[0], &sample_key, octets), 0);
    for (size_t bit = 0; bit < (size_t)8 * VERDICT_SIZE; bit++) {
        octets[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_damaged(octets, VERDICT_SIZE, &sample_key);
        octets[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (size_t cut = 0; cut < VERDICT_SIZE; cut++)
        assert_damaged(octets, cut, &sample_key);
    assert_damaged(octets, VERDICT_SIZE + 1, &sample_key);
    other.octets[31] = 1;
    assert_damaged(octets, VERDICT_SIZE, &other);
}

/* With a checksum that is right: what no encoder writes. */
static void assert_refused(const char *body)
{
    uint8_t all[VERDICT_KEY_SIZE + VERDICT_SIZE], sha256[32];

    memcpy(all, sample_key.octets, VERDICT_KEY_SIZE);
    memcpy(all + VERDICT_KEY_SIZE, body, 4);
    assert_int_equal(digest_sha256(all, VERDICT_KEY_SIZE + 4, sha256), 0);
    memcpy(all + VERDICT_KEY_SIZE + 4, sha256, VERDICT_CHECKSUM_SIZE);
    assert_damaged(all + VERDICT_KEY_SIZE, VERDICT_SIZE, &sample_key);
}

static void test_strict(void **state)
{
    (void)state;
    assert_refused("\2G\0\0");  /* another format */
    assert_refused("\1g\0\0");  /* no such letter */
    assert_refused("\1\1\0\0"); /* the enum's number is no letter */
    assert_refused("\1\0\0\0");
    assert_refused("\1m\1\0"); /* nobody signed what is malformed */
    assert_refused("\1s\1\0");
    assert_refused("\1s\0\1");
    assert_refused("\1u\0\1");
}

/* What is no outcome of a signature by itself is written as nothing that can be read. */
static void test_no_verdict_to_write(void **state)
{
    const struct trust_verdict odd[] = {
        {0, 0, 0}, {SIGNATURE_CERTIFICATE, 0, 0}, {SIGNATURE_DUPLICATE, 0, 0}};
    uint8_t octets[VERDICT_SIZE];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
        assert_int_equal(trust_verdict_encode(&odd[i], &sample_key, octets), 0);
        assert_damaged(octets, VERDICT_SIZE, &sample_key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_of_each_component),
        cmocka_unit_test(test_key_of_another_trust_file),
        cmocka_unit_test(test_key_of_another_library),
        cmocka_unit_test(test_written_and_read),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_strict),
        cmocka_unit_test(test_no_verdict_to_write),
    };

    return cmocka_run_group_tests(tests, setup_department, teardown_department);
}
