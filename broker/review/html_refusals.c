#include "broker/common/i18n.h"
#include "broker/review/html_sections.h"
#include "broker/review/html_table.h"
#include "broker/review/svg_heat.h"

/* Why, when, whose and from where somebody was not let in. */

static void take_hours(const json_t *row, struct svg_heat_row *heat)
{
    const json_t *hours = html_rows(row, "hours");

    for (size_t hour = 0; hour < SVG_HEAT_HOURS; hour++) {
        json_int_t count = json_integer_value(json_array_get(hours, hour));

        heat->hours[hour] += count > 0 ? (int64_t)count : 0;
    }
    heat->total += html_count(row, "count") > 0 ? html_count(row, "count") : 0;
}

/* What has no row of its own is in the last one. */
static void put_heat(struct html_page *p, const json_t *reasons)
{
    struct svg_heat_row rows[SVG_HEAT_ROWS] = {{0}};
    const json_t *row;
    size_t i, n = 0;

    html_foreach(reasons, i, row)
    {
        bool common = i >= SVG_HEAT_ROWS - 1;

        if (n < SVG_HEAT_ROWS)
            rows[n++].label = common ? _("other reasons") : html_member(row, "reason");
        take_hours(row, &rows[n - 1]);
    }
    if (n > 0)
        svg_heat(p, _("Refusals by reason and hour"),
                 _("A row for each reason, a column for each hour of the day, and how many in each cell."),
                 rows, n);
}

static void put_sentence(struct html_page *p, const json_t *row)
{
    html_code(p, html_member(row, "reason"));
    html_raw(p, "<br/>");
    html_foreign(p, html_member(row, "sentence"));
}

static void put_busiest(struct html_page *p, const json_t *row)
{
    const json_t *hours = html_rows(row, "hours");
    size_t busiest = 0;

    for (size_t hour = 1; hour < SVG_HEAT_HOURS; hour++) {
        if (json_integer_value(json_array_get(hours, hour)) >
            json_integer_value(json_array_get(hours, busiest)))
            busiest = hour;
    }
    html_rawf(p, "%02zu–%02zu <small>(", busiest, busiest + 1);
    html_number(p, (int64_t)json_integer_value(json_array_get(hours, busiest)));
    html_raw(p, ")</small>");
}

static void put_reasons(struct html_page *p, const json_t *row)
{
    const char *name;
    const json_t *count;
    bool first = true;

    json_object_foreach(json_object_get(row, "reasons"), name, count)
    {
        html_raw(p, first ? "" : ", ");
        html_foreign(p, name);
        if (json_is_integer(count)) {
            html_raw(p, " ");
            html_number(p, (int64_t)json_integer_value(count));
        }
        first = false;
    }
}

static void put_by_reason(struct html_page *p, const json_t *refusals)
{
    static const struct html_column columns[] = {
        {N_("Reason"), NULL, HTML_CELL_OWN, put_sentence},
        {N_("Number"), "count", HTML_CELL_COUNT, NULL},
        {N_("People"), "people", HTML_CELL_COUNT, NULL},
        {N_("Addresses"), "sources", HTML_CELL_COUNT, NULL},
        {N_("Busiest hour"), NULL, HTML_CELL_OWN, put_busiest},
    };
    const struct html_table table = {.caption = N_("Refusals by reason"),
                                     .none = N_("Nobody was refused."),
                                     .member = "refusals.by_reason",
                                     .columns = columns,
                                     .n_columns = ARRAY_SIZE(columns)};

    html_table(p, &table, html_rows(refusals, "by_reason"));
}

static void put_by_staff(struct html_page *p, const json_t *refusals)
{
    static const struct html_column columns[] = {
        {N_("Person"), "staff", HTML_CELL_TEXT, NULL},  {N_("Vendor"), "vendor", HTML_CELL_TEXT, NULL},
        {N_("Number"), "count", HTML_CELL_COUNT, NULL}, {N_("First"), "first", HTML_CELL_TIME, NULL},
        {N_("Last"), "last", HTML_CELL_TIME, NULL},     {N_("Reasons"), NULL, HTML_CELL_OWN, put_reasons},
    };
    const struct html_table table = {.caption = N_("Refusals by person"),
                                     .none = N_("Nobody was refused."),
                                     .member = "refusals.by_staff",
                                     .columns = columns,
                                     .n_columns = ARRAY_SIZE(columns)};

    html_table(p, &table, html_rows(refusals, "by_staff"));
}

static void put_by_source(struct html_page *p, const json_t *refusals)
{
    static const struct html_column columns[] = {
        {N_("Address"), "address", HTML_CELL_CODE, NULL},
        {N_("Number"), "count", HTML_CELL_COUNT, NULL},
        {N_("People"), "people", HTML_CELL_COUNT, NULL},
    };
    const struct html_table table = {.caption = N_("Refusals by address"),
                                     .none = N_("No refusal came from a network address."),
                                     .member = "refusals.by_source",
                                     .columns = columns,
                                     .n_columns = ARRAY_SIZE(columns)};

    html_table(p, &table, html_rows(refusals, "by_source"));
    if (html_count(refusals, "sources_left_out") > 0) {
        html_raw(p, "<p class=\"rest\">");
        html_textf(p, _("Refusals from further addresses, which the review counts and does not name: %lld."),
                   (long long)html_count(refusals, "sources_left_out"));
        html_raw(p, "</p>\n");
    }
}

void html_section_refusals(struct html_page *p)
{
    const json_t *refusals = json_object_get(p->review, "refusals");
    const json_t *reasons = html_rows(refusals, "by_reason");

    if (json_array_size(reasons) == 0) {
        html_paragraph(p, "none", _("Nobody was refused."));
        return;
    }
    put_heat(p, reasons);
    put_by_reason(p, refusals);
    put_by_staff(p, refusals);
    put_by_source(p, refusals);
}
