#include "policy/base/unicode.h"

#include "policy/base/cleanup.h"

/*
 * What is not visible, after Unicode 15.1: Cc, Cf, Co, Cs, Zl, Zp, every Zs but U+0020, noncharacters, all of
 * Default_Ignorable_Code_Point (which holds the variation selectors, the tags, the Hangul fillers and
 * reserved code points beside them), and a few that are drawn as nothing although no property says so. Code
 * points not yet assigned are drawn as a box, which is seen, and stay allowed: a host is not to depend on the
 * year of its tables.
 */
struct unicode_range {
    uint32_t first;
    uint32_t last;
};

/* Ascending. */
static const struct unicode_range invisible[] = {
    {0x00, 0x1f},       /* C0 controls */
    {0x7f, 0xa0},       /* DEL, C1 controls, no-break space */
    {0xad, 0xad},       /* soft hyphen */
    {0x34f, 0x34f},     /* combining grapheme joiner */
    {0x600, 0x605},     /* Arabic number signs (Cf) */
    {0x61c, 0x61c},     /* Arabic letter mark: bidi */
    {0x6dd, 0x6dd},     /* Arabic end of ayah (Cf) */
    {0x70f, 0x70f},     /* Syriac abbreviation mark (Cf) */
    {0x890, 0x891},     /* Arabic pound and piastre marks (Cf) */
    {0x8e2, 0x8e2},     /* Arabic disputed end of ayah (Cf) */
    {0x115f, 0x1160},   /* Hangul fillers */
    {0x1680, 0x1680},   /* Ogham space */
    {0x17b4, 0x17b5},   /* Khmer inherent vowels */
    {0x180b, 0x180f},   /* Mongolian variation selectors and vowel separator */
    {0x2000, 0x200f},   /* spaces, zero width, bidi marks */
    {0x2028, 0x202f},   /* line and paragraph separators, bidi embedding, narrow space */
    {0x205f, 0x206f},   /* mathematical space, word joiner, invisible operators, bidi isolates */
    {0x2800, 0x2800},   /* braille pattern without a dot */
    {0x3000, 0x3000},   /* ideographic space */
    {0x3164, 0x3164},   /* Hangul filler */
    {0xd800, 0xf8ff},   /* surrogates, private use */
    {0xfdd0, 0xfdef},   /* noncharacters */
    {0xfe00, 0xfe0f},   /* variation selectors */
    {0xfeff, 0xfeff},   /* byte order mark */
    {0xffa0, 0xffa0},   /* halfwidth Hangul filler */
    {0xfff0, 0xffff},   /* interlinear annotation, object and lost-character replacement, noncharacters */
    {0x110bd, 0x110bd}, /* Kaithi number sign (Cf) */
    {0x110cd, 0x110cd}, /* Kaithi number sign above (Cf) */
    {0x13430, 0x1343f}, /* Egyptian hieroglyph joiners */
    {0x13441, 0x13442}, /* Egyptian hieroglyph blanks */
    {0x16fe4, 0x16fe4}, /* Khitan small script filler */
    {0x1bca0, 0x1bca3}, /* shorthand format controls */
    {0x1d159, 0x1d159}, /* musical null notehead */
    {0x1d173, 0x1d17a}, /* musical beams and slurs */
    {0x1fffe, 0x1ffff}, /* noncharacters, up to plane 13 */
    {0x2fffe, 0x2ffff},    {0x3fffe, 0x3ffff}, {0x4fffe, 0x4ffff}, {0x5fffe, 0x5ffff}, {0x6fffe, 0x6ffff},
    {0x7fffe, 0x7ffff},    {0x8fffe, 0x8ffff}, {0x9fffe, 0x9ffff}, {0xafffe, 0xaffff}, {0xbfffe, 0xbffff},
    {0xcfffe, 0xcffff},    {0xdfffe, 0xdffff}, {0xe0000, 0xe0fff}, /* tags, variation selectors, reserved for
                                                                      their like */
    {0xefffe, UINT32_MAX}, /* noncharacters, private use planes; what is no code point */
};

bool unicode_is_visible(uint32_t code_point)
{
    for (size_t i = 0; i < ARRAY_SIZE(invisible) && invisible[i].first <= code_point; i++)
        if (code_point <= invisible[i].last)
            return false;
    return true;
}

size_t unicode_take(const char *text, size_t length, uint32_t *ret)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t value;
    size_t size;

    *ret = 0;
    if (length == 0)
        return 0;
    value = (uint8_t)text[0];
    if (value < 0x80)
        size = 1;
    else if (value >= 0xc2 && value < 0xe0)
        size = 2;
    else if (value >= 0xe0 && value < 0xf0)
        size = 3;
    else if (value >= 0xf0 && value < 0xf5)
        size = 4;
    else
        return 0;
    if (size > length)
        return 0;
    if (size > 1)
        value &= 0x7fU >> size;
    for (size_t i = 1; i < size; i++) {
        if (((uint8_t)text[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | ((uint8_t)text[i] & 0x3f);
    }
    if (value < least[size] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *ret = value;
    return size;
}
