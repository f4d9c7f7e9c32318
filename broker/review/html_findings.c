#include "broker/review/html_findings.h"

#include "broker/common/i18n.h"
#include "broker/review/html_judge.h"

#include <string.h>

#define NAMES 5 /* that one finding mentions */

struct question {
    enum html_weight weight;
    const char *in, *member; /* the rows: a member of the review, or of its member `in` */
    bool (*holds)(const json_t *row);
    const char *name; /* the member by which a row is mentioned */
    const char *what, *advice;
    const char *section;
};

/* In the order in which they are asked within their weight. */
/* clang-format off */
static const struct question questions[] = {
    {HTML_WEIGHT_DECIDE, NULL, "ledgers", html_is_unverified, "host", N_("Ledgers that do not verify"),
     N_("Do not rely on the rest before this is explained: compare with journald and with copies of the checkpoints."), "ledgers"},
    {HTML_WEIGHT_DECIDE, NULL, "forged", html_is_row, "unit", N_("Records forged into the journal"),
     N_("Find out who wrote them: user and process are named."), "incidents"},
    {HTML_WEIGHT_DECIDE, NULL, "sessions", html_is_unproven, "staff", N_("Sessions whose end is not proven"),
     N_("Look on the host for what may still run."), "sessions"},
    {HTML_WEIGHT_DECIDE, NULL, "ended_rights", html_is_unproven, "staff", N_("Rights that ended without proof"),
     N_("Look on the host for what may still run."), "ended"},
    {HTML_WEIGHT_DECIDE, NULL, "revocations", html_is_unproven, "name", N_("Revocations without proof that nobody was left"),
     N_("Look on the host for what may still run."), "revocations"},
    {HTML_WEIGHT_DECIDE, NULL, "revocations", html_is_slow, "name", N_("Revocations that took longer than 10 s"),
     N_("Find out what held them up."), "revocations"},
    {HTML_WEIGHT_DECIDE, NULL, "sources", html_was_outside, "staff", N_("People seen from addresses outside of their grants"),
     N_("Ask the person and the vendor; revoke, if it was not they."), "sources"},
    {HTML_WEIGHT_DECIDE, "refusals", "by_source", html_is_burst, "address", N_("Addresses with 20 refusals or more"),
     N_("Find out who is behind the address; block it, if nobody should be."), "refusals"},
    {HTML_WEIGHT_DECIDE, "refusals", "by_staff", html_is_burst, "staff", N_("People with 20 refusals or more"),
     N_("Ask the person; lock the account, if it was somebody else."), "refusals"},
    {HTML_WEIGHT_DECIDE, NULL, "grants", html_is_unused, "ticket", N_("Grants that were never used"),
     N_("Withdraw those that nobody needs any more."), "grants"},
    {HTML_WEIGHT_DECIDE, NULL, "grants", html_is_wide, "ticket", N_("Grants wider than what was used"),
     N_("Grant less next time; replace those that run on for long."), "grants"},
    {HTML_WEIGHT_DECIDE, NULL, "register", html_is_lapsed_and_live, "staff", N_("Lapsed agreements, trainings or vettings of people with live grants"),
     N_("Renew them, or withdraw the grants."), "register"},
    {HTML_WEIGHT_DECIDE, NULL, "expiring", html_is_over, "name", N_("Keys, certificates and documents that have expired"),
     N_("Replace them, or take them out of the trust file."), "expiring"},
    {HTML_WEIGHT_DECIDE, NULL, "recordings", html_is_gone, "path", N_("Recordings that are not where they were written"),
     N_("Find out where they went: kept elsewhere, or deleted."), "recordings"},
    {HTML_WEIGHT_LOOK, NULL, "incidents", html_is_row, "event", N_("Incidents"), N_("Read each of them."), "incidents"},
    {HTML_WEIGHT_LOOK, NULL, "sudo", html_is_refused, "staff", N_("Commands that sudo was refused"),
     N_("Ask what they were needed for."), "sudo"},
    {HTML_WEIGHT_LOOK, "denied", "items", html_is_row, "staff", N_("Accesses that the kernel denied"),
     N_("Ask what was looked for."), "denied"},
    {HTML_WEIGHT_LOOK, NULL, "sessions", html_is_long_open, "staff", N_("Sessions open for a day or longer"),
     N_("Ask whether they are still needed."), "sessions"},
    {HTML_WEIGHT_LOOK, NULL, "expiring", html_is_soon, "name", N_("Keys, certificates and documents that expire within 30 days"),
     N_("Replace them in time."), "expiring"},
    {HTML_WEIGHT_LOOK, NULL, "register", html_is_lapsed, "staff", N_("Lapsed agreements, trainings or vettings of people without grants"),
     N_("Renew them before the next grant."), "register"},
};
/* clang-format on */

