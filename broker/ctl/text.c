#include "broker/ctl/text.h"

#include "broker/common/wrap.h"
#include "policy/base/buf.h"
#include "policy/base/ident.h"

#include <langinfo.h>
#include <string.h>

#define ITEM_COLUMNS 34

/* Octets of the character that begins here, by its first octet; whether it is whole and visible is
 * ident_is_visible_text()'s to say. */
static size_t character_size(const char *text, size_t left)
{
    unsigned char c = (unsigned char)*text;
    size_t size = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

    return size < left ? size : left;
}

static bool is_shown_as_it_is(const char *text, size_t size, bool ascii)
{
    return ident_is_visible_text(text, size) && !(ascii && (unsigned char)*text >= 0x80);
}

/* Returns whether all of it went as it is. */
static bool put_escaped(struct buf *b, const char *octets, size_t size, bool ascii)
{
    bool as_it_is = true;

    for (size_t i = 0; i < size;) {
        size_t n = character_size(octets + i, size - i);

        if (is_shown_as_it_is(octets + i, n, ascii)) {
            buf_put(b, octets + i, n);
            i += n;
            continue;
        }
        buf_printf(b, "\\x%02x", (unsigned)(unsigned char)octets[i]);
        as_it_is = false;
        i++;
    }
    return as_it_is;
}

char *text_escape(const char *octets, size_t size, bool ascii)
{
    cleanup_buf struct buf b = BUF_INIT;

    (void)put_escaped(&b, octets, size, ascii);
    return buf_steal_text(&b);
}

bool text_print_document(FILE *out, const char *octets, size_t size, bool ascii)
{
    bool as_it_is = true;

    while (size > 0) {
        const char *end = memchr(octets, '\n', size);
        size_t length = end ? (size_t)(end - octets) : size;
        cleanup_buf struct buf b = BUF_INIT;
        cleanup_free char *line = NULL;

        as_it_is = put_escaped(&b, octets, length, ascii) && as_it_is;
        line = buf_steal_text(&b);
        if (!line || fprintf(out, "%s\n", line) < 0)
            return false;
        if (!end)
            return false;
        octets = end + 1;
        size -= length + 1;
    }
    return as_it_is;
}

void text_print(FILE *out, const char *text)
{
    cleanup_free char *escaped = text_escape(text, strlen(text), false);

    (void)fputs(escaped ? escaped : "?", out);
}

bool text_locale_is_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

size_t text_width(const char *text)
{
    return wrap_columns(text, strlen(text));
}

void text_print_wrapped(FILE *out, const char *text)
{
    wrap_print(out, text);
}

void text_print_item(FILE *out, const char *what, const char *about)
{
    size_t columns = 2 + wrap_columns(what, strlen(what));

    (void)fprintf(out, "  %s", what);
    if (columns + 2 > ITEM_COLUMNS)
        (void)fprintf(out, "\n%*s", ITEM_COLUMNS, "");
    else
        (void)fprintf(out, "%*s", (int)(ITEM_COLUMNS - columns), "");
    wrap_line(out, about, strlen(about), ITEM_COLUMNS, ITEM_COLUMNS);
}
