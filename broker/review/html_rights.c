#include "broker/common/i18n.h"
#include "broker/review/html_judge.h"
#include "broker/review/html_sections.h"
#include "broker/review/html_table.h"

#include <string.h>

/* What was granted, held against what was used of it. */

static void put_person(struct html_page *p, const json_t *row)
{
    html_foreign(p, html_member(row, "staff"));
    html_raw(p, "<br/><small>");
    html_foreign(p, html_member(row, "vendor"));
    html_raw(p, "</small>");
}

/* A circle for inside, a filled triangle for outside. */
static void put_address(struct html_page *p, const json_t *seen)
{
    const json_t *inside = json_object_get(seen, "inside");

    html_raw(p, "<li>");
    html_mark(p, json_is_true(inside) ? HTML_MARK_PLAIN : HTML_MARK_LOOK,
              json_is_true(inside) ? _("inside") : _("outside"));
    html_raw(p, " ");
    html_code(p, html_member(seen, "address"));
    html_raw(p, " <small>");
    html_textf(p, _("%lld admitted, %lld refused"), (long long)html_count(seen, "admitted"),
               (long long)html_count(seen, "refused"));
    html_raw(p, "</small></li>");
}

/* Those outside first, so that none of them is among the ones only counted. */
static void put_seen(struct html_page *p, const json_t *row)
{
    const json_t *seen = html_rows(row, "seen");
    const json_t *one;
    size_t i, shown = 0;

    html_raw(p, "<ul class=\"plainlist\">");
    for (int outside = 1; outside >= 0; outside--) {
        html_foreach(seen, i, one)
        {
            if (json_is_true(json_object_get(one, "inside")) != !outside || shown >= HTML_LIST_ITEMS)
                continue;
            put_address(p, one);
            shown++;
        }
    }
    if (json_array_size(seen) > shown) {
        html_raw(p, "<li>");
        html_textf(p, _("and %zu more"), json_array_size(seen) - shown);
        html_raw(p, "</li>");
    }
    html_raw(p, "</ul>");
}

void html_section_sources(struct html_page *p)
{
    static const struct html_column columns[] = {
        {N_("Person"), NULL, HTML_CELL_OWN, put_person},
        {N_("Grant"), "grant", HTML_CELL_CODE, NULL},
        {N_("Granted"), "granted", HTML_CELL_LIST, NULL},
        {N_("Seen"), NULL, HTML_CELL_OWN, put_seen},
    };
    const struct html_table table = {.caption = N_("Sources"),
                                     .none = N_("Nobody came from a network address."),
                                     .member = "sources",
                                     .columns = columns,
                                     .n_columns = ARRAY_SIZE(columns),
                                     .first = html_was_outside};

    html_paragraph(p, "note",
                   _("A circle: the address lies in what was granted. A triangle: it lies outside."));
    html_table(p, &table, html_rows(p->review, "sources"));
}

static void put_grant(struct html_page *p, const json_t *row)
{
    html_foreign(p, html_member(row, "ticket"));
    html_raw(p, "<br/><small>");
    html_foreign(p, html_member(row, "purpose"));
    html_raw(p, "</small><br/>");
    html_code(p, html_member(row, "id"));
    html_rawf(p, " <small>v%lld</small>", (long long)html_count(row, "version"));
}

static void put_validity(struct html_page *p, const json_t *row)
{
    html_time(p, html_member(row, "not_before"));
    html_raw(p, "<br/>– ");
    html_time(p, html_member(row, "not_after"));
}

static void put_uses(struct html_page *p, const json_t *row)
{
    const char *granted = html_member(row, "uses"); /* "2 per-host"; "" of a grant that nobody has */

    html_number(p, html_count(row, "uses_taken"));
    html_raw(p, " / ");
    html_text(p, *granted ? granted : "–");
}

static void put_state(struct html_page *p, const json_t *row)
{
    html_foreign(p, html_member(row, "state"));
    html_raw(p, "<br/>");
    if (json_is_true(json_object_get(row, "used")))
        html_mark(p, HTML_MARK_GOOD, _("used"));
    else
        html_mark(p, HTML_MARK_LOOK, _("never used"));
}

