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

static struct trust_verdict_key key(const struct trust_set *t, const char *document,
                                    const char *const *approvals, size_t n)
{
    struct octets octets[APPROVALS_MAX];
    struct trust_verdict_key k;

    for (size_t i = 0; i < n; i++)
        octets[i] = octets_of(approvals[i]);
    assert_int_equal(trust_verdict_key_of(t, octets_of(document), octets, n, &k), 0);
    return k;
}

static bool same(struct trust_verdict_key a, struct trust_verdict_key b)
{
    return memcmp(a.octets, b.octets, sizeof(a.octets)) == 0;
}

static void test_key_of_each_component(void **state)
{
    cleanup(trust_set_free_p) struct trust_set *t = load(((struct department *)*state)->trust);
    const char *const ab[] = {"a", "b"}, *const ba[] = {"b", "a"}, *const ac[] = {"a", "c"};
    const char *const joined[] = {"ab"}, *const shifted[] = {"", "ab"}, *const three[] = {"a", "b", ""};
    struct trust_verdict_key k = key(t, "document", ab, 2);

    assert_true(same(key(t, "document", ab, 2), k));
    assert_true(same(key(t, "document", ba, 2), k));
    assert_false(same(key(t, "documenu", ab, 2), k));
    assert_false(same(key(t, "document", ac, 2), k));
    assert_false(same(key(t, "document", ab, 1), k));
    assert_false(same(key(t, "document", joined, 1), k));
    assert_false(same(key(t, "document", shifted, 2), k));
    assert_false(same(key(t, "document", three, 3), k));
    assert_false(same(key(t, "documenta", &ab[1], 1), k));
}

/* One that is never looked at changes nothing. */
static void test_key_of_more_than_are_looked_at(void **state)
{
    cleanup(trust_set_free_p) struct trust_set *t = load(((struct department *)*state)->trust);
    const char *const nine[] = {"1", "2", "3", "4", "5", "6", "7", "8", "0"};

    assert_true(same(key(t, "document", nine, 9), key(t, "document", nine, 8)));
}

static void test_key_of_another_trust_file(void **state)
{
    const struct department *d = *state;
    struct trust_plan plan = department_plan(d);
    cleanup(trust_set_free_p) struct trust_set *t = load(d->trust);
    const char *const approvals[] = {"a"};
    struct trust_verdict_key k = key(t, "document", approvals, 1);

    plan.epoch = 5;
    cleanup_free char *next = paper_trust(&plan);
    plan = department_plan(d);
    plan.until = "2027-10-01T00:00:00Z";
    cleanup_free char *shorter = paper_trust(&plan);
    cleanup(trust_set_free_p) struct trust_set *t_next = load(next);
    cleanup(trust_set_free_p) struct trust_set *t_shorter = load(shorter);
    cleanup(trust_set_free_p) struct trust_set *t_again = load(d->trust);
    assert_false(same(key(t_next, "document", approvals, 1), k));
    assert_false(same(key(t_shorter, "document", approvals, 1), k));
    assert_true(same(key(t_again, "document", approvals, 1), k));
}

/* A libcrypto that was repaired verifies everything anew. */
static void test_key_of_another_library(void **state)
{
    const struct department *d = *state;
    cleanup(trust_set_free_p) struct trust_set *t = load(d->trust);
    const char *const approvals[] = {"a"};

    repaired = true;
    cleanup(trust_set_free_p) struct trust_set *later = load(d->trust);
    repaired = false;
    assert_false(same(key(later, "document", approvals, 1), key(t, "document", approvals, 1)));
}

static const struct trust_verdict sample = {.n = 5,
                                            .approvals = {{SIGNATURE_COUNTED, 63, 16},
                                                          {SIGNATURE_BAD, 0, 1},
                                                          {SIGNATURE_MALFORMED, 0, 0},
                                                          {SIGNATURE_OTHER_SUBJECT, 0, 0},
                                                          {SIGNATURE_UNKNOWN_APPROVER, 0, 0}}};
static const struct trust_verdict_key sample_key = {{1, 2, 3}};

static void test_written_and_read(void **state)
{
    uint8_t octets[VERDICT_SIZE_MAX];
    struct trust_verdict v;
    size_t size = 0;

    (void)state;
    assert_int_equal(trust_verdict_encode(&sample, &sample_key, octets, &size), 0);
    assert_int_equal(size, 2 + 3 * 5 + VERDICT_CHECKSUM_SIZE);
    assert_memory_equal(octets, "\1\5G\77\20b\0\1m\0\0s\0\0u\0\0", 17);
    assert_int_equal(trust_verdict_decode(octets, size, &sample_key, &v), 0);
    assert_memory_equal(&v, &sample, sizeof(v));
    struct trust_verdict full = sample;

    full.n = QUORUM_VOTES_MAX;
    for (size_t i = 5; i < QUORUM_VOTES_MAX; i++)
        full.approvals[i] = sample.approvals[0];
    assert_int_equal(trust_verdict_encode(&full, &sample_key, octets, &size), 0);
    assert_int_equal(size, VERDICT_SIZE_MAX);
    assert_int_equal(trust_verdict_decode(octets, size, &sample_key, &v), 0);
    assert_memory_equal(&v, &full, sizeof(v));
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
    uint8_t octets[VERDICT_SIZE_MAX + 1] = {0};
    struct trust_verdict_key other = sample_key;
    size_t size = 0;

    (void)state;
    assert_int_equal(trust_verdict_encode(&sample, &sample_key, octets, &size), 0);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        octets[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_damaged(octets, size, &sample_key);
        octets[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (size_t cut = 0; cut < size; cut++)
        assert_damaged(octets, cut, &sample_key);
    assert_damaged(octets, size + 1, &sample_key);
    other.octets[31] = 1;
    assert_damaged(octets, size, &other);
}

/* With a checksum that is right: what no encoder writes. */
static void assert_refused(const char *body, size_t size)
{
    uint8_t all[VERDICT_KEY_SIZE + VERDICT_SIZE_MAX + 64], sha256[32];

    memcpy(all, sample_key.octets, VERDICT_KEY_SIZE);
    memcpy(all + VERDICT_KEY_SIZE, body, size);
    assert_int_equal(digest_sha256(all, VERDICT_KEY_SIZE + size, sha256), 0);
    memcpy(all + VERDICT_KEY_SIZE + size, sha256, VERDICT_CHECKSUM_SIZE);
    assert_damaged(all + VERDICT_KEY_SIZE, size + VERDICT_CHECKSUM_SIZE, &sample_key);
}

static void test_strict(void **state)
{
    (void)state;
    assert_refused("\2\1G\0\0", 5);  /* another format */
    assert_refused("\1\2G\0\0", 5);  /* fewer than it says */
    assert_refused("\1\0G\0\0", 5);  /* more */
    assert_refused("\1\1g\0\0", 5);  /* no such letter */
    assert_refused("\1\1\1\0\0", 5); /* the enum's number is no letter */
    assert_refused("\1\1m\1\0", 5);  /* nobody signed what is malformed */
    assert_refused("\1\1u\0\1", 5);
    assert_refused("\1\11G\0\0G\0\0G\0\0G\0\0G\0\0G\0\0G\0\0G\0\0G\0\0", 29); /* nine */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_of_each_component),
        cmocka_unit_test(test_key_of_more_than_are_looked_at),
        cmocka_unit_test(test_key_of_another_trust_file),
        cmocka_unit_test(test_key_of_another_library),
        cmocka_unit_test(test_written_and_read),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_strict),
    };

    return cmocka_run_group_tests(tests, setup_department, teardown_department);
}
