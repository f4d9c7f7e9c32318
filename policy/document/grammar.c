#include "policy/document/grammar.h"

#include "policy/base/cleanup.h"
#include "policy/base/unicode.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * Reading goes in three steps over the octets as received: split_lines() makes sure that they are lines
 * `key: value` without a hidden character, read_fields() walks table and lines side by side, and the table's
 * check() compares fields with each other. Nothing is repaired or skipped on the way, so that one value has
 * exactly one text: whoever reads the text knows the value, and a signature over the text is one over the
 * value.
 */

const char *document_words(const struct document_error *error, const char *english)
{
    return error && error->in_words ? error->in_words(english) : english;
}

__attribute__((format(printf, 3, 0))) static void vnote(struct document_error *error, unsigned line,
                                                        const char *format, va_list arguments)
{
    if (!error)
        return;
    error->line = line;
    (void)vsnprintf(error->reason, sizeof(error->reason), document_words(error, format), arguments);
}

void document_note(struct document_error *error, unsigned line, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vnote(error, line, format, arguments);
    va_end(arguments);
}

void grammar_note(struct grammar_reader *r, unsigned line, const char *format, ...)
{
    char reason[sizeof(r->error->reason)];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(reason, sizeof(reason), document_words(r->error, format), arguments);
    va_end(arguments);
    document_note(r->error, line, "%s: %.200s", r->field->key, reason);
}

void grammar_quote(struct grammar_token token, char quoted[static GRAMMAR_QUOTE_SIZE])
{
    size_t at = 0;

    while (token.length > 0) {
        uint32_t code_point;
        size_t taken = unicode_take(token.text, token.length, &code_point);
        bool visible = taken > 0 && unicode_is_visible(code_point);

        if (taken == 0)
            taken = 1;
        if (visible && at + taken > GRAMMAR_QUOTE_MAX) {
            memcpy(quoted + at, "...", 3);
            at += 3;
            break;
        }
        if (visible) {
            memcpy(quoted + at, token.text, taken);
            at += taken;
        }
        token.text += taken;
        token.length -= taken;
    }
    quoted[at] = 0;
}

int grammar_refuse_token(struct grammar_reader *r, unsigned line, struct grammar_token token,
                         const char *expected)
{
    char quoted[GRAMMAR_QUOTE_SIZE];

    grammar_quote(token, quoted);
    return grammar_refuse(r, line, N_("`%s` is not %s"), quoted, document_words(r->error, expected));
}

bool grammar_token_is(struct grammar_token token, const char *text)
{
    return strlen(text) == token.length && memcmp(text, token.text, token.length) == 0;
}

size_t grammar_split(struct grammar_token value, char separator, struct grammar_token *tokens, size_t most)
{
    size_t n = 0;

    for (;;) {
        const char *end = value.length > 0 ? memchr(value.text, separator, value.length) : NULL;
        size_t length = end ? (size_t)(end - value.text) : value.length;

        if (length == 0 || n == most)
            return 0;
        tokens[n++] = (struct grammar_token){value.text, length};
        if (!end)
            return n;
        value.text += length + 1;
        value.length -= length + 1;
    }
}

unsigned grammar_line_of(const struct grammar_reader *r, const char *key)
{
    for (size_t i = 0; i < r->n_fields; i++)
        if (strcmp(r->fields[i].key, key) == 0)
            return r->first_line[i];
    return 0;
}

/* --- lines ------------------------------------------------------------------------------------------- */

static int refuse_octet(unsigned char c, unsigned number, struct document_error *error)
{
    if (c == '\r')
        return document_refuse(error, number, N_("a carriage return; lines end with a line feed alone"));
    if (c == '\t')
        return document_refuse(error, number, N_("a tab; only single blanks may separate"));
    if (c == 0)
        return document_refuse(error, number, N_("a NUL octet"));
    return document_refuse(error, number, N_("a control character (0x%02x)"), c);
}

