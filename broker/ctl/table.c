#include "broker/ctl/table.h"

#include "broker/common/i18n.h"
#include "broker/ctl/text.h"
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"

#include <errno.h>
#include <libsmartcols.h>
#include <string.h>
#include <unistd.h>

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

static char *cell_of(const struct table_column *column, const json_t *object)
{
    return column->format ? column->format(object) : table_cell(json_object_get(object, column->member));
}

static int add_line(struct libscols_table *table, const struct table_column *columns, size_t n,
                    const json_t *object)
{
    struct libscols_line *line = scols_table_new_line(table, NULL);

    if (!line)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        char *cell = cell_of(&columns[i], object);

        if (!cell)
            return -ENOMEM;
        if (scols_line_refer_data(line, i, cell) != 0) {
            free(cell);
            return -ENOMEM;
        }
    }
    return 0;
}

int table_print(FILE *out, const struct table_column *columns, size_t n, const json_t *objects)
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
    for (i = 0; i < n; i++)
        if (!add_column(table, _(columns[i].title), columns[i].right ? SCOLS_FL_RIGHT : 0))
            return -ENOMEM;
    json_array_foreach((json_t *)objects, i, object)
    {
        if (add_line(table, columns, n, object) < 0)
            return -ENOMEM;
    }
    return scols_print_table(table) == 0 ? 0 : -ENOMEM;
}

int table_print_line(FILE *out, const struct table_column *columns, size_t n, const json_t *object)
{
    for (size_t i = 0; i < n; i++) {
        const struct table_column *c = &columns[i];
        cleanup_free char *cell = object ? cell_of(c, object) : strdup(_(c->title));
        size_t width, fill;

        if (!cell)
            return -ENOMEM;
        width = text_width(cell);
        fill = width < c->width ? c->width - width : 0;
        (void)fprintf(out, "%s%*s%s%*s", i > 0 ? " " : "", c->right ? (int)fill : 0, "", cell,
                      c->right || i + 1 == n ? 0 : (int)fill, "");
    }
    return fputc('\n', out) == EOF ? -ENOMEM : 0;
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
