#include "policy/base/ident.h"

#include "policy/base/cleanup.h"
#include "policy/base/unicode.h"

#include <errno.h>
#include <string.h>

#define FINGERPRINT_PREFIX "SHA256:"
#define NUMBER_MAX         2147483647U

/* Not <ctype.h>: its answers change with the locale of the process. */
static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z');
}

static bool is_joiner(char c)
{
    return c == '.' || c == '_' || c == '-';
}

bool ident_is_account(const char *text, size_t length)
{
    if (length < 1 || length > IDENT_ACCOUNT_MAX || (!is_lower(text[0]) && text[0] != '_'))
        return false;
    for (size_t i = 1; i < length; i++)
        if (!is_lower(text[i]) && !is_digit(text[i]) && !is_joiner(text[i]))
            return false;
    return true;
}

bool ident_is_name(const char *text, size_t length)
{
    if (length < 1 || length > IDENT_NAME_MAX || !is_alnum(text[0]))
        return false;
    for (size_t i = 1; i < length; i++)
        if (!is_alnum(text[i]) && !is_joiner(text[i]))
            return false;
    return true;
}

int ident_parse_number(const char *text, size_t length, uint32_t *ret)
{
    uint32_t value = 0;

    *ret = 0;
    if (length < 1 || length > 10 || text[0] == '0')
        return -EINVAL;
    for (size_t i = 0; i < length; i++) {
        uint32_t digit = (uint32_t)(text[i] - '0');

        if (!is_digit(text[i]) || value > (NUMBER_MAX - digit) / 10)
            return -EINVAL;
        value = value * 10 + digit;
    }
    *ret = value;
    return 0;
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

int ident_parse_hex(const char *text, size_t length, uint8_t *octets, size_t size)
{
    memset(octets, 0, size);
    if (length % 2 != 0 || length / 2 != size)
        return -EINVAL;
    for (size_t i = 0; i < size; i++) {
        int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);

        if (high < 0 || low < 0) {
            memset(octets, 0, size);
            return -EINVAL;
        }
        octets[i] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

void ident_format_hex(const uint8_t *octets, size_t size, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < size; i++) {
        text[2 * i] = digits[octets[i] >> 4];
        text[2 * i + 1] = digits[octets[i] & 15];
    }
    text[2 * size] = 0;
}

int ident_parse_id(const char *text, size_t length, struct ident_id *ret)
{
    return ident_parse_hex(text, length, ret->octets, sizeof(ret->octets));
}

void ident_format_id(const struct ident_id *id, char text[static IDENT_ID_TEXT_SIZE])
{
    ident_format_hex(id->octets, sizeof(id->octets), text);
}

bool ident_id_equal(const struct ident_id *a, const struct ident_id *b)
{
    return memcmp(a->octets, b->octets, sizeof(a->octets)) == 0;
}

/* Of each character of the alphabet, one more than what it stands for. Signatures are the longest values that
 * documents have. */
static const uint8_t base64_values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64};

static int base64_value(char c)
{
    return base64_values[(unsigned char)c] - 1;
}

static bool base64_decode_four(const char *text, uint8_t *octets)
{
    int a = base64_value(text[0]), b = base64_value(text[1]), c = base64_value(text[2]),
        d = base64_value(text[3]);
    uint32_t bits;

    if (a < 0 || b < 0 || c < 0 || d < 0)
        return false;
    bits = (uint32_t)a << 18 | (uint32_t)b << 12 | (uint32_t)c << 6 | (uint32_t)d;
    octets[0] = (uint8_t)(bits >> 16);
    octets[1] = (uint8_t)(bits >> 8);
    octets[2] = (uint8_t)bits;
    return true;
}

/* Decodes `length` characters (no padding among them) into length * 3 / 4 octets. False for a foreign
 * character or if bits that no octet takes are set: then the octets would encode to another text. */
static bool base64_decode_unpadded(const char *text, size_t length, uint8_t *octets)
{
    uint32_t bits = 0;
    unsigned count = 0;

    for (; length >= 4; text += 4, length -= 4, octets += 3)
        if (!base64_decode_four(text, octets))
            return false;
    for (size_t i = 0; i < length; i++) {
        int value = base64_value(text[i]);

        if (value < 0)
            return false;
        bits = (bits & 0xff) << 6 | (uint32_t)value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            *octets++ = (uint8_t)(bits >> count);
        }
    }
    return count < 6 && (bits & ((1U << count) - 1)) == 0;
}

int ident_base64_decode(const char *text, size_t length, uint8_t **ret, size_t *ret_size)
{
    cleanup_free uint8_t *octets = NULL;
    size_t padding = 0;

    *ret = NULL;
    *ret_size = 0;
    if (length == 0 || length % 4 != 0)
        return -EINVAL;
    while (padding < 2 && text[length - 1 - padding] == '=')
        padding++;
    octets = malloc(length / 4 * 3);
    if (!octets)
        return -ENOMEM;
    if (!base64_decode_unpadded(text, length - padding, octets))
        return -EINVAL;
    *ret = steal_pointer(&octets);
    *ret_size = length / 4 * 3 - padding;
    return 0;
}

/* Unpadded, with NUL; returns the number of characters. */
static size_t base64_encode_unpadded(const uint8_t *octets, size_t size, char *text)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    unsigned count = 0;
    size_t length = 0;

    for (size_t i = 0; i < size; i++) {
        bits = (bits & 0x3f) << 8 | octets[i];
        for (count += 8; count >= 6; count -= 6)
            text[length++] = alphabet[bits >> (count - 6) & 63];
    }
    if (count > 0)
        text[length++] = alphabet[bits << (6 - count) & 63];
    text[length] = 0;
    return length;
}

char *ident_base64_encode(const uint8_t *octets, size_t size)
{
    size_t length;
    char *text;

    if (size > SIZE_MAX / 4 * 3 - 3)
        return NULL;
    text = malloc((size + 2) / 3 * 4 + 1);
    if (!text)
        return NULL;
    length = base64_encode_unpadded(octets, size, text);
    while (length % 4 != 0)
        text[length++] = '=';
    text[length] = 0;
    return text;
}

int ident_parse_fingerprint(const char *text, size_t length, struct ident_fingerprint *ret)
{
    const size_t prefix = sizeof(FINGERPRINT_PREFIX) - 1;

    *ret = (struct ident_fingerprint){0};
    if (length != IDENT_FINGERPRINT_TEXT_SIZE - 1 || memcmp(text, FINGERPRINT_PREFIX, prefix) != 0)
        return -EINVAL;
    if (!base64_decode_unpadded(text + prefix, length - prefix, ret->octets)) {
        *ret = (struct ident_fingerprint){0};
        return -EINVAL;
    }
    return 0;
}

void ident_format_fingerprint(const struct ident_fingerprint *f,
                              char text[static IDENT_FINGERPRINT_TEXT_SIZE])
{
    const size_t prefix = sizeof(FINGERPRINT_PREFIX) - 1;

    memcpy(text, FINGERPRINT_PREFIX, prefix);
    base64_encode_unpadded(f->octets, sizeof(f->octets), text + prefix);
}

bool ident_fingerprint_equal(const struct ident_fingerprint *a, const struct ident_fingerprint *b)
{
    return memcmp(a->octets, b->octets, sizeof(a->octets)) == 0;
}

bool ident_is_visible_text(const char *text, size_t length)
{
    while (length > 0) {
        uint32_t code_point;
        size_t taken = unicode_take(text, length, &code_point);

        if (taken == 0 || !unicode_is_visible(code_point))
            return false;
        text += taken;
        length -= taken;
    }
    return true;
}
