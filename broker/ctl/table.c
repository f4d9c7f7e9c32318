#include "broker/ctl/table.h"

#include "broker/common/i18n.h"
#include "broker/common/wrap.h"
#include "broker/ctl/text.h"
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"

#include <errno.h>
#include <libsmartcols.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SHORT_ID_DIGITS 8
#define BELOW_INDENT    4

DEFINE_CLEANUP(struct libscols_table, scols_unref_table);

/* Cells come escaped, by a stricter rule than libsmartcols's own, which would escape the backslash again. */
static bool add_column(struct libscols_table *table, const char *title, int flags)
{
    struct libscols_column *column = scols_table_new_column(table, title, 0, flags);

    return column && scols_column_set_safechars(column, "\\") == 0;
}

static void put_value(struct buf *b, const json_t *value)
{
    const json_t *item;
    size_t i;

    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_STRING:
        buf_puts(b, *json_string_value(value) ? json_string_value(value) : "-");
        break;
    case JSON_INTEGER:
        buf_printf(b, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_TRUE:
        buf_puts(b, _("yes"));
        break;
    case JSON_FALSE:
        buf_puts(b, _("no"));
        break;
    case JSON_ARRAY:
        if (json_array_size(value) == 0)
            buf_puts(b, "-");
        json_array_foreach((json_t *)value, i, item)
        {
            if (i > 0)
                buf_puts(b, ",");
            put_value(b, item);
        }
        break;
    default:
        buf_puts(b, "-");
    }
}

char *table_cell(const json_t *value)
{
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *text = NULL;

    put_value(&b, value);
    text = buf_steal_text(&b);
    return text ? text_escape(text, strlen(text), false) : NULL;
}

const char *table_text(json_t *object, const char *member)
{
    cleanup_free char *cell = table_cell(json_object_get(object, member));
    const char *there = json_string_value(json_object_get(object, member));

    /* What was handed out before stays where it is. */
    if (there && cell && strcmp(there, cell) == 0)
        return there;
    if (!cell || json_object_set_new(object, member, json_string(cell)) < 0)
        return "?";
    return json_string_value(json_object_get(object, member));
}

static char *short_of(const json_t *value)
{
    cleanup_free char *cell = table_cell(value);

    return cell ? strndup(cell, SHORT_ID_DIGITS) : NULL;
}

char *table_short_id(const json_t *object)
{
    return short_of(json_object_get(object, "id"));
}

char *table_short_grant(const json_t *object)
{
    return short_of(json_object_get(object, "grant"));
}

static char *cell_of(const struct table_column *column, const json_t *object)
{
    return column->format ? column->format(object) : table_cell(json_object_get(object, column->member));
}

#define MAX_COLUMNS 16

/* What of a table is printed. */
struct plan {
    const struct table_column *columns[MAX_COLUMNS];
    size_t n;
};

static int add_line(struct libscols_table *table, const struct plan *p, const json_t *object)
{
    struct libscols_line *line = scols_table_new_line(table, NULL);

    if (!line)
        return -ENOMEM;
    for (size_t i = 0; i < p->n; i++) {
        char *cell = cell_of(p->columns[i], object);

        if (!cell)
            return -ENOMEM;
        if (scols_line_refer_data(line, i, cell) != 0) {
            free(cell);
            return -ENOMEM;
        }
    }
    return 0;
}

