#include "broker/common/i18n.h"
#include "broker/review/html_sections.h"
#include "broker/review/html_table.h"

/* Who looked before, and where this one is signed: by hand on paper, and by a command that makes a record. */

static void put_period(struct html_page *p, const json_t *row)
{
    html_time(p, html_member(row, "from"));
    html_raw(p, "<br/>– ");
    html_time(p, html_member(row, "until"));
}

static void put_earlier(struct html_page *p)
{
    static const struct html_column columns[] = {
        {N_("Period"), NULL, HTML_CELL_OWN, put_period},
        {N_("Signed off at"), "signed_at", HTML_CELL_TIME, NULL},
        {N_("By"), "actor", HTML_CELL_TEXT, NULL},
        {N_("Note"), "note", HTML_CELL_TEXT, NULL},
        {N_("SHA-256"), "sha256", HTML_CELL_CODE, NULL},
    };
    const struct html_table table = {.caption = N_("Earlier reviews"),
                                     .none = N_("No review has been signed off before."),
                                     .member = "reviews",
                                     .columns = columns,
                                     .n_columns = ARRAY_SIZE(columns)};

    html_table(p, &table, html_rows(p->review, "reviews"));
}

static void put_box_line(struct html_page *p, const char *title)
{
    html_raw(p, "<div class=\"line\"><span>");
    html_text(p, title);
    html_raw(p, "</span></div>\n");
}

static void put_choice(struct html_page *p, const char *title)
{
    html_raw(p, "<p class=\"choice\"><span class=\"square\"></span> ");
    html_text(p, title);
    html_raw(p, "</p>\n");
}

static void put_command(struct html_page *p)
{
    if (!p->options->sign_command)
        return;
    html_paragraph(p, NULL, _("And as a record of the ledger, by the auditor:"));
    html_raw(p, "<pre>");
    html_text(p, p->options->sign_command);
    html_raw(p, "</pre>\n");
}

void html_section_reviews(struct html_page *p)
{
    put_earlier(p);
    html_raw(p, "<div class=\"signoff\">\n");
    html_heading(p, _("Sign-off"));
    html_paragraph(p, NULL, _("I have read this review and the records that it rests on."));
    put_choice(p, _("Nothing needs to be done."));
    put_choice(p, _("What is decided in the findings is to be carried out."));
    html_raw(p, "<div class=\"lines\">\n");
    put_box_line(p, _("Full name"));
    put_box_line(p, _("Office"));
    put_box_line(p, _("Date"));
    put_box_line(p, _("Signature"));
    html_raw(p, "</div>\n<p>");
    html_text(p, _("SHA-256 of the review (JSON)"));
    html_raw(p, " ");
    html_code(p, p->options->digest ? p->options->digest : "");
    html_raw(p, "</p>\n");
    put_command(p);
    html_raw(p, "</div>\n");
}
