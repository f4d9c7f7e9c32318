#include "broker/common/wrap.h"

#include "policy/base/cleanup.h"
#include "policy/base/unicode.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* Octets of the character that begins here; 1 of what is no UTF-8. */
static size_t character_size(const char *text, size_t left)
{
    uint32_t code_point;
    size_t size = unicode_take(text, left, &code_point);

    return size > 0 ? size : 1;
}

size_t wrap_columns(const char *word, size_t length)
{
    cleanup_free char *copy = strndup(word, length);
    cleanup_free wchar_t *wide = calloc(length + 1, sizeof(*wide));
    int columns = -1;

    if (copy && wide && mbstowcs(wide, copy, length + 1) != (size_t)-1)
        columns = wcswidth(wide, length);
    return columns < 0 ? length : (size_t)columns;
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
    return wrap_columns(before, size_before) == 2 || wrap_columns(behind, size_behind) == 2;
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

void wrap_line(FILE *out, const char *line, size_t length, size_t indent, size_t column)
{
    size_t at = column, blanks = 0;

    while (length > 0) {
        size_t piece = *line == ' ' ? 0 : piece_of(line, length);
        size_t columns = wrap_columns(line, piece);

        if (at > indent && at + blanks + columns > WRAP_COLUMNS) {
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

void wrap_print(FILE *out, const char *text)
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
