// LAYERS: test_support
// LIBRARIES: libcrypto

#include "broker/trust/verdict_cache.h"
#include "tests/unit/unit.h"

#include <string.h>

static struct trust_verdict_key key_of(uint32_t n)
{
    struct trust_verdict_key k = {{0}};

    memcpy(k.octets, &(uint32_t){n * 2654435761U}, sizeof(n));
    memcpy(k.octets + 8, &n, sizeof(n));
    return k;
}

static struct trust_verdict verdict_of(uint32_t n)
{
    return (struct trust_verdict){SIGNATURE_COUNTED, (uint8_t)n, (uint8_t)(n >> 8)};
}

static void put(struct verdict_cache *c, uint32_t n)
{
    struct trust_verdict_key k = key_of(n);
    struct trust_verdict v = verdict_of(n);

    verdict_cache_put(c, &k, &v);
}

static bool has(struct verdict_cache *c, uint32_t n)
{
    struct trust_verdict_key k = key_of(n);
    struct trust_verdict expected = verdict_of(n), v;

    memset(&v, 0xa5, sizeof(v));
    if (!verdict_cache_find(c, &k, &v)) {
        expected = (struct trust_verdict){0};
        assert_memory_equal(&v, &expected, sizeof(v));
        return false;
    }
    assert_memory_equal(&v, &expected, sizeof(v));
    return true;
}

static void test_found_as_put(void **state)
{
    struct verdict_cache *c;

    (void)state;
    assert_int_equal(verdict_cache_new(10000, &c), 0);
    assert_false(has(c, 1));
    for (uint32_t n = 0; n < 5000; n++)
        put(c, n);
    for (uint32_t n = 0; n < 5000; n++)
        assert_true(has(c, n));
    assert_false(has(c, 5000));
    assert_int_equal(verdict_cache_count(c), 5000);
    verdict_cache_free(c);
}

/* Same first octets: the rest tells them apart. */
static void test_colliding_keys(void **state)
{
    struct verdict_cache *c;

    (void)state;
    assert_int_equal(verdict_cache_new(1000, &c), 0);
    for (uint32_t n = 0; n < 100; n++) {
        struct trust_verdict_key k = {.octets = {[31] = (uint8_t)n}};
        struct trust_verdict v = verdict_of(n);

        verdict_cache_put(c, &k, &v);
    }
    for (uint32_t n = 0; n < 200; n++) {
        struct trust_verdict_key k = {.octets = {[31] = (uint8_t)n}};
        struct trust_verdict v;

        assert_int_equal(verdict_cache_find(c, &k, &v), n < 100);
        assert_int_equal(v.signer, n < 100 ? n : 0);
    }
    verdict_cache_free(c);
}

/* Junk without end takes no more memory, and pushes out nothing that is asked for meanwhile. */
static void test_bounded(void **state)
{
    struct verdict_cache *c;

    (void)state;
    assert_int_equal(verdict_cache_new(100, &c), 0);
    put(c, 0);
    put(c, 1);
    for (uint32_t n = 2; n < 20000; n++) {
        put(c, n);
        assert_true(verdict_cache_count(c) <= 100);
        if (n % 40 == 0)
            assert_true(has(c, 0));
    }
    assert_true(has(c, 0));
    assert_false(has(c, 1));
    for (uint32_t n = 19951; n < 20000; n++)
        assert_true(has(c, n));
    verdict_cache_free(c);
}

/* A fifth more is as much more. */
static void test_reserve_a_little(void **state)
{
    struct verdict_cache *c;

    (void)state;
    assert_int_equal(verdict_cache_new(100, &c), 0);
    verdict_cache_reserve(c, 120);
    for (uint32_t n = 0; n < 110; n++)
        put(c, n);
    assert_true(has(c, 0));
    verdict_cache_free(c);
}

