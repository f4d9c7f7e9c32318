#include "broker/ctl/review_text.h"

#include "broker/common/i18n.h"
#include "broker/ctl/review_findings.h"
#include "broker/ctl/review_rows.h"
#include "broker/ctl/table.h"
#include "broker/ctl/text.h"
#include "broker/ipc/varlink.h"
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"

#include <errno.h>
#include <string.h>

/* A part of the review: a heading, and a table of an array in it. Columns are chosen so that 80 stand side by
 * side; what may be long stands below. */
struct part {
    const char *heading;                   /* msgid */
    const char *path;                      /* "refusals.by_reason" */
    json_t *(*rows)(const json_t *review); /* instead of a path */
    const struct table_column *columns;
    size_t n;
    const char *none; /* msgid */
};

#define PART(heading, path, columns, none)                      \
    {                                                           \
        heading, path, NULL, columns, ARRAY_SIZE(columns), none \
    }
#define PART_OF(heading, function, columns, none)                   \
    {                                                               \
        heading, NULL, function, columns, ARRAY_SIZE(columns), none \
    }

static const struct table_column ledgers[] = {
    {.title = N_("HOST"), .member = "host"},
    {.title = N_("FIRST"), .member = "first", .right = true, .spare = 2},
    {.title = N_("LAST"), .member = "last", .right = true, .spare = 1},
    {.title = N_("RECORDS"), .member = "records", .right = true},
    {.title = N_("VERIFIED"), .member = "verified"},
    {.title = N_("SIGNED AT"), .member = "checkpoint_at"},
    {.title = N_("FAULT"), .member = "fault", .below = true},
};
static const struct table_column sessions[] = {
    {.title = N_("OPENED"), .member = "opened"},
    {.title = N_("LASTED"), .format = review_cell_lasted, .right = true},
    {.title = N_("STAFF"), .member = "staff"},
    {.title = N_("VENDOR"), .member = "vendor", .spare = 4},
    {.title = N_("HOST"), .member = "host", .spare = 3},
    {.title = N_("NO."), .member = "number", .right = true},
    {.title = N_("SOURCE"), .member = "source", .spare = 5},
    {.title = N_("TICKET"), .member = "ticket", .spare = 2},
    {.title = N_("COMMANDS"), .member = "commands", .right = true, .spare = 1},
    {.title = N_("ENDED BY"), .member = "reason", .spare = 6},
    {.title = N_("PROOF"), .format = review_cell_proof, .right = true},
};
static const struct table_column longest[] = {
    {.title = N_("LASTED"), .format = review_cell_lasted, .right = true},
    {.title = N_("NO."), .member = "number", .right = true},
    {.title = N_("HOST"), .member = "host"},
};
static const struct table_column by_reason[] = {
    {.title = N_("REASON"), .member = "reason"},
    {.title = N_("COUNT"), .member = "count", .right = true},
    {.title = N_("PEOPLE"), .member = "people", .right = true},
    {.title = N_("SOURCES"), .member = "sources", .right = true},
    {.title = N_("BUSIEST HOURS"), .format = review_cell_hours},
};
static const struct table_column by_staff[] = {
    {.title = N_("STAFF"), .member = "staff"},
    {.title = N_("VENDOR"), .member = "vendor"},
    {.title = N_("COUNT"), .member = "count", .right = true},
    {.title = N_("FIRST"), .member = "first"},
    {.title = N_("LAST"), .member = "last"},
    {.title = N_("REASONS"), .format = review_cell_reasons, .below = true},
};
static const struct table_column by_source[] = {
    {.title = N_("ADDRESS"), .member = "address"},
    {.title = N_("COUNT"), .member = "count", .right = true},
    {.title = N_("PEOPLE"), .member = "people", .right = true},
};
static const struct table_column sources[] = {
    {.title = N_("STAFF"), .member = "staff"},
    {.title = N_("GRANT"), .format = table_short_grant},
    {.title = N_("ADDRESS"), .member = "address"},
    {.title = N_("ADMITTED"), .member = "admitted", .right = true},
    {.title = N_("REFUSED"), .member = "refused", .right = true},
    {.title = N_("GRANTED"), .member = "inside"},
};
static const struct table_column unused[] = {
    {.title = N_("GRANT"), .format = table_short_id},
    {.title = N_("STAFF"), .format = review_cell_known},
    {.title = N_("TICKET"), .member = "ticket"},
    {.title = N_("VALID UNTIL"), .member = "not_after"},
    {.title = N_("STATE"), .member = "state"},
    {.title = N_("PURPOSE"), .member = "purpose", .below = true},
};
static const struct table_column wider[] = {
    {.title = N_("GRANT"), .format = table_short_id},
    {.title = N_("STAFF"), .member = "staff"},
    {.title = N_("FIELD"), .format = review_cell_what},
    {.title = N_("WHAT WAS USED OF IT"), .format = review_cell_wider, .below = true},
};
static const struct table_column revocations[] = {
    {.title = N_("AT"), .member = "at"},
    {.title = N_("HOST"), .member = "host", .spare = 1},
    {.title = N_("SCOPE"), .member = "scope"},
    {.title = N_("BY"), .member = "actor"},
    {.title = N_("TOOK"), .format = review_cell_took, .right = true},
    {.title = N_("PROVEN"), .member = "proven"},
    {.title = N_("WHAT, AND WHY"), .format = review_cell_revoked, .below = true},
};
static const struct table_column ended[] = {
    {.title = N_("AT"), .member = "at"},
    {.title = N_("HOST"), .member = "host", .spare = 1},
    {.title = N_("STAFF"), .member = "staff"},
    {.title = N_("GRANT"), .format = table_short_grant},
    {.title = N_("HOW"), .format = review_cell_what},
    {.title = N_("SESSIONS"), .member = "sessions", .right = true},
    {.title = N_("PROVEN"), .member = "proven"},
    {.title = N_("RECORD"), .member = "sequence", .right = true, .spare = 2},
    {.title = N_("PROOF"), .member = "proof", .below = true},
};
static const struct table_column sudo[] = {
    {.title = N_("AT"), .member = "at"},
    {.title = N_("HOST"), .member = "host", .spare = 1},
    {.title = N_("STAFF"), .member = "staff"},
    {.title = N_("SESSION"), .member = "session", .right = true},
    {.title = N_("AS"), .member = "account"},
    {.title = N_("TIMES"), .member = "count", .right = true},
    {.title = N_("REASON"), .member = "reason"},
    {.title = N_("ENDED"), .member = "ended", .spare = 2},
    {.title = N_("COMMAND"), .member = "command", .below = true},
};
static const struct table_column denied[] = {
    {.title = N_("AT"), .member = "at"},
    {.title = N_("STAFF"), .member = "staff"},
    {.title = N_("WHAT"), .member = "what"},
    {.title = N_("TIMES"), .member = "count", .right = true},
    {.title = N_("PATH"), .member = "path", .below = true},
};
static const struct table_column recordings[] = {
    {.title = N_("HOST"), .member = "host"},
    {.title = N_("SESSION"), .member = "session", .right = true},
    {.title = N_("STAFF"), .member = "staff"},
    {.title = N_("THERE"), .format = review_cell_there},
    {.title = N_("FILE"), .member = "path", .below = true},
};
static const struct table_column incidents[] = {
    {.title = N_("AT"), .member = "at"},
    {.title = N_("HOST"), .member = "host", .spare = 1},
    {.title = N_("EVENT"), .member = "event"},
    {.title = N_("TIMES"), .member = "count", .right = true},
    {.title = N_("RECORD"), .member = "sequence", .right = true},
    {.title = N_("TEXT"), .member = "text", .below = true},
};
static const struct table_column approvers[] = {
    {.title = N_("PERSON"), .member = "person"},
    {.title = N_("ROLES"), .member = "roles"},
    {.title = N_("SIGNATURES"), .member = "approvals", .right = true},
    {.title = N_("GRANTS"), .member = "grants", .right = true},
    {.title = N_("CERTIFICATE UNTIL"), .member = "until"},
};
static const struct table_column expiring[] = {
    {.title = N_("UNTIL"), .member = "until"},
    {.title = N_("DAYS"), .member = "days", .right = true},
    {.title = N_("WHAT"), .format = review_cell_what},
    {.title = N_("NAME"), .member = "name"},
};
static const struct table_column lines[] = {
    {.title = N_("STAFF"), .member = "staff"},
    {.title = N_("VENDOR"), .member = "vendor"},
    {.title = N_("WHAT"), .format = review_cell_what},
    {.title = N_("UNTIL"), .member = "until"},
    {.title = N_("LAPSED"), .member = "lapsed"},
    {.title = N_("LIVE GRANTS"), .member = "grants_live", .right = true},
};
static const struct table_column forged[] = {
    {.title = N_("AT"), .member = "at"},
    {.title = N_("UID"), .member = "uid", .right = true},
    {.title = N_("PID"), .member = "pid", .right = true},
    {.title = N_("UNIT"), .member = "unit"},
    {.title = N_("TEXT"), .member = "message", .below = true},
};
static const struct table_column reviews[] = {
    {.title = N_("FROM"), .member = "from"},
    {.title = N_("UNTIL"), .member = "until"},
    {.title = N_("SIGNED AT"), .member = "signed_at"},
    {.title = N_("BY"), .member = "actor"},
    {.title = N_("NOTE"), .member = "note", .below = true},
};