static int check_octets(const char *line, size_t length, unsigned number, struct document_error *error)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)line[i];

        if (c < 0x20 || c == 0x7f)
            return refuse_octet(c, number, error);
    }
    return 0;
}

static size_t key_length(const char *line, size_t length)
{
    size_t i = 0;

    while (i < length &&
           ((line[i] >= 'a' && line[i] <= 'z') || (line[i] >= '0' && line[i] <= '9') || line[i] == '-'))
        i++;
    return i;
}

static int split_line(const char *line, size_t length, size_t max_line, struct grammar_line *ret,
                      struct document_error *error)
{
    size_t key = key_length(line, length);
    unsigned number = ret->number;
    int r;

    if (length > max_line)
        return document_refuse(error, number, N_("the line has %zu octets, more than %zu"), length, max_line);
    r = check_octets(line, length, number, error);
    if (r != 0)
        return r;
    if (length == 0)
        return document_refuse(error, number, N_("an empty line"));
    if (line[length - 1] == ' ')
        return document_refuse(error, number, N_("a blank at the end of the line"));
    if (key == 0 || length - key < 3 || line[key] != ':' || line[key + 1] != ' ') {
        char quoted[GRAMMAR_QUOTE_SIZE];

        grammar_quote((struct grammar_token){line, length}, quoted);
        return document_refuse(error, number, N_("`%s` is not a line `key: value`"), quoted);
    }
    ret->key = (struct grammar_token){line, key};
    ret->value = (struct grammar_token){line + key + 2, length - key - 2};
    if (ret->value.text[0] == ' ')
        return document_refuse(error, number, N_("more than one blank behind the colon"));
    return 0;
}

static size_t count_lines(const char *text, size_t size)
{
    const char *end = text + size;
    size_t n = 0;

    for (const char *at = text; at < end; n++) {
        at = memchr(at, '\n', (size_t)(end - at));
        at = at ? at + 1 : end;
    }
    return n;
}

/* *ret: an array of *n_ret lines, the caller's to free. */
static int split_lines(const struct grammar *g, const char *text, size_t size, struct grammar_line **ret,
                       size_t *n_ret, struct document_error *error)
{
    cleanup_free struct grammar_line *lines = NULL;
    const char *end = text + size;
    size_t n;

    if (size == 0)
        return document_refuse(error, 0, N_("the document is empty"));
    if (size > g->max_size)
        return document_refuse(error, 0, N_("the document has %zu octets, more than %zu"), size, g->max_size);
    n = count_lines(text, size);
    if (text[size - 1] != '\n')
        return document_refuse(error, (unsigned)n, N_("the last line does not end with a line feed"));
    lines = calloc(n, sizeof(*lines));
    if (!lines)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        size_t length = (size_t)((const char *)memchr(text, '\n', (size_t)(end - text)) - text);
        int r;

        lines[i].number = (unsigned)i + 1;
        r = split_line(text, length, g->max_line, &lines[i], error);
        if (r != 0)
            return r;
        text += length + 1;
    }
    *ret = steal_pointer(&lines);
    *n_ret = n;
    return 0;
}

/* --- fields ------------------------------------------------------------------------------------------ */

/* A line stands where `expected` (NULL: the end) should: say which of the possible mistakes it is. */
static int refuse_place(const struct grammar *g, const struct grammar_line *line,
                        const struct grammar_field *expected, struct document_error *error)
{
    char quoted[GRAMMAR_QUOTE_SIZE];
    const char *place = expected ? expected->key : document_words(error, N_("the end of the document"));
    size_t known = 0;

    grammar_quote(line->key, quoted);
    while (known < g->n_fields && !grammar_token_is(line->key, g->fields[known].key))
        known++;
    if (known == g->n_fields)
        return document_refuse(error, line->number, N_("unknown key `%s`; expected %s"), quoted, place);
    if (expected && &g->fields[known] > expected)
        return document_refuse(error, line->number, N_("`%s` is missing before `%s`"), place, quoted);
    return document_refuse(error, line->number, N_("`%s` stands twice or out of order; expected %s"), quoted,
                           place);
}

