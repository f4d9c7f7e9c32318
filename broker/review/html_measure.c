#include "broker/review/html_measure.h"

#include "broker/review/html_escape.h"
#include "policy/base/unicode.h"

#include <stdint.h>
#include <string.h>

/* Tenths of its height that a character is wide, in a font as wide as the common ones come. */
static int character_tenths(uint32_t c)
{
    if (c >= 0x1100)
        return 10;
    if (c < 0x80 && c != 0 && strchr("mwMW@%", (int)c))
        return 10;
    if (c < 0x80 && c != 0 && strchr(" ijl.,:;|'!", (int)c))
        return 4;
    return c >= 'A' && c <= 'Z' ? 8 : 7;
}

/* A text is measured as it will be shown: what html_escape() may write as [U+XXXX] is eight characters there.
 */
static int taken_tenths(const char *text, size_t left, size_t *size)
{
    uint32_t c;

    *size = unicode_take(text, left, &c);
    if (*size > 0 && unicode_is_visible(c) && !html_escape_combines(c))
        return character_tenths(c);
    *size = *size > 0 ? *size : 1;
    return 64;
}

int html_measure(const char *text)
{
    size_t length = strlen(text), size;
    int tenths = 0;

    for (size_t at = 0; at < length && tenths < 100000; at += size)
        tenths += taken_tenths(text + at, length - at, &size);
    return tenths;
}

size_t html_measure_fits(const char *text, int tenths)
{
    size_t length = strlen(text), at = 0, size;

    while (at < length) {
        tenths -= taken_tenths(text + at, length - at, &size);
        if (tenths < 0)
            break;
        at += size;
    }
    return at;
}