static const struct part parts[] = {
    PART(N_("Records that were read"), "ledgers", ledgers, N_("No ledger was read.")),
    PART(N_("Records forged into the journal by others"), "forged", forged, N_("None was found.")),
    PART(N_("Incidents"), "incidents", incidents, N_("None.")),
    PART(N_("Sessions"), "sessions", sessions, N_("Nobody was in.")),
    PART(N_("Longest sessions"), "longest", longest, N_("None.")),
    PART(N_("Refusals by reason"), "refusals.by_reason", by_reason, N_("Nobody was refused.")),
    PART(N_("Refusals by person"), "refusals.by_staff", by_staff, N_("Nobody was refused.")),
    PART(N_("Refusals by source"), "refusals.by_source", by_source, N_("None names an address.")),
    PART_OF(N_("Sources seen, and whether they were granted"), review_rows_sources, sources,
            N_("None was seen.")),
    PART_OF(N_("Grants that nobody used"), review_rows_unused, unused, N_("Each was used.")),
    PART_OF(N_("Grants wider than they were used"), review_rows_wider, wider, N_("None.")),
    PART(N_("Revocations"), "revocations", revocations, N_("Nothing was revoked.")),
    PART(N_("Rights that ended, and the proof that nobody was left in"), "ended_rights", ended,
         N_("None ended.")),
    PART(N_("What was done as somebody else"), "sudo", sudo, N_("Nothing.")),
    PART(N_("Accesses that the kernel denied"), "denied.items", denied, N_("None is on record.")),
    PART(N_("Recordings"), "recordings", recordings, N_("None was made.")),
    PART(N_("Approvers and their work"), "approvers", approvers, N_("Nobody is known.")),
    PART(N_("What ends soon"), "expiring", expiring, N_("Nothing.")),
    PART(N_("Staff register: what lapses"), "register", lines, N_("Nothing.")),
    PART(N_("Reviews that were signed off"), "reviews", reviews, N_("None.")),
};