/* memcmp order of whole lines; they share their key. */
static int compare_lines(const struct grammar_line *a, const struct grammar_line *b)
{
    size_t shorter = a->value.length < b->value.length ? a->value.length : b->value.length;
    int order = memcmp(a->value.text, b->value.text, shorter);

    if (order != 0)
        return order;
    return (a->value.length > b->value.length) - (a->value.length < b->value.length);
}

static int check_repeats(struct grammar_reader *r, const struct grammar_line *lines, size_t n)
{
    const struct grammar_field *field = r->field;

    if (n > field->most && field->most == 1)
        return grammar_refuse(r, lines[1].number, N_("stands more than once"));
    if (n > field->most)
        return grammar_refuse(r, lines[field->most].number, N_("stands %zu times, more than %u"), n,
                              field->most);
    for (size_t i = 1; i < n; i++) {
        int order = compare_lines(&lines[i - 1], &lines[i]);

        if (order == 0)
            return grammar_refuse(r, lines[i].number, N_("the same line stands twice"));
        if (order > 0)
            return grammar_refuse(r, lines[i].number,
                                  N_("repeated lines must be sorted; this one stands too late"));
    }
    return 0;
}

static int read_fields(const struct grammar *g, struct grammar_reader *r, const struct grammar_line *lines,
                       size_t n_lines, char *document)
{
    size_t at = 0;

    for (size_t i = 0; i < g->n_fields; i++) {
        const struct grammar_field *field = r->field = &g->fields[i];
        size_t n = 0;
        int result;

        while (at + n < n_lines && grammar_token_is(lines[at + n].key, field->key))
            n++;
        if (n < field->least && at + n == n_lines)
            return document_refuse(r->error, lines[n_lines - 1].number, N_("`%s` is missing at the end"),
                                   field->key);
        if (n < field->least)
            return refuse_place(g, &lines[at + n], field, r->error);
        if (n == 0)
            continue;
        r->first_line[i] = lines[at].number;
        result = check_repeats(r, lines + at, n);
        if (result == 0)
            result = field->read(r, document + field->offset, lines + at, n);
        if (result != 0)
            return result;
        at += n;
    }
    return at < n_lines ? refuse_place(g, &lines[at], NULL, r->error) : 0;
}

/* Room for the struct, all lines as text (a grant keeps many of them), their values, and an item of an array
 * for each: enough for most documents in one block. */
static size_t estimate(const struct grammar *g, size_t size, const struct grammar_line *lines, size_t n_lines)
{
    size += g->struct_size;
    for (size_t i = 0; i < n_lines; i++)
        size += lines[i].value.length + 1 + 2 * sizeof(void *);
    return size;
}

int grammar_read(const struct grammar *g, const void *octets, size_t size, void **ret,
                 struct arena **ret_arena, struct document_error *error)
{
    cleanup_free struct grammar_line *lines = NULL;
    cleanup(arena_free_p) struct arena *arena = NULL;
    struct grammar_reader r = {.error = error, .fields = g->fields, .n_fields = g->n_fields};
    size_t n_lines = 0;
    void *document;
    int result;

    if (error)
        *error = (struct document_error){.in_words = error->in_words};
    r.octets = octets;
    result = split_lines(g, octets, size, &lines, &n_lines, error);
    if (result != 0)
        return result;
    if (!grammar_token_is(lines[0].key, g->fields[0].key))
        return document_refuse(error, 1, N_("the first line is not `%s: 1`"), g->fields[0].key);
    r.arena = arena = arena_new(estimate(g, size, lines, n_lines));
    document = arena ? arena_alloc(arena, 1, g->struct_size, _Alignof(max_align_t)) : NULL;
    if (!document)
        return -ENOMEM;
    result = read_fields(g, &r, lines, n_lines, document);
    if (result == 0 && g->check)
        result = g->check(&r, document);
    if (result != 0)
        return result;
    *ret = document;
    *ret_arena = steal_pointer(&arena);
    return 0;
}
