/*
 * Strict UTF-8, and characters that cannot be seen.
 */
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"
#include "policy/base/unicode.h"
#include "tests/unit/unit.h"

#include <string.h>

/* RFC 3629, by the book. Returns the length. */
static size_t encode(uint32_t c, char text[static 4])
{
    if (c < 0x80) {
        text[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        text[0] = (char)(0xc0 | c >> 6);
        text[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        text[0] = (char)(0xe0 | c >> 12);
        text[1] = (char)(0x80 | (c >> 6 & 0x3f));
        text[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    text[0] = (char)(0xf0 | c >> 18);
    text[1] = (char)(0x80 | (c >> 12 & 0x3f));
    text[2] = (char)(0x80 | (c >> 6 & 0x3f));
    text[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

static void test_every_code_point(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < 0x110000 + 0x1000; c++) {
        bool valid = c < 0x110000 && (c < 0xd800 || c > 0xdfff);
        char text[4];
        size_t length = encode(c, text);
        uint32_t taken;

        assert_int_equal(unicode_take(text, length, &taken), valid ? length : 0);
        assert_int_equal(taken, valid ? c : 0);
        assert_int_equal(unicode_take(text, length - 1, &taken), 0);
        assert_int_equal(ident_is_visible_text(text, length), valid && unicode_is_visible(c));
    }
}

/* Each sequence of three octets: accepted only if it is the encoding of what it is taken for. */
static void test_shortest_form_only(void **state)
{
    static const uint8_t seconds[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff};

    (void)state;
    for (unsigned first = 0; first < 256; first++)
        for (size_t i = 0; i < ARRAY_SIZE(seconds); i++)
            for (size_t k = 0; k < ARRAY_SIZE(seconds); k++) {
                const char text[] = {(char)first, (char)seconds[i], (char)seconds[k], (char)0xbf};
                char again[4];
                uint32_t c;
                size_t taken = unicode_take(text, 4, &c);

                if (taken == 0)
                    continue;
                assert_int_equal(encode(c, again), taken);
                assert_memory_equal(again, text, taken);
            }
}

static void test_nothing_is_no_character(void **state)
{
    uint32_t c = 7;

    (void)state;
    assert_int_equal(unicode_take("a", 0, &c), 0);
    assert_int_equal(c, 0);
}

struct range {
    uint32_t first;
    uint32_t last;
};

/* DerivedCoreProperties.txt of Unicode 15.1, Default_Ignorable_Code_Point. */
static const struct range default_ignorable[] = {
    {0xad, 0xad},       {0x34f, 0x34f},     {0x61c, 0x61c},   {0x115f, 0x1160}, {0x17b4, 0x17b5},
    {0x180b, 0x180f},   {0x200b, 0x200f},   {0x202a, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164},
    {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0}, {0xfff0, 0xfff8}, {0x1bca0, 0x1bca3},
    {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

/* General categories Cc, Cf, Cs, Co, Zl, Zp, and Zs but for the blank. */
static const struct range by_category[] = {
    {0x0, 0x1f},        {0x7f, 0x9f},     {0x600, 0x605},   {0x6dd, 0x6dd},     {0x70f, 0x70f},
    {0x890, 0x891},     {0x8e2, 0x8e2},   {0xfff9, 0xfffb}, {0x110bd, 0x110bd}, {0x110cd, 0x110cd},
    {0x13430, 0x1343f}, {0xd800, 0xdfff}, {0xe000, 0xf8ff}, {0xf0000, 0xffffd}, {0x100000, 0x10fffd},
    {0x2028, 0x2029},   {0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a},   {0x202f, 0x202f},
    {0x205f, 0x205f},   {0x3000, 0x3000}, {0xfdd0, 0xfdef}, {0x2800, 0x2800},
};

static void test_invisible(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(default_ignorable); i++)
        for (uint32_t c = default_ignorable[i].first; c <= default_ignorable[i].last; c++)
            assert_false(unicode_is_visible(c));
    for (size_t i = 0; i < ARRAY_SIZE(by_category); i++)
        for (uint32_t c = by_category[i].first; c <= by_category[i].last; c++)
            assert_false(unicode_is_visible(c));
    for (uint32_t plane = 0; plane <= 0x10; plane++) {
        assert_false(unicode_is_visible(plane << 16 | 0xfffe));
        assert_false(unicode_is_visible(plane << 16 | 0xffff));
    }
    assert_false(unicode_is_visible(0x110000));
    assert_false(unicode_is_visible(UINT32_MAX));
}

/* Drawn as nothing, or as a stand-in for what was lost, although no property above says so. */
static const struct range as_nothing[] = {
    {0xfffc, 0xfffd}, {0x13441, 0x13442}, {0x16fe4, 0x16fe4}, {0x1d159, 0x1d159}};

static bool is_in(const struct range *ranges, size_t n, uint32_t c)
{
    for (size_t i = 0; i < n; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

/* All that is in no list is seen. */
static void test_nothing_else_is_invisible(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < 0x110000; c++) {
        bool listed = is_in(default_ignorable, ARRAY_SIZE(default_ignorable), c) ||
                      is_in(by_category, ARRAY_SIZE(by_category), c) ||
                      is_in(as_nothing, ARRAY_SIZE(as_nothing), c) || (c & 0xfffe) == 0xfffe;

        if (unicode_is_visible(c) == listed)
            fail_msg("U+%04X", c);
    }
}

/* What people write must pass: the neighbours of each range, and texts. */
static void test_visible(void **state)
{
    static const uint32_t visible[] = {0x20,   0x7e,   0xa1,   0xac,         0xae,    0x34e,   0x350,  0x61b,
                                       0x61d,  0x1100, 0x1161, 0x200a + 0x6, 0x2027,  0x2030,  0x2070, 0x27ff,
                                       0x2801, 0x3001, 0x4e00, 0x9fff,       0xac00,  0xd7a3,  0xf900, 0xfe10,
                                       0xfe70, 0xff01, 0xff9f, 0xffa1,       0x1f512, 0x20000, 0x3134a};
    static const char *const texts[] = {
        "",        " ",   "更换数据库存储阵列控制器", "Größe prüfen", "Привет", "日本語です。", "한국어",
        "emoji 🔒", "a  b"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(visible); i++)
        if (!unicode_is_visible(visible[i]))
            fail_msg("U+%04X", visible[i]);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        assert_true(ident_is_visible_text(texts[i], strlen(texts[i])));
    assert_false(ident_is_visible_text("a\0b", 3));
    assert_false(ident_is_visible_text("a\tb", 3));
    assert_false(ident_is_visible_text("a\xe6\x9b", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_point),          cmocka_unit_test(test_shortest_form_only),
        cmocka_unit_test(test_nothing_is_no_character),   cmocka_unit_test(test_invisible),
        cmocka_unit_test(test_nothing_else_is_invisible), cmocka_unit_test(test_visible),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