/* Columns of the terminal; 0: it is none, or does not say. */
static size_t terminal_width(FILE *out)
{
    struct winsize size = {0};

    return isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static size_t width_of(const struct table_column *column, const json_t *objects)
{
    size_t width = text_width(_(column->title)), i;
    json_t *object;

    json_array_foreach((json_t *)objects, i, object)
    {
        cleanup_free char *cell = cell_of(column, object);
        size_t columns = cell ? text_width(cell) : 0;

        if (columns > width)
            width = columns;
    }
    return width;
}

/* The column whose turn it is; n if none is left. */
static size_t to_take_out(const struct table_column *columns, size_t n, const bool *out)
{
    size_t found = n;

    for (size_t i = 0; i < n; i++)
        if (columns[i].spare > 0 && !out[i] && (found == n || columns[i].spare < columns[found].spare))
            found = i;
    return found;
}

/* Takes out columns until the rest fits, and puts back those for which a wider one made room. */
static void fit(const struct table_column *columns, size_t n, const json_t *objects, size_t width, bool *out)
{
    size_t widths[MAX_COLUMNS], sum = 0, i;

    for (i = 0; i < n; i++)
        sum += widths[i] = width_of(&columns[i], objects) + 1;
    /* The last one has no blank behind it. */
    while (sum > width + 1 && (i = to_take_out(columns, n, out)) < n) {
        out[i] = true;
        sum -= widths[i];
    }
    for (unsigned turn = MAX_COLUMNS; turn > 0; turn--)
        for (i = 0; i < n; i++)
            if (out[i] && columns[i].spare == turn && sum + widths[i] <= width + 1) {
                out[i] = false;
                sum += widths[i];
            }
}

/* The last column, if it is to stand below the others; NULL: all stand side by side. */
static const struct table_column *find_below(FILE *out, const struct table_column *columns, size_t n)
{
    return n > 0 && columns[n - 1].below && terminal_width(out) > 0 ? &columns[n - 1] : NULL;
}

static int print_below(FILE *out, const struct table_column *below, const json_t *object)
{
    cleanup_free char *cell = below && object ? cell_of(below, object) : NULL;

    if (below && object && !cell)
        return -ENOMEM;
    if (!cell || *cell == '\0' || strcmp(cell, "-") == 0)
        return 0;
    (void)fprintf(out, "%*s", BELOW_INDENT, "");
    wrap_line(out, cell, strlen(cell), BELOW_INDENT, BELOW_INDENT);
    return 0;
}

/* A line of titles, then each object's line and what stands below it. */
static int print_interleaved(FILE *out, struct libscols_table *table, const struct table_column *below,
                             const json_t *objects)
{
    cleanup_free char *text = NULL;
    const char *line, *end;
    int r = 0;

    if (scols_print_table_to_string(table, &text) != 0 || !text)
        return -ENOMEM;
    line = text;
    for (size_t i = 0; r == 0 && *line != '\0'; i++, line = *end ? end + 1 : end) {
        end = line + strcspn(line, "\n");
        (void)fprintf(out, "%.*s\n", (int)(end - line), line);
        r = print_below(out, below, i > 0 ? json_array_get(objects, i - 1) : NULL);
    }
    return r;
}

static int print_plan(FILE *out, const struct plan *p, const struct table_column *below,
                      const json_t *objects)
{
    cleanup(scols_unref_table_p) struct libscols_table *table = NULL;
    json_t *object;
    size_t i;

    scols_init_debug(0);
    table = scols_new_table();
    if (!table || scols_table_set_stream(table, out) != 0)
        return -ENOMEM;
    /* A table that is read by another program, or through a pipe, is never cut. */
    if (!isatty(fileno(out)))
        scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
    for (i = 0; i < p->n; i++)
        if (!add_column(table, _(p->columns[i]->title), p->columns[i]->right ? SCOLS_FL_RIGHT : 0))
            return -ENOMEM;
    json_array_foreach((json_t *)objects, i, object)
    {
        if (add_line(table, p, object) < 0)
            return -ENOMEM;
    }
    if (below)
        return print_interleaved(out, table, below, objects);
    return scols_print_table(table) == 0 ? 0 : -ENOMEM;
}

static void print_left_out(FILE *out, struct buf *titles)
{
    cleanup_free char *names = buf_steal_text(titles);
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *text = NULL;

    buf_printf(
        &b,
        _("Left out, since the terminal is too narrow: %s. With --json, or through a pipe, all is there."),
        names ? names : "");
    text = buf_steal_text(&b);
    text_print_wrapped(out, text ? text : "");
}

int table_print(FILE *out, const struct table_column *columns, size_t n, const json_t *objects)
{
    struct plan p = {.n = 0};
    bool is_out[MAX_COLUMNS] = {false};
    cleanup_buf struct buf left_out = BUF_INIT;
    const struct table_column *below = find_below(out, columns, n);
    size_t width = terminal_width(out);

    if (n > MAX_COLUMNS)
        return -ENOMEM;
    if (below)
        n--;
    if (width > 0)
        fit(columns, n, objects, width, is_out);
    for (size_t i = 0; i < n; i++)
        if (is_out[i])
            buf_printf(&left_out, "%s%s", left_out.size > 0 ? _(", ") : "", _(columns[i].title));
        else
            p.columns[p.n++] = &columns[i];
    if (print_plan(out, &p, below, objects) < 0)
        return -ENOMEM;
    if (left_out.size > 0)
        print_left_out(out, &left_out);
    return 0;
}

/* The same of lines that come one by one: their columns are as wide as declared. */
static void plan_line(FILE *out, const struct table_column *columns, size_t n, struct plan *p,
                      struct buf *left_out)
{
    bool is_out[MAX_COLUMNS] = {false};
    size_t width = terminal_width(out), sum = 0, i;

    for (i = 0; i < n; i++)
        sum += columns[i].width + 1;
    while (width > 0 && sum > width + 1 && (i = to_take_out(columns, n, is_out)) < n) {
        is_out[i] = true;
        sum -= columns[i].width + 1;
    }
    for (i = 0; i < n; i++)
        if (is_out[i])
            buf_printf(left_out, "%s%s", left_out->size > 0 ? _(", ") : "", _(columns[i].title));
        else
            p->columns[p->n++] = &columns[i];
}

static int print_line(FILE *out, const struct plan *p, const json_t *object)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct table_column *c = p->columns[i];
        cleanup_free char *cell = object ? cell_of(c, object) : strdup(_(c->title));
        size_t width, fill;

        if (!cell)
            return -ENOMEM;
        width = text_width(cell);
        fill = width < c->width ? c->width - width : 0;
        (void)fprintf(out, "%s%*s%s%*s", i > 0 ? " " : "", c->right ? (int)fill : 0, "", cell,
                      c->right || i + 1 == p->n ? 0 : (int)fill, "");
    }
    return fputc('\n', out) == EOF ? -ENOMEM : 0;
}

