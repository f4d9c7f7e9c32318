#include "broker/common/sizes.h"
#include "policy/base/cleanup.h"
#include "tests/unit/unit.h"

static void test_text(void **state)
{
    static const struct {
        uint64_t octets;
        const char *text;
    } cases[] = {
        {0, "0 B"},
        {1023, "1023 B"},
        {1024, "1 KiB"},
        {1024 * 1024 - 1, "1023.9 KiB"},
        {(uint64_t)64 << 20, "64 MiB"},
        {((uint64_t)63 << 20) + ((uint64_t)512 << 10), "63.5 MiB"},
        {(uint64_t)74 << 30, "74 GiB"},
        {UINT64_MAX, "15.9 EiB"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char text[SIZES_TEXT_SIZE];

        sizes_format(cases[i].octets, text);
        assert_string_equal(text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_text)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
