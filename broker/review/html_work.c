#include "broker/common/i18n.h"
#include "broker/review/html_judge.h"
#include "broker/review/html_sections.h"
#include "broker/review/html_table.h"

#include <stdint.h>

/* What was done inside sessions, and what happened around them. */

static void put_allowed(struct html_page *p, const json_t *row)
{
    const char *reason = html_member(row, "reason");

    if (json_is_true(json_object_get(row, "allowed")))
        html_mark(p, HTML_MARK_GOOD, _("allowed"));
    else
        html_mark(p, HTML_MARK_BAD, _("refused"));
    if (*reason) {
        html_raw(p, " <small>");
        html_foreign(p, reason);
        html_raw(p, "</small>");
    }
}

static void put_who(struct html_page *p, const json_t *row)
{
    html_foreign(p, html_member(row, "staff"));
    html_raw(p, "<br/><small>");
    html_foreign(p, html_member(row, "host"));
    if (json_is_integer(json_object_get(row, "session")))
        html_rawf(p, " #%lld", (long long)html_count(row, "session"));
    html_raw(p, "</small>");
}

/* One row may stand for several of the same. */
static void put_repeated(struct html_page *p, const json_t *row)
{
    if (html_count(row, "count") > 1) {
        html_raw(p, " <small>×");
        html_number(p, html_count(row, "count"));
        html_raw(p, "</small>");
    }
}

static void put_command(struct html_page *p, const json_t *row)
{
    const char *ended = html_member(row, "ended");

    html_code(p, html_member(row, "command"));
    put_repeated(p, row);
    if (*ended) {
        html_raw(p, "<br/><small>");
        html_foreign(p, ended);
        html_raw(p, "</small>");
    }
}

void html_section_sudo(struct html_page *p)
{
    static const struct html_column columns[] = {
        {N_("Time"), "at", HTML_CELL_TIME, NULL},         {N_("Person"), NULL, HTML_CELL_OWN, put_who},
        {N_("As"), "account", HTML_CELL_TEXT, NULL},      {N_("Command"), NULL, HTML_CELL_OWN, put_command},
        {N_("Result"), NULL, HTML_CELL_OWN, put_allowed},
    };
    const struct html_table table = {.caption = N_("Commands by sudo"),
                                     .none = N_("Nobody used sudo."),
                                     .member = "sudo",
                                     .columns = columns,
                                     .n_columns = ARRAY_SIZE(columns),
                                     .first = html_is_refused};

    html_table(p, &table, html_rows(p->review, "sudo"));
}

static void put_unknown(struct html_page *p, const char *what, const char *why)
{
    html_raw(p, "<p class=\"none\">");
    html_mark(p, HTML_MARK_LOOK, what);
    html_raw(p, " ");
    if (*why)
        html_foreign(p, why);
    html_raw(p, "</p>\n");
}

void html_section_denied(struct html_page *p)
{
    static const struct html_column columns[] = {
        {N_("Time"), "at", HTML_CELL_TIME, NULL},       {N_("Person"), NULL, HTML_CELL_OWN, put_who},
        {N_("What"), "what", HTML_CELL_TEXT, NULL},     {N_("Path"), "path", HTML_CELL_CODE, NULL},
        {N_("Number"), "count", HTML_CELL_COUNT, NULL},
    };
    const struct html_table table = {.caption = N_("Denied accesses"),
                                     .none = N_("No access was denied."),
                                     .member = "denied.items",
                                     .columns = columns,
                                     .n_columns = ARRAY_SIZE(columns)};
    const json_t *denied = json_object_get(p->review, "denied");

    if (!json_is_true(json_object_get(denied, "available"))) {
        put_unknown(p, _("Not known: nothing can be said about denied accesses."),
                    html_member(denied, "why"));
        return;
    }
    html_table(p, &table, html_rows(denied, "items"));
}

