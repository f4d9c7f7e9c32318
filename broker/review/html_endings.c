#include "broker/common/i18n.h"
#include "broker/review/html_judge.h"
#include "broker/review/html_sections.h"
#include "broker/review/html_table.h"
#include "broker/review/svg_latency.h"

#include <errno.h>
#include <stdlib.h>

/* How rights ended, how long that took, and what proves it. */

static int compare_us(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

    return a < b ? -1 : a > b;
}

/* The times of those that took one, ascending. */
static size_t take_times(const json_t *revocations, int64_t *us)
{
    const json_t *row;
    size_t i, n = 0;

    html_foreach(revocations, i, row)
    {
        if (json_is_integer(json_object_get(row, "took_us")) && html_count(row, "took_us") >= 0)
            us[n++] = html_count(row, "took_us");
    }
    qsort(us, n, sizeof(*us), compare_us);
    return n;
}

static void put_number(struct html_page *p, const char *title, int64_t us)
{
    html_raw(p, "<li><b>");
    html_microseconds_text(us, p->out);
    html_raw(p, "</b> ");
    html_text(p, title);
    html_raw(p, "</li>\n");
}

static void put_times(struct html_page *p, const int64_t *us, size_t n)
{
    html_raw(p, "<ul class=\"numbers\">\n");
    put_number(p, _("the quickest"), us[0]);
    put_number(p, _("median"), us[(n - 1) / 2]);
    put_number(p, _("95 of 100 within"), us[(n - 1) * 95 / 100]);
    put_number(p, _("the slowest"), us[n - 1]);
    html_raw(p, "</ul>\n");
    svg_latency(p, _("How long revocations took"), us, n);
}

static void put_picture(struct html_page *p, const json_t *revocations)
{
    cleanup_free int64_t *us = calloc(json_array_size(revocations) + 1, sizeof(*us));
    size_t n;

    if (!us) {
        p->out->error = p->out->error ? p->out->error : -ENOMEM;
        return;
    }
    n = take_times(revocations, us);
    if (n > 0)
        put_times(p, us, n);
}

static void put_proof(struct html_page *p, const json_t *row)
{
    html_proven(p, json_object_get(row, "proven"));
}

static void put_scope(struct html_page *p, const json_t *row)
{
    html_foreign(p, html_member(row, "scope"));
    html_raw(p, "<br/>");
    html_foreign(p, html_member(row, "name"));
}

void html_section_revocations(struct html_page *p)
{
    static const struct html_column columns[] = {
        {N_("Time"), "at", HTML_CELL_TIME, NULL},      {N_("Host"), "host", HTML_CELL_TEXT, NULL},
        {N_("What"), NULL, HTML_CELL_OWN, put_scope},  {N_("By"), "actor", HTML_CELL_TEXT, NULL},
        {N_("Why"), "why", HTML_CELL_TEXT, NULL},      {N_("Took"), "took_us", HTML_CELL_MICROSECONDS, NULL},
        {N_("Proof"), NULL, HTML_CELL_OWN, put_proof},
    };
    const struct html_table table = {.caption = N_("Revocations"),
                                     .none = N_("Nothing was revoked."),
                                     .member = "revocations",
                                     .columns = columns,
                                     .n_columns = ARRAY_SIZE(columns),
                                     .first = html_is_unproven};
    const json_t *revocations = html_rows(p->review, "revocations");

    html_paragraph(p, "note",
                   _("From the order until nothing of the person was left, which two looks in a row have to "
                     "show. 10 s are "
                     "the bound."));
    put_picture(p, revocations);
    html_table(p, &table, revocations);
}

static void put_record(struct html_page *p, const json_t *row)
{
    put_proof(p, row);
    html_raw(p, "<br/>");
    html_foreign(p, html_member(row, "proof"));
    if (json_is_integer(json_object_get(row, "sequence"))) {
        html_raw(p, "<br/><small>");
        html_textf(p, _("record %lld"), (long long)html_count(row, "sequence"));
        html_raw(p, "</small>");
    }
}

void html_section_ended(struct html_page *p)
{
    static const struct html_column columns[] = {
        {N_("Time"), "at", HTML_CELL_TIME, NULL},
        {N_("Host"), "host", HTML_CELL_TEXT, NULL},
        {N_("Person"), "staff", HTML_CELL_TEXT, NULL},
        {N_("Grant"), "grant", HTML_CELL_CODE, NULL},
        {N_("How it ended"), "how", HTML_CELL_TEXT, NULL},
        {N_("Sessions"), "sessions", HTML_CELL_COUNT, NULL},
        {N_("Proof"), NULL, HTML_CELL_OWN, put_record},
    };
    const struct html_table table = {.caption = N_("Rights that ended"),
                                     .none = N_("No right ended in this period."),
                                     .member = "ended_rights",
                                     .columns = columns,
                                     .n_columns = ARRAY_SIZE(columns),
                                     .first = html_is_unproven};

    html_table(p, &table, html_rows(p->review, "ended_rights"));
}
