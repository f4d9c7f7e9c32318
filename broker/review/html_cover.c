#include "broker/common/i18n.h"
#include "broker/review/html_findings.h"
#include "broker/review/html_judge.h"
#include "broker/review/html_sections.h"
#include "broker/review/html_table.h"

/* The first page: of whom, of when, resting on what, and how it came out. */

static void put_term(struct html_page *p, const char *term)
{
    html_raw(p, "<dt>");
    html_text(p, term);
    html_raw(p, "</dt><dd>");
}

static void put_period(struct html_page *p)
{
    const json_t *period = json_object_get(p->review, "period");

    put_term(p, _("Period"));
    html_raw(p, "<span class=\"nb\">");
    html_time(p, html_member(period, "from"));
    html_raw(p, "</span> – <span class=\"nb\">");
    html_time(p, html_member(period, "until"));
    html_raw(p, "</span></dd>\n");
}

static void put_facts(struct html_page *p)
{
    html_raw(p, "<dl class=\"facts\">\n");
    put_term(p, _("Site"));
    html_foreign(p, html_member(p->review, "site"));
    html_raw(p, "</dd>\n");
    put_term(p, _("Hosts"));
    html_list(p, html_rows(p->review, "hosts"));
    html_raw(p, "</dd>\n");
    put_period(p);
    put_term(p, _("Made at"));
    html_time(p, html_member(p->review, "made_at"));
    html_raw(p, "</dd>\n");
    put_term(p, _("SHA-256 of the review (JSON)"));
    html_code(p, p->options->digest ? p->options->digest : "");
    html_raw(p, "</dd>\n</dl>\n");
}

static void put_verdict(struct html_page *p, enum html_mark mark, const char *words)
{
    html_raw(p, "<li>");
    html_mark(p, mark, words);
    html_raw(p, "</li>\n");
}

static void put_ledgers(struct html_page *p)
{
    const json_t *ledgers = html_rows(p->review, "ledgers");
    const json_t *ledger;
    size_t i, good = 0, count = json_array_size(ledgers);
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *text = NULL;

    html_foreach(ledgers, i, ledger)
    {
        good += json_is_true(json_object_get(ledger, "verified"));
    }
    if (count > 0 && good == count)
        buf_printf(&b, ngettext("The ledger verifies.", "All %zu ledgers verify.", count), count);
    else
        buf_printf(&b, _("Ledgers that verify: %zu of %zu."), good, count);
    text = buf_steal_text(&b);
    put_verdict(p, count > 0 && good == count ? HTML_MARK_GOOD : HTML_MARK_BAD, text ? text : "");
}

static void put_findings(struct html_page *p)
{
    size_t decide = html_findings_count(p->review, HTML_WEIGHT_DECIDE);
    size_t look = html_findings_count(p->review, HTML_WEIGHT_LOOK);
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *text = NULL;

    if (decide > 0)
        buf_printf(&b, _("Findings that need a decision: %zu."), decide);
    else
        buf_puts(&b, _("No finding needs a decision."));
    if (look > 0)
        buf_printf(&b, _(" To be looked at: %zu."), look);
    text = buf_steal_text(&b);
    put_verdict(p, decide > 0 ? HTML_MARK_LOOK : HTML_MARK_GOOD, text ? text : "");
}

static void put_offset(struct html_page *p)
{
    int minutes = (int)(p->offset / 60);
    char sign = minutes < 0 ? '-' : '+';

    minutes = minutes < 0 ? -minutes : minutes;
    html_raw(p, "<p class=\"note\">");
    html_textf(p, _("Times are local, UTC%c%02d:%02d. The smaller ones beside them, ending in Z, are UTC."),
               sign, minutes / 60, minutes % 60);
    html_raw(p, "</p>\n");
}

