#include "broker/ctl/text.h"

#include "policy/base/buf.h"
#include "policy/base/ident.h"

#include <langinfo.h>
#include <string.h>
#include <wchar.h>

#define COLUMNS      79
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

/* Columns of a word: those of its characters, or its octets if the locale cannot tell. */
static size_t columns_of(const char *word, size_t length)
{
    cleanup_free char *copy = strndup(word, length);
    cleanup_free wchar_t *wide = calloc(length + 1, sizeof(*wide));
    int columns = -1;

    if (copy && wide && mbstowcs(wide, copy, length + 1) != (size_t)-1)
        columns = wcswidth(wide, length);
    return columns < 0 ? length : (size_t)columns;
}

size_t text_width(const char *text)
{
    return columns_of(text, strlen(text));
}

static bool is_one_of(const char *character, size_t size, const char *characters)
{
    return size > 1 && memmem(characters, strlen(characters), character, size);
}

/* Chinese has no blanks: a line may end beside any wide character, but not before a mark that closes nor
 * behind one that opens. */
static bool may_break(const char *before, size_t size_before, const char *behind, size_t size_behind)
{
    if (is_one_of(behind, size_behind, "，。；：！？、）”》") || is_one_of(before, size_before, "（“《"))
        return false;
    return columns_of(before, size_before) == 2 || columns_of(behind, size_behind) == 2;
}

/* Octets of the text up to the first place where a line may end. */
static size_t piece_of(const char *line, size_t length)
{
    size_t before = character_size(line, length), at = before;

    while (at < length && line[at] != ' ') {
        size_t n = character_size(line + at, length - at);

        if (may_break(line + at - before, before, line + at, n))
            return at;
        before = n;
        at += n;
    }
    return at;
}

/* One line of the text, in lines that begin with `indent` blanks; the first one is already at `column`. */
static void wrap_line(FILE *out, const char *line, size_t length, size_t indent, size_t column)
{
    size_t at = column, blanks = 0;

    while (length > 0) {
        size_t piece = *line == ' ' ? 0 : piece_of(line, length);
        size_t columns = columns_of(line, piece);

        if (at > indent && at + blanks + columns > COLUMNS) {
            (void)fprintf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (at > indent) {
            (void)fprintf(out, "%*s", (int)blanks, "");
            at += blanks;
        }
        (void)fwrite(line, 1, piece, out);
        at += columns;
        blanks = piece < length && line[piece] == ' ';
        line += piece + blanks;
        length -= piece + blanks;
    }
    (void)fputc('\n', out);
}

void text_print_wrapped(FILE *out, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");

        if (*text == ' ')
            (void)fprintf(out, "%.*s\n", (int)length, text);
        else
            wrap_line(out, text, length, 0, 0);
        text += length + (text[length] == '\n');
    }
}

void text_print_item(FILE *out, const char *what, const char *about)
{
    size_t columns = 2 + columns_of(what, strlen(what));

    (void)fprintf(out, "  %s", what);
    if (columns + 2 > ITEM_COLUMNS)
        (void)fprintf(out, "\n%*s", ITEM_COLUMNS, "");
    else
        (void)fprintf(out, "%*s", (int)(ITEM_COLUMNS - columns), "");
    wrap_line(out, about, strlen(about), ITEM_COLUMNS, ITEM_COLUMNS);
}