/* A link to a file of the host, and to nothing else: the scheme is ours, and what is not plain is encoded. */
static void put_link(struct html_page *p, const char *path)
{
    html_raw(p, "<a href=\"file://");
    for (const unsigned char *c = (const unsigned char *)path; *c; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
                     *c == '/' || *c == '-' || *c == '.' || *c == '_';

        if (plain)
            html_rawf(p, "%c", *c);
        else
            html_rawf(p, "%%%02X", *c);
    }
    html_raw(p, "\">");
    html_code(p, path);
    html_raw(p, "</a>");
}

static void put_path(struct html_page *p, const json_t *row)
{
    const char *path = html_member(row, "path");

    if (*path == '/' && path[1] != '/')
        put_link(p, path);
    else
        html_code(p, path);
}

static void put_there(struct html_page *p, const json_t *row)
{
    if (json_is_true(json_object_get(row, "there")))
        html_mark(p, HTML_MARK_GOOD, _("there"));
    else if (json_is_false(json_object_get(row, "there")))
        html_mark(p, HTML_MARK_BAD, _("not there"));
    else
        html_mark(p, HTML_MARK_PLAIN, _("on its host"));
}

void html_section_recordings(struct html_page *p)
{
    static const struct html_column columns[] = {
        {N_("Person"), NULL, HTML_CELL_OWN, put_who},
        {N_("Recording"), NULL, HTML_CELL_OWN, put_path},
        {N_("File"), NULL, HTML_CELL_OWN, put_there},
    };
    const struct html_table table = {.caption = N_("Recordings"),
                                     .none = N_("No session was recorded."),
                                     .member = "recordings",
                                     .columns = columns,
                                     .n_columns = ARRAY_SIZE(columns),
                                     .first = html_is_gone};

    html_paragraph(p, "note",
                   _("On the host, hufuctl session replay NUMBER plays what was recorded of a session."));
    html_table(p, &table, html_rows(p->review, "recordings"));
}

static void put_event(struct html_page *p, const json_t *row)
{
    html_code(p, html_member(row, "event"));
    put_repeated(p, row);
    if (json_is_integer(json_object_get(row, "sequence"))) {
        html_raw(p, "<br/><small>");
        html_textf(p, _("record %lld"), (long long)html_count(row, "sequence"));
        html_raw(p, "</small>");
    }
}

static void put_writer(struct html_page *p, const json_t *row)
{
    html_foreign(p, html_member(row, "unit"));
    html_raw(p, "<br/><small>");
    html_rawf(p, "uid %lld, pid %lld", (long long)html_count(row, "uid"), (long long)html_count(row, "pid"));
    html_raw(p, "</small>");
}

void html_section_incidents(struct html_page *p)
{
    static const struct html_column incident_columns[] = {
        {N_("Time"), "at", HTML_CELL_TIME, NULL},
        {N_("Host"), "host", HTML_CELL_TEXT, NULL},
        {N_("Event"), NULL, HTML_CELL_OWN, put_event},
        {N_("What happened"), "text", HTML_CELL_TEXT, NULL},
    };
    static const struct html_column forged_columns[] = {
        {N_("Time"), "at", HTML_CELL_TIME, NULL},
        {N_("Written by"), NULL, HTML_CELL_OWN, put_writer},
        {N_("What it pretends"), "message", HTML_CELL_TEXT, NULL},
    };
    const struct html_table incidents = {.caption = N_("Incidents"),
                                         .none = N_("There was no incident."),
                                         .member = "incidents",
                                         .columns = incident_columns,
                                         .n_columns = ARRAY_SIZE(incident_columns)};
    const struct html_table forged = {.caption =
                                          N_("Records that others wrote into the journal in Hufu's name"),
                                      .none = N_("Nobody forged a record into the journal."),
                                      .member = "forged",
                                      .columns = forged_columns,
                                      .n_columns = ARRAY_SIZE(forged_columns)};
    const char *unread = html_member(p->review, "forged_unread");

    html_table(p, &incidents, html_rows(p->review, "incidents"));
    if (*unread && json_array_size(html_rows(p->review, "forged")) == 0)
        put_unknown(p, _("Not known: nobody looked for forged records."), unread);
    else
        html_table(p, &forged, html_rows(p->review, "forged"));
}
