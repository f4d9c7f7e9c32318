#include "broker/review/html.h"

#include "broker/common/i18n.h"
#include "broker/review/html_sections.h"
#include "broker/review/html_style.h"

#include <errno.h>
#include <string.h>

const struct html_section html_sections[] = {
    {"findings", N_("What needs a decision"), html_section_findings},
    {"summary", N_("The period in numbers"), html_section_summary},
    {"ledgers", N_("What this review rests on"), html_section_ledgers},
    {"sessions", N_("Sessions"), html_section_sessions},
    {"refusals", N_("Refusals"), html_section_refusals},
    {"sources", N_("Sources seen and sources granted"), html_section_sources},
    {"grants", N_("Grants and what was used of them"), html_section_grants},
    {"revocations", N_("Revocations and how long they took"), html_section_revocations},
    {"ended", N_("Rights that ended, and the proof"), html_section_ended},
    {"sudo", N_("What was done with sudo"), html_section_sudo},
    {"denied", N_("Accesses that the kernel denied"), html_section_denied},
    {"recordings", N_("Recorded sessions"), html_section_recordings},
    {"incidents", N_("Incidents and forged records"), html_section_incidents},
    {"approvers", N_("Who approved how much"), html_section_approvers},
    {"expiring", N_("What expires"), html_section_expiring},
    {"register", N_("Agreements, trainings and vettings"), html_section_register},
    {"reviews", N_("Earlier reviews, and this one's sign-off"), html_section_reviews},
};

const size_t html_n_sections = ARRAY_SIZE(html_sections);

/* Which language the catalogue in use is in: what its header says, "zh_CN" as "zh-CN"; without one, English.
 */
static void put_language(struct html_page *p)
{
    static const char header_id[] = "";
    const char *header = gettext(header_id), *line = strstr(header, "Language: ");
    char language[16] = "en";

    for (size_t i = 0; line && i < sizeof(language) - 1; i++) {
        char c = line[strlen("Language: ") + i];

        language[i] = c == '_' ? '-' : c;
        language[i + 1] = '\0';
        if (c == '\n' || c == '\0') {
            language[i] = '\0';
            break;
        }
    }
    html_raw(p, " lang=\"");
    html_text(p, language);
    html_raw(p, "\" xml:lang=\"");
    html_text(p, language);
    html_raw(p, "\"");
}

static bool is_digest(const char *text)
{
    return text && strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

/* Each printed page names the review that it is of. */
static void put_page_foot(struct html_page *p)
{
    html_raw(p, "@page{size:A4;margin:17mm 15mm 18mm;"
                "@bottom-right{content:counter(page) \" / \" counter(pages);font:8pt sans-serif;color:#555}"
                "@bottom-left{content:\"Hufu");
    if (is_digest(p->options->digest))
        html_rawf(p, " · SHA-256 %.16s…", p->options->digest);
    html_raw(p, "\";font:8pt sans-serif;color:#555}}\n");
}

/* What `hufuctl review sign` reads: which review this is. */
static void put_sign_off(struct html_page *p)
{
    const json_t *period = json_object_get(p->review, "period");

    if (!is_digest(p->options->digest))
        return;
    html_raw(p, "<meta name=\"" HTML_DIGEST "\" content=\"");
    html_text(p, p->options->digest);
    html_raw(p, "\"/>\n<meta name=\"" HTML_FROM "\" content=\"");
    html_text(p, html_member(period, "from"));
    html_raw(p, "\"/>\n<meta name=\"" HTML_UNTIL "\" content=\"");
    html_text(p, html_member(period, "until"));
    html_raw(p, "\"/>\n");
}

static void put_head(struct html_page *p)
{
    html_raw(p, "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\"");
    put_language(p);
    html_raw(p, ">\n<head>\n<meta charset=\"utf-8\"/>\n"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                "'unsafe-inline'; "
                "img-src data:; base-uri 'none'; form-action 'none'\"/>\n"
                "<meta name=\"referrer\" content=\"no-referrer\"/>\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
    put_sign_off(p);
    html_raw(p, "<title>");
    html_textf(p, _("Review of vendors' access, %s"), html_member(p->review, "site"));
    html_raw(p, "</title>\n<style>\n");
    html_raw(p, html_style_sheet);
    put_page_foot(p);
    html_raw(p, "</style>\n</head>\n<body>\n");
}

static void put_contents(struct html_page *p)
{
    html_raw(p, "<nav><h2>");
    html_text(p, _("Contents"));
    html_raw(p, "</h2><ol>\n");
    for (size_t i = 0; i < html_n_sections; i++) {
        html_rawf(p, "<li><a href=\"#%s\">", html_sections[i].id);
        html_text(p, _(html_sections[i].title));
        html_raw(p, "</a></li>\n");
    }
    html_raw(p, "</ol></nav>\n");
}

int html_write(const json_t *review, const struct html_options *options, struct buf *out)
{
    struct html_page page = {.out = out, .review = review, .options = options};

    if (!json_is_object(review) || json_integer_value(json_object_get(review, "hufu-review")) != 1)
        return -EINVAL;
    page.offset = html_count(review, "utc_offset_minutes") * 60;
    if (page.offset < -86400 || page.offset > 86400)
        return -EINVAL;
    put_head(&page);
    html_cover(&page);
    put_contents(&page);
    html_raw(&page, "<main>\n");
    for (size_t i = 0; i < html_n_sections; i++) {
        html_section_begin(&page, html_sections[i].id, _(html_sections[i].title));
        html_sections[i].write(&page);
        html_section_end(&page);
    }
    html_raw(&page, "</main>\n</body>\n</html>\n");
    return buf_error(out);
}