int table_print_line(FILE *out, const struct table_column *columns, size_t n, const json_t *object)
{
    cleanup_buf struct buf left_out = BUF_INIT;
    const struct table_column *below = find_below(out, columns, n);
    struct plan p = {.n = 0};

    if (n > MAX_COLUMNS)
        return -ENOMEM;
    if (below)
        n--;
    plan_line(out, columns, n, &p, &left_out);
    if (!object && left_out.size > 0)
        print_left_out(out, &left_out);
    if (print_line(out, &p, object) < 0)
        return -ENOMEM;
    return print_below(out, below, object);
}

int table_print_object(FILE *out, const struct table_column *columns, size_t n, const json_t *object)
{
    cleanup(scols_unref_table_p) struct libscols_table *table = scols_new_table();

    if (!table || scols_table_set_stream(table, out) != 0 || scols_table_enable_noheadings(table, 1) != 0)
        return -ENOMEM;
    if (!add_column(table, "", 0) || !add_column(table, "", SCOLS_FL_WRAP))
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        struct libscols_line *line = scols_table_new_line(table, NULL);
        char *cell = cell_of(&columns[i], object);

        if (!line || !cell || scols_line_refer_data(line, 1, cell) != 0) {
            free(cell);
            return -ENOMEM;
        }
        if (scols_line_set_data(line, 0, _(columns[i].title)) != 0)
            return -ENOMEM;
    }
    return scols_print_table(table) == 0 ? 0 : -ENOMEM;
}
