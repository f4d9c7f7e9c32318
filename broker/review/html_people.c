#include "broker/common/i18n.h"
#include "broker/review/html_judge.h"
#include "broker/review/html_sections.h"
#include "broker/review/html_table.h"
#include "broker/review/svg_bars.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Those who approve, and what of keys, certificates and agreements runs out. */

static int compare_bars(const void *x, const void *y)
{
    const struct svg_bar *a = x, *b = y;

    return a->value > b->value ? -1 : a->value < b->value;
}

static void put_workload(struct html_page *p, const json_t *approvers)
{
    size_t n = json_array_size(approvers);
    cleanup_free struct svg_bar *bars = calloc(n + 1, sizeof(*bars));
    cleanup_free char(*texts)[24] = calloc(n + 1, sizeof(*texts));

    if (n == 0 || !bars || !texts)
        return;
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(approvers, i);
        int64_t count = html_count(row, "approvals");

        (void)snprintf(texts[i], sizeof(texts[i]), "%lld", (long long)count);
        bars[i] = (struct svg_bar){html_member(row, "person"), texts[i], count > 0 ? count : 0};
    }
    qsort(bars, n, sizeof(*bars), compare_bars);
    svg_bars(p, _("Approvals by person"), _("A bar for each approver, with the number of approvals."),
             n > SVG_BARS_MOST ? _("Those with the most; all are in the table.") : NULL, bars, n);
}

void html_section_approvers(struct html_page *p)
{
    static const struct html_column columns[] = {
        {N_("Person"), "person", HTML_CELL_TEXT, NULL},
        {N_("Roles"), "roles", HTML_CELL_LIST, NULL},
        {N_("Approvals"), "approvals", HTML_CELL_COUNT, NULL},
        {N_("Grants"), "grants", HTML_CELL_COUNT, NULL},
        {N_("Until"), "until", HTML_CELL_TIME, NULL},
    };
    const struct html_table table = {.caption = N_("Approvers"),
                                     .none = N_("Nobody approved anything."),
                                     .member = "approvers",
                                     .columns = columns,
                                     .n_columns = ARRAY_SIZE(columns)};
    const json_t *approvers = html_rows(p->review, "approvers");

    html_paragraph(p, "note",
                   _("Somebody who signs very many grants may no longer read them; a role with one person "
                     "has no deputy."));
    put_workload(p, approvers);
    html_table(p, &table, approvers);
}

static void put_days(struct html_page *p, const json_t *row)
{
    int64_t days = html_count(row, "days");
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *text = NULL;

    if (!json_is_integer(json_object_get(row, "days"))) {
        html_foreign(p, "");
        return;
    }
    if (days < 0)
        buf_printf(&b, _("over for %lld d"), (long long)-days);
    else
        buf_printf(&b, _("in %lld d"), (long long)days);
    text = buf_steal_text(&b);
    html_mark(p, days < 0 ? HTML_MARK_BAD : days <= 30 ? HTML_MARK_LOOK : HTML_MARK_PLAIN, text ? text : "");
}

static void put_kind(struct html_page *p, const json_t *row)
{
    static const struct {
        const char *what, *title;
    } kinds[] = {
        {"certificate", N_("certificate")},
        {"trust", N_("trust file")},
        {"ledger-key", N_("ledger key")},
        {"grant", N_("grant")},
        {"status", N_("status")},
        {"agreement", N_("agreement")},
        {"training", N_("training")},
        {"vetting", N_("vetting")},
        {"entry", N_("entry")},
    };
    const char *what = html_member(row, "what");

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (strcmp(kinds[i].what, what) == 0) {
            html_text(p, _(kinds[i].title));
            return;
        }
    }
    html_foreign(p, what);
}

void html_section_expiring(struct html_page *p)
{
    static const struct html_column columns[] = {
        {N_("What"), NULL, HTML_CELL_OWN, put_kind},
        {N_("Name"), "name", HTML_CELL_TEXT, NULL},
        {N_("Until"), "until", HTML_CELL_TIME, NULL},
        {N_("Expires"), NULL, HTML_CELL_OWN, put_days},
    };
    const struct html_table table = {.caption = N_("Keys, certificates and documents"),
                                     .none = N_("Nothing is about to expire."),
                                     .member = "expiring",
                                     .columns = columns,
                                     .n_columns = ARRAY_SIZE(columns),
                                     .first = html_is_over};

    html_table(p, &table, html_rows(p->review, "expiring"));
}

static void put_lapsed(struct html_page *p, const json_t *row)
{
    if (strcmp(html_member(row, "what"), "entry") == 0)
        html_mark(p, HTML_MARK_BAD, _("not in the register"));
    else if (json_is_true(json_object_get(row, "lapsed")))
        html_mark(p, HTML_MARK_BAD, _("lapsed"));
    else
        html_mark(p, HTML_MARK_LOOK, _("lapses soon"));
}

void html_section_register(struct html_page *p)
{
    static const struct html_column columns[] = {
        {N_("Person"), "staff", HTML_CELL_TEXT, NULL},
        {N_("Vendor"), "vendor", HTML_CELL_TEXT, NULL},
        {N_("What"), NULL, HTML_CELL_OWN, put_kind},
        {N_("Until"), "until", HTML_CELL_TIME, NULL},
        {N_("State"), NULL, HTML_CELL_OWN, put_lapsed},
        {N_("Live grants"), "grants_live", HTML_CELL_COUNT, NULL},
    };
    const struct html_table table = {.caption = N_("Staff register"),
                                     .none = N_("Nothing in the staff register has lapsed or is about to."),
                                     .member = "register",
                                     .columns = columns,
                                     .n_columns = ARRAY_SIZE(columns),
                                     .first = html_is_lapsed_and_live};

    html_table(p, &table, html_rows(p->review, "register"));
}