/* Nothing is known any more, and there is other room. */
static void test_forget(void **state)
{
    struct verdict_cache *c;

    (void)state;
    assert_int_equal(verdict_cache_new(10, &c), 0);
    for (uint32_t n = 0; n < 8; n++) /* some of them are old by then */
        put(c, n);
    verdict_cache_forget(c, 100);
    assert_int_equal(verdict_cache_count(c), 0);
    for (uint32_t n = 0; n < 8; n++)
        assert_false(has(c, n));
    for (uint32_t n = 0; n < 100; n++)
        put(c, n);
    assert_int_equal(verdict_cache_count(c), 100);
    assert_true(has(c, 0));
    verdict_cache_free(c);
}

/* As many as there are, all in one part: what is not there is looked for, and not found. */
static void test_one_part(void **state)
{
    struct verdict_cache *c;

    (void)state;
    assert_int_equal(verdict_cache_new(10000, &c), 0);
    for (uint32_t n = 0; n < 64 * 1000; n += 64) {
        put(c, n);
        assert_true(has(c, n));
        assert_false(has(c, n + 64));
    }
    verdict_cache_free(c);
}

static void test_let_go_of_one(void **state)
{
    struct verdict_cache *c;

    (void)state;
    assert_int_equal(verdict_cache_new(100, &c), 0);
    put(c, 1);
    assert_true(verdict_cache_let_go(c));
    assert_false(verdict_cache_let_go(c));
    assert_int_equal(verdict_cache_count(c), 0);
    assert_false(has(c, 1));
    put(c, 1);
    assert_true(has(c, 1));
    verdict_cache_free(c);
}

/* Part by part, also of what is old; there is room for as many as before. */
static void test_let_go(void **state)
{
    struct verdict_cache *c;
    size_t before;

    (void)state;
    assert_int_equal(verdict_cache_new(2000, &c), 0);
    assert_false(verdict_cache_let_go(c));
    for (uint32_t n = 0; n < 1500; n++)
        put(c, n);
    assert_int_equal(before = verdict_cache_count(c), 1500);
    while (verdict_cache_let_go(c)) {
        size_t left = verdict_cache_count(c);

        assert_true(left < before && before - left < 100);
        before = left;
    }
    assert_int_equal(before, 0);
    for (uint32_t n = 0; n < 1500; n++)
        put(c, n);
    assert_int_equal(verdict_cache_count(c), 1500);
    for (uint32_t n = 1000; n < 1500; n++)
        assert_true(has(c, n));
    verdict_cache_free(c);
}

static void test_reserve(void **state)
{
    struct verdict_cache *c;

    (void)state;
    assert_int_equal(verdict_cache_new(10, &c), 0);
    verdict_cache_reserve(c, 2000);
    verdict_cache_reserve(c, 10); /* never less */
    for (uint32_t n = 0; n < 1000; n++)
        put(c, n);
    for (uint32_t n = 0; n < 1000; n++)
        assert_true(has(c, n));
    verdict_cache_free(c);
}

static void test_replaced(void **state)
{
    struct trust_verdict_key k = key_of(7);
    struct trust_verdict bad = {SIGNATURE_BAD, 1, 2}, nothing = {0}, v;
    struct verdict_cache *c;

    (void)state;
    assert_int_equal(verdict_cache_new(10, &c), 0);
    put(c, 7);
    verdict_cache_put(c, &k, &bad);
    assert_true(verdict_cache_find(c, &k, &v));
    assert_memory_equal(&v, &bad, sizeof(v));
    assert_int_equal(verdict_cache_count(c), 1);
    verdict_cache_put(c, &k, &nothing); /* is no verdict */
    assert_true(verdict_cache_find(c, &k, &v));
    assert_int_equal(v.outcome, SIGNATURE_BAD);
    verdict_cache_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found_as_put),     cmocka_unit_test(test_colliding_keys),
        cmocka_unit_test(test_bounded),          cmocka_unit_test(test_reserve),
        cmocka_unit_test(test_reserve_a_little), cmocka_unit_test(test_forget),
        cmocka_unit_test(test_one_part),         cmocka_unit_test(test_let_go_of_one),
        cmocka_unit_test(test_let_go),           cmocka_unit_test(test_replaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
