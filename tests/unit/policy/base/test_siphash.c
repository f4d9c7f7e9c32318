/* Test vectors of the SipHash reference implementation (key 00 01 .. 0f, input 00 01 .. n-1). */
#include "policy/base/cleanup.h"
#include "policy/base/siphash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_reference_vectors(void **state)
{
    static const struct {
        size_t size;
        uint64_t hash;
    } vectors[] = {
        {0, 0x726fdb47dd0e0e31},  {1, 0x74f839c593dc67fd},  {2, 0x0d6c8009d9a94f5a},
        {7, 0xab0200f58b01d137},  {8, 0x93f5f5799a932462},  {9, 0x9e0082df0ba9e4b0},
        {15, 0xa129ca6149be45e5}, {16, 0x3f2acc7f57c29bdb}, {63, 0x958a324ceb064572},
    };
    uint8_t key[SIPHASH_KEY_SIZE], input[64];

    (void)state;
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof input; i++)
        input[i] = (uint8_t)i;
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
        assert_int_equal(siphash(key, input, vectors[i].size), vectors[i].hash);
}

/* A key is SIPHASH_KEY_SIZE octets, wherever it lies. */
static void test_what_stands_behind_the_key_counts_nothing(void **state)
{
    uint8_t keys[2 * SIPHASH_KEY_SIZE] = {[SIPHASH_KEY_SIZE] = 0xff};
    static const uint8_t key[SIPHASH_KEY_SIZE];

    (void)state;
    assert_true(siphash(keys, "zhang.san", 9) == siphash(key, "zhang.san", 9));
    keys[SIPHASH_KEY_SIZE] = 0x55;
    assert_true(siphash(keys, "zhang.san", 9) == siphash(key, "zhang.san", 9));
}

static void test_key_changes_the_hash(void **state)
{
    uint8_t a[SIPHASH_KEY_SIZE] = {0}, b[SIPHASH_KEY_SIZE] = {[15] = 1};

    (void)state;
    assert_int_not_equal(siphash(a, "zhang.san", 9), siphash(b, "zhang.san", 9));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference_vectors),
        cmocka_unit_test(test_key_changes_the_hash),
        cmocka_unit_test(test_what_stands_behind_the_key_counts_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