static void put_grants(struct html_page *p, const json_t *grants)
{
    static const struct html_column columns[] = {
        {N_("Ticket, purpose, grant"), NULL, HTML_CELL_OWN, put_grant},
        {N_("Person"), NULL, HTML_CELL_OWN, put_person},
        {N_("Class"), "class", HTML_CELL_TEXT, NULL},
        {N_("Valid"), NULL, HTML_CELL_OWN, put_validity},
        {N_("Uses"), NULL, HTML_CELL_OWN, put_uses},
        {N_("State"), NULL, HTML_CELL_OWN, put_state},
    };
    const struct html_table table = {.caption = N_("Grants"),
                                     .none = N_("No grant was in force in this period."),
                                     .member = "grants",
                                     .columns = columns,
                                     .n_columns = ARRAY_SIZE(columns),
                                     .first = html_is_unused};

    html_table(p, &table, grants);
}

static const char *field_title(const char *field)
{
    static const struct {
        const char *field, *title;
    } titles[] = {
        {"host", N_("hosts")},       {"hours", N_("hours")},     {"service", N_("services")},
        {"channel", N_("channels")}, {"run-as", N_("accounts")}, {"command", N_("commands by sudo")},
        {"source", N_("sources")},   {"uses", N_("uses")},       {"sessions", N_("sessions at a time")},
    };

    for (size_t i = 0; i < ARRAY_SIZE(titles); i++) {
        if (strcmp(titles[i].field, field) == 0)
            return _(titles[i].title);
    }
    return field;
}

static void put_field(struct html_page *p, const json_t *row)
{
    html_foreign(p, field_title(html_member(row, "field")));
}

/* How much of it was used, drawn and written. */
static void put_share(struct html_page *p, const json_t *row)
{
    size_t granted = json_array_size(html_rows(row, "granted")),
           never = json_array_size(html_rows(row, "never"));
    size_t used = granted > never ? granted - never : 0;

    if (granted == 0 || never == 0) {
        html_foreign(p, "");
        return;
    }
    html_textf(p, _("%zu of %zu"), used, granted);
    html_rawf(p,
              "<br/><svg xmlns=\"http://www.w3.org/2000/svg\" class=\"share\" viewBox=\"0 0 62 12\" "
              "aria-hidden=\"true\"><rect class=\"frame\" x=\"1\" y=\"1\" width=\"60\" height=\"10\"/>"
              "<rect class=\"bar\" x=\"1\" y=\"1\" width=\"%zu\" height=\"10\"/></svg>",
              used * 60 / granted);
}

static void put_wider_of(struct html_page *p, const json_t *row)
{
    html_foreign(p, html_member(row, "ticket"));
    html_raw(p, "<br/><small>");
    html_foreign(p, html_member(row, "staff"));
    html_raw(p, "</small>");
}

/* The fields of all grants, each with the names of its grant. */
static json_t *fields_of(const json_t *grants)
{
    json_t *rows = json_array();
    const json_t *grant, *field;
    size_t i, j;

    html_foreach(grants, i, grant)
    {
        const json_t *wider = html_rows(grant, "wider");

        html_foreach(wider, j, field)
        {
            json_t *row = json_copy((json_t *)field);

            (void)json_object_set_new(row, "ticket", json_string(html_member(grant, "ticket")));
            (void)json_object_set_new(row, "staff", json_string(html_member(grant, "staff")));
            (void)json_array_append_new(rows, row);
        }
    }
    return rows;
}

static void put_wider(struct html_page *p, const json_t *grants)
{
    static const struct html_column columns[] = {
        {N_("Grant"), NULL, HTML_CELL_OWN, put_wider_of},    {N_("What"), NULL, HTML_CELL_OWN, put_field},
        {N_("Granted"), "granted", HTML_CELL_LIST, NULL},    {N_("Used"), "used", HTML_CELL_LIST, NULL},
        {N_("Never needed"), "never", HTML_CELL_LIST, NULL}, {N_("Share"), NULL, HTML_CELL_OWN, put_share},
    };
    const struct html_table table = {.caption = N_("Wider than what was used"),
                                     .none = N_("No grant was wider than what was used of it."),
                                     .member = "grants[].wider",
                                     .columns = columns,
                                     .n_columns = ARRAY_SIZE(columns)};
    json_t *rows = fields_of(grants);

    html_table(p, &table, rows);
    json_decref(rows);
}

void html_section_grants(struct html_page *p)
{
    const json_t *grants = html_rows(p->review, "grants");

    put_grants(p, grants);
    if (json_array_size(grants) > 0)
        put_wider(p, grants);
}