static const json_t *find(const json_t *value, const char *path)
{
    while (value && *path != '\0') {
        char name[32];
        size_t length = strcspn(path, ".");

        (void)snprintf(name, sizeof(name), "%.*s", (int)length, path);
        value = json_object_get(value, name);
        path += length + (path[length] == '.');
    }
    return value;
}

static bool nobody_looked(const struct part *p, const json_t *review)
{
    return (p->columns == forged && json_is_string(find(review, "forged_unread"))) ||
           (p->columns == denied && json_is_string(find(review, "denied.why")));
}

static int print_part(FILE *out, const struct part *p, size_t number, const json_t *review)
{
    cleanup_json json_t *made = p->rows ? p->rows(review) : NULL;
    const json_t *rows = p->rows ? made : find(review, p->path);

    if (!rows)
        return p->rows ? -ENOMEM : -EINVAL;
    (void)fprintf(out, "\n%zu. %s\n", number, _(p->heading));
    if (json_array_size(rows) > 0)
        return table_print(out, p->columns, p->n, rows);
    text_print_wrapped(out,
                       nobody_looked(p, review) ? _("Not known: nobody looked, see the end.") : _(p->none));
    return 0;
}

static const char *text_of(const json_t *value, const char *path)
{
    const char *text = json_string_value(find(value, path));

    return text ? text : "-";
}

