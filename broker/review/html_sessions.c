#include "broker/common/i18n.h"
#include "broker/review/html_judge.h"
#include "broker/review/html_lanes.h"
#include "broker/review/html_sections.h"
#include "broker/review/html_table.h"
#include "broker/review/svg_bars.h"

static void put_end(struct html_page *p, const json_t *row)
{
    const char *ended = html_member(row, "ended"), *reason = html_member(row, "reason");

    if (!*ended) {
        html_mark(p, HTML_MARK_PLAIN, _("still open"));
        return;
    }
    html_time(p, ended);
    if (*reason) {
        html_raw(p, "<br/>");
        html_foreign(p, reason);
    }
}

static void put_proof(struct html_page *p, const json_t *row)
{
    html_proven(p, json_object_get(row, "proven"));
    if (json_is_true(json_object_get(row, "proven")) && html_count(row, "proof_us") > 0) {
        html_raw(p, "<br/><small>");
        html_microseconds_text(html_count(row, "proof_us"), p->out);
        html_raw(p, "</small>");
    }
}

static void put_person(struct html_page *p, const json_t *row)
{
    html_foreign(p, html_member(row, "staff"));
    html_raw(p, "<br/><small>");
    html_foreign(p, html_member(row, "vendor"));
    html_raw(p, "</small>");
}

static void put_where(struct html_page *p, const json_t *row)
{
    html_foreign(p, html_member(row, "host"));
    html_rawf(p, " #%lld<br/><small>", (long long)html_count(row, "number"));
    html_foreign(p, html_member(row, "service"));
    html_raw(p, " ");
    html_foreign(p, html_member(row, "source"));
    html_raw(p, "</small>");
}

static void put_for(struct html_page *p, const json_t *row)
{
    html_foreign(p, html_member(row, "ticket"));
    html_raw(p, "<br/><small>");
    html_list(p, html_rows(row, "channels"));
    html_raw(p, "</small>");
}

static void put_kept(struct html_page *p, const json_t *row)
{
    size_t recordings = json_array_size(html_rows(row, "recordings"));

    html_number(p, html_count(row, "commands"));
    if (recordings > 0) {
        html_raw(p, "<br/><small class=\"nb\">");
        html_textf(p, _("recordings: %zu"), recordings);
        html_raw(p, "</small>");
    }
}

static void put_opened(struct html_page *p, const json_t *row)
{
    const char *opened = html_member(row, "opened");

    if (*opened)
        html_time(p, opened);
    else
        html_text(p, _("before what was read"));
}

static void put_table(struct html_page *p, const json_t *sessions)
{
    static const struct html_column columns[] = {
        {N_("Person"), NULL, HTML_CELL_OWN, put_person},
        {N_("Session"), NULL, HTML_CELL_OWN, put_where},
        {N_("Ticket, channels"), NULL, HTML_CELL_OWN, put_for},
        {N_("Opened"), NULL, HTML_CELL_OWN, put_opened},
        {N_("Ended"), NULL, HTML_CELL_OWN, put_end},
        {N_("Length"), "seconds", HTML_CELL_SECONDS, NULL},
        {N_("Commands"), NULL, HTML_CELL_OWN, put_kept},
        {N_("Proof"), NULL, HTML_CELL_OWN, put_proof},
    };
    const struct html_table table = {.caption = N_("Each session"),
                                     .none = N_("There was no session in this period."),
                                     .member = "sessions",
                                     .columns = columns,
                                     .n_columns = ARRAY_SIZE(columns),
                                     .first = html_is_unproven};

    html_table(p, &table, sessions);
}

static const json_t *session_of(const json_t *sessions, const json_t *named)
{
    const json_t *row;
    size_t i;

    html_foreach(sessions, i, row)
    {
        if (html_count(row, "number") == html_count(named, "number") &&
            json_equal(json_object_get(row, "host"), json_object_get(named, "host")))
            return row;
    }
    return NULL;
}

static void name_bar(struct html_page *p, const json_t *row, char **label, char **value)
{
    const json_t *session = session_of(html_rows(p->review, "sessions"), row);
    cleanup_buf struct buf b = BUF_INIT, v = BUF_INIT;

    buf_printf(&b, "%s #%lld · %s", session ? html_member(session, "staff") : "",
               (long long)html_count(row, "number"), html_member(row, "host"));
    html_seconds_text(html_count(row, "seconds"), &v);
    *label = buf_steal_text(&b);
    *value = buf_steal_text(&v);
}

static void put_longest(struct html_page *p)
{
    const json_t *longest = html_rows(p->review, "longest");
    struct svg_bar bars[SVG_BARS_MOST] = {{0}};
    char *labels[SVG_BARS_MOST] = {0}, *values[SVG_BARS_MOST] = {0};
    size_t n = json_array_size(longest);

    if (n == 0)
        return;
    n = n < SVG_BARS_MOST ? n : SVG_BARS_MOST;
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(longest, i);

        name_bar(p, row, &labels[i], &values[i]);
        bars[i] = (struct svg_bar){labels[i] ? labels[i] : "", values[i] ? values[i] : "",
                                   html_count(row, "seconds") > 0 ? html_count(row, "seconds") : 0};
    }
    html_heading(p, _("The longest sessions"));
    svg_bars(p, _("The longest sessions"), _("A bar for each, with person, host, number and length."), NULL,
             bars, n);
    for (size_t i = 0; i < n; i++) {
        free(labels[i]);
        free(values[i]);
    }
}

void html_section_sessions(struct html_page *p)
{
    const json_t *sessions = html_rows(p->review, "sessions");

    if (json_array_size(sessions) > 0) {
        html_paragraph(
            p, "note",
            _("A lane for each person, by vendor; number and length of the sessions at the right. An end is "
              "proven when the host was looked at twice and nothing of the person ran there any more."));
        html_lanes(p, sessions);
        put_longest(p);
    }
    put_table(p, sessions);
}
