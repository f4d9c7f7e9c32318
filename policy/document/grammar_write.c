#include "policy/base/cleanup.h"
#include "policy/document/grammar.h"

#include <errno.h>
#include <string.h>

/* The writing half of the engine: the same table, the other way. */

static void note_error(struct grammar_writer *w, int result)
{
    if (w->result == 0)
        w->result = result;
}

void grammar_no_memory(struct grammar_writer *w)
{
    note_error(w, -ENOMEM);
}

static void refuse_value(struct grammar_writer *w, struct grammar_token value, const char *expected)
{
    char quoted[GRAMMAR_QUOTE_SIZE];

    if (w->result != 0)
        return;
    grammar_quote(value, quoted);
    note_error(w, document_refuse(w->error, w->line, N_("%s: `%s` is not %.140s"), w->field->key, quoted,
                                  document_words(w->error, expected)));
}

void grammar_cannot_emit(struct grammar_writer *w, const char *value, const char *expected)
{
    refuse_value(w, (struct grammar_token){value, strlen(value)}, expected);
}

void grammar_emit(struct grammar_writer *w, const char *format, ...)
{
    size_t start;
    va_list arguments;

    if (w->result != 0)
        return;
    buf_printf(&w->text, "%s: ", w->field->key);
    start = w->text.size;
    va_start(arguments, format);
    buf_vprintf(&w->text, format, arguments);
    va_end(arguments);
    /* A line feed would make two lines of one, and with them another document than was meant. */
    for (size_t i = start; i < w->text.size; i++)
        if (w->text.data[i] < 0x20 || w->text.data[i] == 0x7f) {
            struct grammar_token value = {(const char *)w->text.data + start, w->text.size - start};

            refuse_value(w, value, "a text without control characters");
            return;
        }
    buf_puts(&w->text, "\n");
    w->line++;
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts the `n_lines` lines from `start` on. They hold no NUL, and strcmp orders as memcmp does. */
static int sort_lines(struct buf *text, size_t start, size_t n_lines)
{
    cleanup_free char *copy = NULL;
    cleanup_free const char **lines = NULL;
    size_t size = text->size - start, n = 0;

    if (buf_error(text) < 0 || size == 0)
        return 0; /* the buffer keeps its error */
    copy = malloc(size);
    lines = calloc(n_lines, sizeof(*lines));
    if (!copy || !lines)
        return -ENOMEM;
    memcpy(copy, text->data + start, size);
    for (char *line = copy; n < n_lines;) {
        char *end = memchr(line, '\n', (size_t)(copy + size - line));

        *end = 0;
        lines[n++] = line;
        line = end + 1;
    }
    qsort(lines, n, sizeof(*lines), compare_text);
    text->size = start;
    for (size_t i = 0; i < n; i++) {
        buf_puts(text, lines[i]);
        buf_puts(text, "\n");
    }
    return 0;
}

int grammar_write(const struct grammar *g, size_t n_fields, const void *document, struct buf *ret,
                  struct document_error *error)
{
    struct grammar_writer w = {.error = error, .line = 1};

    if (error)
        *error = (struct document_error){.in_words = error->in_words};
    for (size_t i = 0; i < n_fields && w.result == 0; i++) {
        size_t start = w.text.size;
        unsigned line = w.line;

        w.field = &g->fields[i];
        w.field->write(&w, (const char *)document + w.field->offset);
        if (w.line > line + 1)
            note_error(&w, sort_lines(&w.text, start, w.line - line));
    }
    note_error(&w, buf_error(&w.text));
    if (w.result == 0) {
        buf_put(ret, w.text.data, w.text.size);
        note_error(&w, buf_error(ret));
    }
    buf_done(&w.text);
    return w.result;
}
