#include "broker/review/html_table.h"

#include "broker/common/i18n.h"

static bool is_number(enum html_cell cell)
{
    return cell == HTML_CELL_COUNT || cell == HTML_CELL_SECONDS || cell == HTML_CELL_MICROSECONDS;
}

void html_list(struct html_page *p, const json_t *texts)
{
    size_t count = json_array_size(texts);

    if (count == 0)
        html_foreign(p, "");
    for (size_t i = 0; i < count && i < HTML_LIST_ITEMS; i++) {
        const char *text = json_string_value(json_array_get(texts, i));

        html_raw(p, i > 0 ? ", " : "");
        html_foreign(p, text ? text : "");
    }
    if (count > HTML_LIST_ITEMS) {
        html_raw(p, " ");
        html_textf(p, _("and %zu more"), count - HTML_LIST_ITEMS);
    }
}

static const struct {
    const char *class, *sign;
} marks[] = {
    [HTML_MARK_GOOD] = {"good", "✓"},
    [HTML_MARK_BAD] = {"bad", "✗"},
    [HTML_MARK_LOOK] = {"look", "▲"},
    [HTML_MARK_PLAIN] = {"plain", "○"},
};

void html_mark(struct html_page *p, enum html_mark mark, const char *words)
{
    html_rawf(p, "<span class=\"mark %s\"><b>%s</b> ", marks[mark].class, marks[mark].sign);
    html_text(p, words);
    html_raw(p, "</span>");
}

void html_proven(struct html_page *p, const json_t *proven)
{
    if (json_is_true(proven))
        html_mark(p, HTML_MARK_GOOD, _("proven"));
    else if (json_is_false(proven))
        html_mark(p, HTML_MARK_BAD, _("not proven"));
    else
        html_mark(p, HTML_MARK_PLAIN, _("not over"));
}

static void put_quantity(struct html_page *p, const json_t *value, enum html_cell cell)
{
    if (!json_is_integer(value))
        html_foreign(p, "");
    else if (cell == HTML_CELL_SECONDS)
        html_seconds_text((int64_t)json_integer_value(value), p->out);
    else if (cell == HTML_CELL_MICROSECONDS)
        html_microseconds_text((int64_t)json_integer_value(value), p->out);
    else
        html_number(p, (int64_t)json_integer_value(value));
}

static void put_cell(struct html_page *p, const struct html_column *column, const json_t *row)
{
    const json_t *value = column->member ? json_object_get(row, column->member) : NULL;
    const char *text = json_string_value(value);

    switch (column->cell) {
    case HTML_CELL_TEXT:
        if (json_is_integer(value))
            html_rawf(p, "%lld", (long long)json_integer_value(value));
        else
            html_foreign(p, text ? text : "");
        break;
    case HTML_CELL_CODE:
        html_code(p, text ? text : "");
        break;
    case HTML_CELL_COUNT:
    case HTML_CELL_SECONDS:
    case HTML_CELL_MICROSECONDS:
        put_quantity(p, value, column->cell);
        break;
    case HTML_CELL_TIME:
        html_time(p, text ? text : "");
        break;
    case HTML_CELL_LIST:
        html_list(p, value);
        break;
    case HTML_CELL_OWN:
        column->write(p, row);
        break;
    }
}

static void put_head(struct html_page *p, const struct html_table *table)
{
    html_raw(p, "<table><caption>");
    html_text(p, _(table->caption));
    html_raw(p, "</caption>\n<thead><tr>");
    for (size_t i = 0; i < table->n_columns; i++) {
        html_rawf(p, "<th scope=\"col\"%s>", is_number(table->columns[i].cell) ? " class=\"n\"" : "");
        html_text(p, _(table->columns[i].title));
        html_raw(p, "</th>");
    }
    html_raw(p, "</tr></thead>\n<tbody>\n");
}

/* Where there is no room for columns, each cell says which it is. */
static void put_row(struct html_page *p, const struct html_table *table, const json_t *row)
{
    html_raw(p, "<tr>");
    for (size_t i = 0; i < table->n_columns; i++) {
        html_rawf(p, "<td%s data-t=\"",
                  is_number(table->columns[i].cell)          ? " class=\"n\""
                  : table->columns[i].cell == HTML_CELL_TIME ? " class=\"t\""
                                                             : "");
        html_text(p, _(table->columns[i].title));
        html_raw(p, "\"><div>");
        put_cell(p, &table->columns[i], row);
        html_raw(p, "</div></td>");
    }
    html_raw(p, "</tr>\n");
}

/* Those that the table puts first, then the others, each in their order, as many as there is room for. */
static void put_rows(struct html_page *p, const struct html_table *table, const json_t *rows)
{
    bool all = !table->first || json_array_size(rows) <= HTML_TABLE_ROWS;
    size_t shown = 0;

    for (int turn = 0; turn < (all ? 1 : 2); turn++) {
        for (size_t i = 0; i < json_array_size(rows) && shown < HTML_TABLE_ROWS; i++) {
            const json_t *row = json_array_get(rows, i);

            if (!all && table->first(row) != (turn == 0))
                continue;
            put_row(p, table, row);
            shown++;
        }
    }
}

static void put_rest(struct html_page *p, const struct html_table *table, size_t count)
{
    html_raw(p, "<p class=\"rest\">");
    if (table->first)
        html_textf(p,
                   _("%d of %zu, those first that need somebody; all are in the JSON of this review, member "
                     "\"%s\"."),
                   HTML_TABLE_ROWS, count, table->member);
    else
        html_textf(p, _("The first %d of %zu; all are in the JSON of this review, member \"%s\"."),
                   HTML_TABLE_ROWS, count, table->member);
    html_raw(p, "</p>\n");
}

void html_table(struct html_page *p, const struct html_table *table, const json_t *rows)
{
    size_t count = json_array_size(rows);

    if (count == 0) {
        html_paragraph(p, "none", _(table->none));
        return;
    }
    put_head(p, table);
    put_rows(p, table, rows);
    html_raw(p, "</tbody></table>\n");
    if (count > HTML_TABLE_ROWS)
        put_rest(p, table, count);
}