void html_cover(struct html_page *p)
{
    html_raw(p, "<header>\n<p class=\"brand\">Hufu 虎符</p>\n<h1>");
    html_text(p, _("Review of vendors' access"));
    html_raw(p, "</h1>\n");
    put_facts(p);
    html_raw(p, "<ul class=\"verdict\">\n");
    put_ledgers(p);
    put_findings(p);
    html_raw(p, "</ul>\n");
    put_offset(p);
    html_raw(p, "</header>\n");
}

void html_section_findings(struct html_page *p)
{
    html_paragraph(
        p, "note",
        _("Read off the sections below. The last column is for handwriting. What is signed off is the whole "
          "review, not this list."));
    html_findings(p);
}

void html_section_summary(struct html_page *p)
{
    static const struct {
        const char *member, *title;
    } numbers[] = {
        {"sessions", N_("sessions")},         {"people", N_("people")},
        {"vendors", N_("vendors")},           {"refusals", N_("refusals")},
        {"revocations", N_("revocations")},   {"unproven", N_("ends not proven")},
        {"commands", N_("commands by sudo")}, {"denied", N_("accesses denied")},
        {"recordings", N_("recordings")},     {"forged", N_("forged records")},
    };
    const json_t *summary = json_object_get(p->review, "summary");

    html_raw(p, "<ul class=\"numbers\">\n");
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        html_raw(p, "<li><b>");
        if (json_is_integer(json_object_get(summary, numbers[i].member)))
            html_number(p, html_count(summary, numbers[i].member));
        else
            html_text(p, "–");
        html_raw(p, "</b> ");
        html_text(p, _(numbers[i].title));
        html_raw(p, "</li>\n");
    }
    html_raw(p, "</ul>\n");
}

static void put_verified(struct html_page *p, const json_t *ledger)
{
    const char *fault = html_member(ledger, "fault");

    if (json_is_true(json_object_get(ledger, "verified")))
        html_mark(p, HTML_MARK_GOOD, _("verified"));
    else
        html_mark(p, HTML_MARK_BAD, _("not verified"));
    if (*fault) {
        html_raw(p, "<br/>");
        html_foreign(p, fault);
    }
}

static void put_records(struct html_page *p, const json_t *ledger)
{
    html_number(p, html_count(ledger, "records"));
    html_raw(p, "<br/><small class=\"utc\">");
    html_number(p, html_count(ledger, "first"));
    html_raw(p, " – ");
    html_number(p, html_count(ledger, "last"));
    html_raw(p, "</small>");
}

/* The three that somebody compares with a copy elsewhere, one below the other. */
static void put_pins(struct html_page *p, const json_t *ledger)
{
    static const struct {
        const char *member, *title;
    } pins[] = {{"ledger", N_("ledger")}, {"head", N_("hash of the last record")}, {"key", N_("ledger key")}};

    for (size_t i = 0; i < ARRAY_SIZE(pins); i++) {
        html_raw(p, i > 0 ? "<br/><small>" : "<small>");
        html_text(p, _(pins[i].title));
        html_raw(p, "</small> ");
        html_code(p, html_member(ledger, pins[i].member));
    }
}

void html_section_ledgers(struct html_page *p)
{
    static const struct html_column columns[] = {
        {N_("Host"), "host", HTML_CELL_TEXT, NULL},
        {N_("Result"), NULL, HTML_CELL_OWN, put_verified},
        {N_("Records"), NULL, HTML_CELL_OWN, put_records},
        {N_("To compare"), NULL, HTML_CELL_OWN, put_pins},
        {N_("Last checkpoint"), "checkpoint_at", HTML_CELL_TIME, NULL},
    };
    const struct html_table table = {.caption = N_("Ledgers"),
                                     .none = N_("The review names no ledger."),
                                     .member = "ledgers",
                                     .columns = columns,
                                     .n_columns = ARRAY_SIZE(columns),
                                     .first = html_is_unverified};

    html_paragraph(
        p, "note",
        _("Each record of a ledger carries the hash of the one before it, and signed checkpoints pin the "
          "chain. Compare the hash and the key with copies that the host could not change."));
    html_table(p, &table, html_rows(p->review, "ledgers"));
}