static void print_sentence(FILE *out, struct buf *b)
{
    cleanup_free char *text = buf_steal_text(b);

    if (text)
        text_print_wrapped(out, text);
}

static void print_head(FILE *out, const json_t *review)
{
    int offset = (int)json_integer_value(json_object_get(review, "utc_offset_minutes"));
    cleanup_free char *hosts = table_cell(json_object_get(review, "hosts"));
    cleanup_free char *site = table_cell(json_object_get(review, "site"));
    cleanup_buf struct buf b = BUF_INIT;

    buf_printf(&b, _("Review of %s (site %s), from %s to %s. Times are UTC%c%02d:%02d. Made at %s."),
               hosts ? hosts : "-", site ? site : "-", text_of(review, "period.from"),
               text_of(review, "period.until"), offset < 0 ? '-' : '+', abs(offset) / 60, abs(offset) % 60,
               text_of(review, "made_at"));
    print_sentence(out, &b);
}

static void print_count(FILE *out, const json_t *review, const char *label, const char *name)
{
    const json_t *n = json_object_get(json_object_get(review, "summary"), name);
    size_t width = text_width(label);

    (void)fprintf(out, "  %s%*s ", label, (int)(width < 44 ? 44 - width : 0), "");
    if (json_is_integer(n))
        (void)fprintf(out, "%6lld\n", (long long)json_integer_value(n));
    else
        (void)fprintf(out, "%6s\n", "?");
}

static void print_summary(FILE *out, const json_t *review)
{
    (void)fprintf(out, "\n%s\n", _("In short"));
    print_count(out, review, _("Sessions"), "sessions");
    print_count(out, review, _("  of so many people"), "people");
    print_count(out, review, _("  of so many vendors"), "vendors");
    print_count(out, review, _("  whose end is not proven"), "unproven");
    print_count(out, review, _("Refusals"), "refusals");
    print_count(out, review, _("Revocations"), "revocations");
    print_count(out, review, _("Commands run with sudo"), "commands");
    print_count(out, review, _("Recordings"), "recordings");
    print_count(out, review, _("Accesses that the kernel denied"), "denied");
    print_count(out, review, _("Records forged by others"), "forged");
}

static void print_notes(FILE *out, const json_t *review)
{
    const char *unread = json_string_value(find(review, "forged_unread"));
    const char *why = json_string_value(find(review, "denied.why"));
    json_int_t left_out = json_integer_value(find(review, "refusals.sources_left_out"));
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_buf struct buf more = BUF_INIT;
    cleanup_buf struct buf unknown = BUF_INIT;

    if (unread) {
        buf_printf(&unknown, _("Nothing is known about forged records: %s"), unread);
        (void)fputc('\n', out);
        print_sentence(out, &unknown);
    }
    if (why) {
        buf_printf(&b, _("What the kernel denied is not part of this review: %s"), why);
        (void)fputc('\n', out);
        print_sentence(out, &b);
    }
    if (left_out > 0) {
        buf_printf(&more, _("%lld more sources of refusals are counted above and not listed."),
                   (long long)left_out);
        (void)fputc('\n', out);
        print_sentence(out, &more);
    }
}

/* The period as it is in the value: what is printed above is local time. */
static void print_sign_off(FILE *out, const json_t *review)
{
    cleanup_free char *from = table_cell(find(review, "period.from"));
    cleanup_free char *until = table_cell(find(review, "period.until"));

    (void)fputc('\n', out);
    text_print_wrapped(
        out, _("What is signed off is a file. Write this review into one, read that, and sign it:"));
    (void)fprintf(out,
                  "  hufuctl --json review --html review.html \\\n    --since %s --until %s > review.json\n"
                  "  hufuctl review sign review.json\n",
                  from ? from : "-", until ? until : "-");
}

int review_text_print(FILE *out, const json_t *review)
{
    cleanup_json json_t *local = NULL;
    int r = 0;

    if (json_integer_value(json_object_get(review, "hufu-review")) != 1)
        return -EINVAL;
    local = review_rows_local(review);
    if (!local)
        return -ENOMEM;
    print_head(out, local);
    print_summary(out, local);
    r = review_findings_print(out, review);
    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(parts); i++)
        r = print_part(out, &parts[i], i + 1, local);
    if (r < 0)
        return r;
    print_notes(out, local);
    print_sign_off(out, review);
    return 0;
}
