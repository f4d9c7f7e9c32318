#include "broker/audit/export_read.h"
#include "broker/ctl/audit_csv.h"
#include "broker/ctl/audit_query.h"
#include "broker/ctl/call.h"
#include "broker/ctl/output.h"
#include "broker/ctl/verbs.h"
#include "broker/ctl/verification.h"

#include <errno.h>
#include <string.h>

/* The records of this host leave it: whole, so that they can be verified anywhere, or those that somebody
 * asks for. */

struct settings {
    struct audit_query query;
    const char *output, *after;
    bool csv;
};

#define AT(member) offsetof(struct settings, member)

static const struct option_row rows[] = {
    AUDIT_QUERY_OPTIONS(struct settings, query),
    {"after", 0, OPTION_TEXT, false, "N", N_("only what comes behind record N, where the last export ended"),
     AT(after)},
    {"output", 'o', OPTION_TEXT, false, "FILE", N_("where to write it [standard output]"), AT(output)},
    {"csv", 0, OPTION_FLAG, false, NULL, N_("for a spreadsheet; cannot be verified"), AT(csv)},
};

struct work {
    const struct settings *settings;
    struct verification v;
    struct record_filter filter;
    json_t *asked; /* the filter in words; NULL: none */
    FILE *out;
    bool begun;
    uint64_t records, last;
    uint8_t hash[RECORD_HASH_SIZE];
};

static int put(struct work *w, struct buf *b)
{
    if (buf_error(b) < 0)
        return buf_error(b);
    return fwrite(b->data, 1, b->size, w->out) == b->size ? 0 : -EIO;
}

static int put_head(struct work *w)
{
    cleanup_free struct sealed_segment *segments = NULL;
    cleanup_buf struct buf b = BUF_INIT;
    struct export_head head = {.host = w->v.host,
                               .ledger = w->v.ledger,
                               .first = w->v.after > 0 ? w->v.after + 1 : w->v.first,
                               .last = w->v.last,
                               .key = w->v.key_pem,
                               .exported = w->v.cli->now,
                               .filter = w->asked};
    int r = export_read_segments(w->v.segments, &segments, &head.n_segments);

    if (r < 0)
        return r;
    head.segments = segments;
    export_put_head(&b, &head);
    return put(w, &b);
}

static int begin(struct work *w)
{
    if (w->begun)
        return 0;
    w->begun = true;
    if (!w->settings->csv)
        return put_head(w);
    audit_csv_head(w->out);
    return 0;
}

static int hear(void *userdata, const char *host, const struct record *r)
{
    cleanup_buf struct buf b = BUF_INIT;
    struct work *w = userdata;
    int e = begin(w);

    if (e < 0 || !record_filter_matches(&w->filter, r))
        return e;
    w->records++;
    w->last = r->sequence;
    memcpy(w->hash, r->hash, sizeof(w->hash));
    if (w->settings->csv) {
        audit_csv_record(w->out, host, r);
        return ferror(w->out) ? -EIO : 0;
    }
    export_put_record(&b, r);
    return put(w, &b);
}

static int put_end(struct work *w)
{
    cleanup_buf struct buf b = BUF_INIT;
    int r = begin(w);

    if (r < 0 || w->settings->csv)
        return r;
    export_put_end(&b, w->records, w->last, w->hash);
    return put(w, &b);
}

/* What is handed out may be bad: then it is evidence, and whoever asked hears of it. */
static void say_if_bad(const struct work *w)
{
    const struct chain_report *c = w->v.chain ? chain_report(w->v.chain) : NULL;

    if (c && c->fault.what != CHAIN_SOUND)
        (void)cli_fail(w->v.cli, EXIT_DONE,
                       _("the ledger is bad from record %llu on (%s); it is exported as it is, and `hufuctl "
                         "audit verify` "
                         "says more"),
                       (unsigned long long)c->fault.sequence, _(chain_fault_sentence(c->fault.what)));
}

