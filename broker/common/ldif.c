#include "broker/common/ldif.h"

#include "policy/base/arena.h"
#include "policy/base/ident.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

struct ldif_record *ldif_record_free(struct ldif_record *r)
{
    if (r)
        arena_free(r->arena);
    free(r);
    return NULL;
}

const char *ldif_text(const struct ldif_record *r, const char *name)
{
    const struct ldif_line *found = NULL;

    for (size_t i = 0; i < r->n_lines; i++) {
        if (strcasecmp(r->lines[i].name, name) != 0)
            continue;
        if (found)
            return NULL;
        found = &r->lines[i];
    }
    return found && !memchr(found->value, '\0', found->size) ? (const char *)found->value : NULL;
}

__attribute__((format(printf, 2, 3))) static int refuse(struct ldif_reader *reader, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(reader->reason, sizeof(reader->reason), format, arguments);
    va_end(arguments);
    return -EINVAL;
}

/* --- lines ------------------------------------------------------------------------------------------------
 */

/* What stands before the next line's end, appended. 1; 0: the input has ended. */
static int read_physical(struct ldif_reader *reader, struct buf *text)
{
    int c = getc_unlocked(reader->in);
    size_t before = text->size;

    if (c == EOF)
        return ferror(reader->in) ? -EIO : 0;
    reader->line++;
    for (; c != '\n'; c = getc_unlocked(reader->in)) {
        if (c == EOF)
            return ferror(reader->in) ? -EIO : refuse(reader, "the last line has no end: it was cut off");
        if (text->size >= LDIF_LINE_MAX)
            return refuse(reader, "longer than %zu octets", LDIF_LINE_MAX);
        buf_put_u8(text, (uint8_t)c);
    }
    if (text->size > before && text->data[text->size - 1] == '\r')
        text->size--;
    return buf_error(text) < 0 ? buf_error(text) : 1;
}

/* A line with those that continue it, which begin with a blank. 1; 0: the input has ended. */
static int read_unfolded(struct ldif_reader *reader, struct buf *text)
{
    int r;

    text->size = 0;
    r = read_physical(reader, text);
    while (r == 1) {
        int c = getc_unlocked(reader->in);

        if (c != ' ') {
            if (c != EOF)
                (void)ungetc(c, reader->in);
            return ferror(reader->in) ? -EIO : 1;
        }
        if (text->size == 0)
            return refuse(reader, "a continuation (a line that begins with a blank) of nothing");
        r = read_physical(reader, text);
        if (r == 0)
            return refuse(reader, "the last line has no end: it was cut off");
    }
    return r;
}

/* The same without comments. */
static int read_line(struct ldif_reader *reader, struct buf *text)
{
    int r;

    do {
        r = read_unfolded(reader, text);
    } while (r == 1 && text->size > 0 && text->data[0] == '#');
    return r;
}

/* --- names and values -------------------------------------------------------------------------------------
 */

static bool is_name(const char *text, size_t length)
{
    if (length == 0 || length > 128 || !isalpha((unsigned char)text[0]))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && text[i] != '-')
            return false;
    return true;
}

/* A value without base64 (SAFE-STRING, less its control characters). */
static bool is_plain(const char *text, size_t size)
{
    if (size > 0 && (text[0] == ' ' || text[0] == ':' || text[0] == '<'))
        return false;
    for (size_t i = 0; i < size; i++)
        if (text[i] < 0x20 || text[i] > 0x7e)
            return false;
    return true;
}

static int decode(struct ldif_reader *reader, struct arena *arena, const char *text, size_t size,
                  struct ldif_line *line)
{
    cleanup_free uint8_t *octets = NULL;
    int r;

    line->value = (const uint8_t *)"";
    if (size == 0)
        return 0;
    r = ident_base64_decode(text, size, &octets, &line->size);
    if (r == -EINVAL)
        return refuse(reader, "this is no canonical base64");
    if (r == 0)
        line->value = (const uint8_t *)arena_copy_text(arena, (const char *)octets, line->size);
    return line->value && r == 0 ? 0 : -ENOMEM;
}

/* What stands behind the name. */
static int parse_value(struct ldif_reader *reader, struct arena *arena, const char *text, size_t size,
                       struct ldif_line *line)
{
    bool encoded = size > 0 && text[0] == ':';

    if (size > 0 && text[0] == '<')
        return refuse(reader, "a value by URL (`:<`) is not read");
    text += encoded;
    size -= encoded;
    for (; size > 0 && *text == ' '; size--)
        text++;
    if (encoded)
        return decode(reader, arena, text, size, line);
    if (!is_plain(text, size))
        return refuse(reader, "a value that has to stand in base64 (`::`)");
    line->value = (const uint8_t *)arena_copy_text(arena, text, size);
    line->size = size;
    return line->value ? 0 : -ENOMEM;
}

static int parse_line(struct ldif_reader *reader, struct arena *arena, const struct buf *text,
                      struct ldif_line *line)
{
    const char *octets = (const char *)text->data;
    // NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): a line that was read has octets
    const char *colon = memchr(octets, ':', text->size);
    size_t length;