static const json_t *rows_of(const json_t *review, const struct question *q)
{
    return html_rows(q->in ? json_object_get(review, q->in) : review, q->member);
}

static size_t holding(const json_t *review, const struct question *q)
{
    const json_t *rows = rows_of(review, q);
    const json_t *row;
    size_t i, count = 0;

    html_foreach(rows, i, row) count += q->holds(row);
    return count;
}

/* The time since the last review that was signed, if somebody has left a gap. */
static const char *gap_before(const json_t *review)
{
    const char *from = html_member(json_object_get(review, "period"), "from"), *last = "";
    const json_t *reviews = html_rows(review, "reviews");
    const json_t *row;
    size_t i;

    html_foreach(reviews, i, row)
    {
        const char *until = html_member(row, "until");

        if (strcmp(until, last) > 0)
            last = until;
    }
    return *last && *from && strcmp(last, from) < 0 ? last : NULL;
}

static bool lacks_denied(const json_t *review)
{
    return !json_is_true(json_object_get(json_object_get(review, "denied"), "available"));
}

static bool lacks_forged(const json_t *review)
{
    return json_is_string(json_object_get(review, "forged_unread"));
}

size_t html_findings_count(const json_t *review, enum html_weight weight)
{
    size_t count = 0;

    for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
        count += questions[i].weight == weight && holding(review, &questions[i]) > 0;
    if (weight == HTML_WEIGHT_DECIDE)
        count += gap_before(review) != NULL;
    if (weight == HTML_WEIGHT_KNOW)
        count += (size_t)lacks_denied(review) + lacks_forged(review);
    return count;
}

static void put_names(struct html_page *p, const struct question *q)
{
    const json_t *rows = rows_of(p->review, q);
    const char *names[NAMES];
    const json_t *row;
    size_t i, n = 0, more = 0;

    html_foreach(rows, i, row)
    {
        const char *name = html_member(row, q->name);
        bool known = !*name || !q->holds(row);

        for (size_t j = 0; j < n && !known; j++)
            known = strcmp(names[j], name) == 0;
        if (!known && n < NAMES)
            names[n++] = name;
        else
            more += !known;
    }
    html_raw(p, n > 0 ? "<small>" : "");
    for (i = 0; i < n; i++) {
        html_raw(p, i > 0 ? ", " : "");
        html_foreign(p, names[i]);
    }
    html_raw(p, more > 0 ? ", …" : "");
    html_raw(p, n > 0 ? "</small>" : "");
}

static const struct {
    const char *class, *sign, *word;
} weights[] = {
    [HTML_WEIGHT_DECIDE] = {"bad", "▲", N_("decide")},
    [HTML_WEIGHT_LOOK] = {"look", "◆", N_("look")},
    [HTML_WEIGHT_KNOW] = {"plain", "○", N_("know")},
};

static const char *const titles[] = {N_("Weight"), N_("Number"), N_("What was found"), N_("What to do"),
                                     N_("Decision")};