static enum exit_code write_all(const struct cli *cli, FILE *out, void *userdata)
{
    struct work *w = userdata;
    enum exit_code code;
    int r;

    w->out = out;
    code = verification_live(&w->v);
    if (code != EXIT_DONE)
        return code;
    r = put_end(w);
    if (r < 0)
        return cli_fail(cli, EXIT_REFUSED, _("cannot write the output"));
    say_if_bad(w);
    return EXIT_DONE;
}

static enum exit_code report(const struct cli *cli, const char *path, const struct work *w)
{
    if (cli->json) {
        cleanup_json json_t *value = json_pack("{ss sI sI}", "file", path, "records", (json_int_t)w->records,
                                               "last", (json_int_t)w->last);

        return call_print_json(cli, value);
    }
    (void)fprintf(cli->out,
                  ngettext("Exported to %s: %llu record, the last is %llu.\n",
                           "Exported to %s: %llu records, the last is %llu.\n", w->records),
                  path, (unsigned long long)w->records, (unsigned long long)w->last);
    return EXIT_DONE;
}

/* The filter, and its words for the head of the file, which are those of the control method. */
static enum exit_code read_query(const struct cli *cli, const struct settings *s, struct work *w)
{
    struct audit_query q = s->query;
    char id[IDENT_ID_TEXT_SIZE];
    enum exit_code code = EXIT_DONE;

    w->asked = json_object();
    if (!w->asked)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    code = audit_query_parameters(cli, &q, w->asked);
    if (code == EXIT_DONE && q.grant) {
        code = call_whole_id(cli, q.grant, id);
        q.grant = id;
    }
    if (code == EXIT_DONE)
        code = audit_query_filter(cli, &q, &w->filter);
    w->filter.grant = json_string_value(json_object_get(w->asked, "grant"));
    if (json_object_size(w->asked) == 0) {
        json_decref(w->asked);
        w->asked = NULL;
    }
    return code;
}

static void work_done(struct work *w)
{
    verification_done(&w->v);
    json_decref(w->asked);
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct settings *s = settings;
    cleanup(work_done) struct work w = {.settings = s, .v = {.cli = cli, .hear = hear, .hear_userdata = &w}};
    enum exit_code code = read_query(cli, s, &w);
    uint32_t after = 0;

    (void)arguments;
    if (code == EXIT_DONE && s->after && ident_parse_number(s->after, strlen(s->after), &after) < 0)
        code = cli_fail(cli, EXIT_USAGE, _("%s is no number from 1 on"), s->after);
    if (code == EXIT_DONE && cli->json && !output_is_file(s->output))
        code = cli_fail(cli, EXIT_USAGE,
                        _("an export is lines of JSON by itself; --json goes with --output FILE"));
    if (code != EXIT_DONE)
        return code;
    w.v.after = after;
    code = output_write(cli, s->output, write_all, &w);
    return code == EXIT_DONE && output_is_file(s->output) ? report(cli, s->output, &w) : code;
}

const struct verb verb_audit_export = {
    .name = "audit export",
    .arguments = "",
    .summary = N_("records in a file, to be kept and verified elsewhere"),
    .text =
        N_("Writes the ledger as lines of JSON, every field of every record: `audit verify` verifies such a "
           "file on any "
           "machine, with nothing but the ledger's public key, and `audit show` shows it. With --after it "
           "goes on "
           "where the last one ended; files that join are verified as one. Options narrow it down as with "
           "`audit "
           "show`, and then it can only be verified that no record was altered, not that none is missing.\n"
           "--csv is for a spreadsheet: times in UTC and in your time zone; a cell that a spreadsheet would "
           "take for a "
           "formula has an apostrophe in front."),
    .example = "  hufuctl audit export -o db01.jsonl\n"
               "  hufuctl audit export --csv --vendor acme --result failure -o refused.csv",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .settings_size = sizeof(struct settings),
    .run = run,
};