    *line = (struct ldif_line){.value = (const uint8_t *)""};
    if (text->size == 1 && octets[0] == '-') {
        line->name = "-";
        return 0;
    }
    length = colon ? (size_t)(colon - octets) : 0;
    if (!is_name(octets, length))
        return refuse(reader, "this is no `attribute: value`");
    line->name = arena_copy_text(arena, octets, length);
    if (!line->name)
        return -ENOMEM;
    return parse_value(reader, arena, colon + 1, text->size - length - 1, line);
}

/* --- records ----------------------------------------------------------------------------------------------
 */

/* The lines of a record while it is read. */
struct growing {
    struct ldif_line *lines;
    size_t n, room, octets;
};

static void growing_done(struct growing *g)
{
    free(g->lines);
}

static int append(struct ldif_reader *reader, struct growing *g, const struct ldif_line *line)
{
    struct ldif_line *lines;

    g->octets += line->size;
    if (g->n == LDIF_LINES_MAX || g->octets > LDIF_RECORD_MAX)
        return refuse(reader, "a record of more than %zu lines or %zu octets", LDIF_LINES_MAX,
                      LDIF_RECORD_MAX);
    if (g->n == g->room) {
        lines = reallocarray(g->lines, g->room + 32, sizeof(*lines));
        if (!lines)
            return -ENOMEM;
        g->lines = lines;
        g->room += 32;
    }
    g->lines[g->n++] = *line;
    return 0;
}

/* All lines up to an empty one or the end. */
static int read_lines(struct ldif_reader *reader, struct arena *arena, struct buf *text, struct growing *g)
{
    struct ldif_line line;
    int r;

    while ((r = read_line(reader, text)) == 1 && text->size > 0) {
        r = parse_line(reader, arena, text, &line);
        if (r == 0)
            r = append(reader, g, &line);
        if (r < 0)
            return r;
    }
    if (r >= 0 && g->n == 0)
        return refuse(reader, "a record without attributes");
    return r < 0 ? r : 0;
}

static int read_name(struct ldif_reader *reader, const struct buf *text, struct ldif_record *record)
{
    struct ldif_line line;
    int r = parse_line(reader, record->arena, text, &line);

    if (r < 0 || !line.name)
        return r < 0 ? r : -ENOMEM;
    if (strcasecmp(line.name, "dn") != 0)
        return refuse(reader, "a record begins with `dn:`");
    if (memchr(line.value, '\0', line.size))
        return refuse(reader, "a NUL in a name");
    record->dn = (const char *)line.value;
    record->line = reader->line;
    return 0;
}

/* The first line that is none of `version: 1`, empty, comment. */
static int read_first(struct ldif_reader *reader, struct buf *text)
{
    bool beginning = reader->line == 0;
    int r;

    while ((r = read_line(reader, text)) == 1) {
        bool version = text->size == 10 && memcmp(text->data, "version: 1", 10) == 0;

        if (text->size > 0 && !(version && beginning))
            return 1;
        beginning = beginning && !version;
    }
    return r;
}

int ldif_read(struct ldif_reader *reader, struct ldif_record **ret)
{
    cleanup(ldif_record_free_p) struct ldif_record *record = NULL;
    cleanup(growing_done) struct growing g = {0};
    cleanup_buf struct buf text = BUF_INIT;
    struct ldif_line *lines;
    int r = read_first(reader, &text);

    *ret = NULL;
    if (r <= 0)
        return r;
    record = calloc(1, sizeof(*record));
    if (record)
        record->arena = arena_new(4096);
    if (!record || !record->arena)
        return -ENOMEM;
    r = read_name(reader, &text, record);
    if (r == 0)
        r = read_lines(reader, record->arena, &text, &g);
    if (r < 0)
        return r;
    lines = arena_new_array(record->arena, struct ldif_line, g.n);
    if (!lines)
        return -ENOMEM;
    for (size_t i = 0; i < g.n; i++)
        lines[i] = g.lines[i];
    record->lines = lines;
    record->n_lines = g.n;
    *ret = steal_pointer(&record);
    return 1;
}

/* --- writing ----------------------------------------------------------------------------------------------
 */

#define FOLD_COLUMNS ((size_t)76)

static void put_folded(struct buf *out, const char *name, const char *separator, const char *value,
                       size_t size)
{
    size_t column = strlen(name) + strlen(separator);

    buf_puts(out, name);
    buf_puts(out, separator);
    while (size > 0) {
        size_t room = column < FOLD_COLUMNS ? FOLD_COLUMNS - column : 1;
        size_t part = size < room ? size : room;

        buf_put(out, value, part);
        value += part;
        size -= part;
        if (size > 0)
            buf_puts(out, "\n ");
        column = 1;
    }
    buf_puts(out, "\n");
}

void ldif_put(struct buf *out, const char *name, const void *value, size_t size)
{
    const char *text = value;
    cleanup_free char *encoded = NULL;

    if (is_plain(text, size) && (size == 0 || text[size - 1] != ' ')) {
        put_folded(out, name, size > 0 ? ": " : ":", text, size);
        return;
    }
    encoded = ident_base64_encode(value, size);
    if (encoded)
        put_folded(out, name, ":: ", encoded, strlen(encoded));
    else
        out->error = out->error ? out->error : -ENOMEM;
}

void ldif_put_text(struct buf *out, const char *name, const char *value)
{
    ldif_put(out, name, value, strlen(value));
}

void ldif_put_dash(struct buf *out)
{
    buf_puts(out, "-\n");
}

void ldif_put_end(struct buf *out)
{
    buf_puts(out, "\n");
}