static void begin_cell(struct html_page *p, size_t column)
{
    static const char *const classes[] = {"", "n", "what", "", "decision"};

    html_rawf(p, "<td class=\"%s\" data-t=\"", classes[column]);
    html_text(p, _(titles[column]));
    html_raw(p, "\"><div>");
}

static void end_cell(struct html_page *p)
{
    html_raw(p, "</div></td>");
}

static void begin_row(struct html_page *p, enum html_weight weight, size_t count, const char *what)
{
    html_raw(p, "<tr>");
    begin_cell(p, 0);
    html_rawf(p, "<span class=\"mark %s\"><b>%s</b> ", weights[weight].class, weights[weight].sign);
    html_text(p, _(weights[weight].word));
    html_raw(p, "</span>");
    end_cell(p);
    begin_cell(p, 1);
    if (count > 0)
        html_number(p, (int64_t)count);
    end_cell(p);
    begin_cell(p, 2);
    html_text(p, what);
    html_raw(p, " ");
}

static void end_row(struct html_page *p, const char *advice, const char *section)
{
    end_cell(p);
    begin_cell(p, 3);
    html_text(p, advice);
    html_rawf(p, " <a href=\"#%s\">", section);
    html_text(p, _("See there."));
    html_raw(p, "</a>");
    end_cell(p);
    begin_cell(p, 4);
    end_cell(p);
    html_raw(p, "</tr>\n");
}

static void put_row(struct html_page *p, const struct question *q)
{
    size_t count = holding(p->review, q);

    if (count == 0)
        return;
    begin_row(p, q->weight, count, _(q->what));
    put_names(p, q);
    end_row(p, _(q->advice), q->section);
}

static void put_gap(struct html_page *p)
{
    const char *last = gap_before(p->review);

    if (!last)
        return;
    begin_row(p, HTML_WEIGHT_DECIDE, 0,
              _("Nobody has reviewed the time between the last signed review and this one"));
    html_raw(p, "<small>");
    html_time(p, last);
    html_raw(p, "</small>");
    end_row(p, _("Make a review of that time, too."), "reviews");
}

static void put_missing(struct html_page *p, const char *what, const char *why, const char *advice,
                        const char *section)
{
    begin_row(p, HTML_WEIGHT_KNOW, 0, what);
    if (*why) {
        html_raw(p, "<small>");
        html_foreign(p, why);
        html_raw(p, "</small>");
    }
    end_row(p, advice, section);
}

static void put_all_missing(struct html_page *p)
{
    if (lacks_forged(p->review))
        put_missing(p, _("Nobody looked for records forged into the journal"),
                    html_member(p->review, "forged_unread"),
                    _("Make the review on the host, as root or as a member of systemd-journal."),
                    "incidents");
    if (lacks_denied(p->review))
        put_missing(p, _("Accesses that the kernel denied are not part of this review"),
                    html_member(json_object_get(p->review, "denied"), "why"),
                    _("auditd is what records them."), "denied");
}

static void put_head(struct html_page *p)
{
    html_raw(p, "<table class=\"findings\"><thead><tr>");
    for (size_t i = 0; i < ARRAY_SIZE(titles); i++) {
        html_rawf(p, "<th scope=\"col\"%s>", i == 1 ? " class=\"n\"" : "");
        html_text(p, _(titles[i]));
        html_raw(p, "</th>");
    }
    html_raw(p, "</tr></thead>\n<tbody>\n");
}

void html_findings(struct html_page *p)
{
    size_t all = html_findings_count(p->review, HTML_WEIGHT_DECIDE) +
                 html_findings_count(p->review, HTML_WEIGHT_LOOK) +
                 html_findings_count(p->review, HTML_WEIGHT_KNOW);

    if (all == 0) {
        html_paragraph(p, "none", _("Nothing was found that needs a decision."));
        return;
    }
    put_head(p);
    for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
        if (i > 0 && questions[i].weight != questions[i - 1].weight)
            put_gap(p);
        put_row(p, &questions[i]);
    }
    put_all_missing(p);
    html_raw(p, "</tbody></table>\n");
}
