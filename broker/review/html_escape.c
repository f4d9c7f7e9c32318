#include "broker/review/html_escape.h"

#include "policy/base/unicode.h"

#include <stdint.h>
#include <string.h>

#define COMBINING_LIMIT 2

bool html_escape_combines(uint32_t c)
{
    return (c >= 0x300 && c <= 0x36f) || (c >= 0x483 && c <= 0x489) || (c >= 0x591 && c <= 0x5bd) ||
           (c >= 0x64b && c <= 0x65f) || (c >= 0xe31 && c <= 0xe4e && c != 0xe32 && c != 0xe33) ||
           (c >= 0x1ab0 && c <= 0x1aff) || (c >= 0x1dc0 && c <= 0x1dff) || (c >= 0x20d0 && c <= 0x20ff) ||
           (c >= 0xfe20 && c <= 0xfe2f);
}

static void put_character(struct buf *out, uint32_t c, const char *octets, size_t size)
{
    switch (c) {
    case '&':
        buf_puts(out, "&amp;");
        break;
    case '<':
        buf_puts(out, "&lt;");
        break;
    case '>':
        buf_puts(out, "&gt;");
        break;
    case '"':
        buf_puts(out, "&quot;");
        break;
    case '\'':
        buf_puts(out, "&#39;");
        break;
    default:
        buf_put(out, octets, size);
    }
}

void html_escape(struct buf *out, const char *text, size_t length)
{
    size_t combining = 0, characters = 0;

    for (size_t at = 0; at < length; characters++) {
        uint32_t c;
        size_t size = unicode_take(text + at, length - at, &c);

        if (characters == HTML_ESCAPE_LIMIT) {
            buf_printf(out, "… [+%zu]", length - at);
            return;
        }
        combining = size > 0 && html_escape_combines(c) ? combining + 1 : 0;
        if (size == 0)
            buf_printf(out, "[\\x%02x]", (unsigned)(uint8_t)text[at]);
        else if (!unicode_is_visible(c) || combining > COMBINING_LIMIT)
            buf_printf(out, "[U+%04X]", (unsigned)c);
        else
            put_character(out, c, text + at, size);
        at += size > 0 ? size : 1;
    }
}
