#include "broker/audit/filter.h"
#include "broker/ctl/audit_files.h"
#include "broker/ctl/audit_query.h"
#include "broker/ctl/audit_table.h"
#include "broker/ctl/call.h"
#include "broker/ctl/forged.h"
#include "broker/ctl/listing.h"
#include "broker/ctl/moment.h"
#include "broker/ctl/verbs.h"
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PAGE         1000 /* records that the broker hands out at once */
#define PAGE_TEXT    "1000"

#define FOLLOW_LINES 10

struct audit {
    struct audit_query query;
    const char *limit;
    bool follow, utc;
};

#define AT(member) offsetof(struct audit, member)

static const struct option_row rows[] = {
    AUDIT_QUERY_OPTIONS(struct audit, query),
    AUDIT_QUERY_OPTION(host, "NAME", N_("of this host, in files of several"), struct audit, query),
    {"lines", 'n', OPTION_TEXT, false, "N", N_("at most so many, the latest"), AT(limit)},
    {"follow", 'f', OPTION_FLAG, false, NULL, N_("go on with each new one; 10 lines before, or -n"),
     AT(follow)},
    {"utc", 0, OPTION_FLAG, false, NULL, N_("times in UTC, not in your time zone"), AT(utc)},
};

/* The broker hands out the newest first, and so many at once; people read from old to new. */
static enum exit_code turn_round(const struct cli *cli, json_t *reply)
{
    const json_t *newest_first = json_object_get(reply, "records");
    json_t *records = json_array();
    json_t *record;
    size_t i;

    json_array_foreach((json_t *)newest_first, i, record)
    {
        if (json_array_insert(records, 0, record) < 0)
            return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    }
    if (json_object_set_new(reply, "records", records) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    return EXIT_DONE;
}

/* Nobody is to take a page for the whole. */
static void say_if_cut(const struct cli *cli, const struct audit *a, const json_t *reply)
{
    if (json_array_size(json_object_get(reply, "records")) < PAGE ||
        (a->limit && strcmp(a->limit, PAGE_TEXT) == 0))
        return;
    (void)cli_fail(cli, EXIT_DONE,
                   _("only the latest %d records are shown; --since, --until and the others narrow it down"),
                   PAGE);
}

/* ---- following ---- */

struct following {
    struct table_column columns[AUDIT_COLUMNS];
    bool titled;
};

static enum exit_code print_new(const struct cli *cli, const json_t *reply, void *userdata)
{
    struct following *f = userdata;
    json_t *record;
    size_t i;

    if (!cli->json && !f->titled && table_print_line(cli->out, f->columns, AUDIT_COLUMNS, NULL) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("cannot write the output"));
    f->titled = true;
    json_array_foreach(json_object_get(reply, "records"), i, record)
    {
        if (cli->json && call_print_json_line(cli, record) != EXIT_DONE)
            return EXIT_REFUSED;
        if (!cli->json && table_print_line(cli->out, f->columns, AUDIT_COLUMNS, record) < 0)
            return cli_fail(cli, EXIT_REFUSED, _("cannot write the output"));
    }
    return EXIT_DONE;
}

static enum exit_code follow(const struct cli *cli, const struct audit *a, json_t *parameters)
{
    struct following f = {.titled = false};

    audit_table_columns(a->utc, AUDIT_COLUMNS, f.columns);
    if (!a->limit)
        (void)json_object_set_new(parameters, "limit", json_integer(FOLLOW_LINES));
    return call_stream(cli, "Audit", parameters, print_new, &f);
}

/* Forgeries are looked for in the time that is shown. */
static int64_t shown_since(const struct audit *a, const struct cli *cli, const json_t *reply)
{
    const json_t *first = json_array_get(json_object_get(reply, "records"), 0);
    const char *time = json_string_value(json_object_get(first, "time"));
    when_t t = 0;

    if (a->query.since)
        (void)moment_parse(a->query.since, cli->now, &t);
    else if (time)
        (void)audit_parse_time(time, &t);
    return record_filter_us(t);
}

static int64_t shown_until(const struct audit *a, const struct cli *cli)
{
    when_t t = 0;

    if (a->query.until)
        (void)moment_parse(a->query.until, cli->now, &t);
    return record_filter_us(t);
}

/* To a program it is a member; a person hears of it where they would look, unless somebody put the output
 * elsewhere. */
static enum exit_code add_forged(const struct cli *cli, const struct audit *a, json_t *reply)
{
    int error = 0;
    json_t *forged = forged_list(shown_since(a, cli, reply), shown_until(a, cli), &error);

    if (!forged && error == -EACCES && !cli->json && isatty(fileno(cli->out)))
        (void)cli_fail(cli, EXIT_DONE,
                       _("you may not read the journal, so records that others forged there are not shown; "
                         "members of the group systemd-journal may"));
    if (json_object_set_new(reply, "forged", forged ? forged : json_null()) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    return EXIT_DONE;
}

static enum exit_code print_records(const struct cli *cli, const struct audit *a, const json_t *reply,
                                    size_t n)
{
    struct table_column columns[AUDIT_COLUMNS_OF_HOSTS];
    const struct listing listing = {
        .member = "records", .columns = columns, .n_columns = n, .none = N_("No records.\n")};
    enum exit_code code;

    audit_table_columns(a->utc, n, columns);
    code = listing_print(cli, &listing, reply);
    return code == EXIT_DONE && !cli->json ? forged_print(cli, json_object_get(reply, "forged"), a->utc)
                                           : code;
}

static enum exit_code ask_broker(const struct cli *cli, const struct audit *a, json_t *parameters,
                                 json_t **reply)
{
    enum exit_code code = call_broker(cli, "Audit", parameters, CALL_TIMEOUT_MS, reply);

    if (code == EXIT_DONE)
        code = turn_round(cli, *reply);
    if (code != EXIT_DONE)
        return code;
    say_if_cut(cli, a, *reply);
    return add_forged(cli, a, *reply);
}

static enum exit_code show_from_broker(const struct cli *cli, const struct audit *a)
{
    cleanup_json json_t *parameters = json_object();
    cleanup_json json_t *reply = NULL;
    enum exit_code code;

    if (!parameters)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    code = audit_query_parameters(cli, &a->query, parameters);
    if (code == EXIT_DONE)
        code = audit_query_number(cli, parameters, "limit", a->limit);
    if (code == EXIT_DONE && a->follow)
        return follow(cli, a, steal_pointer(&parameters));
    if (code == EXIT_DONE)
        code = ask_broker(cli, a, steal_pointer(&parameters), &reply);
    return code == EXIT_DONE ? print_records(cli, a, reply, AUDIT_COLUMNS) : code;
}

static enum exit_code show_from_files(const struct cli *cli, const struct audit *a,
                                      const struct option_list *files)
{
    cleanup_json json_t *reply = NULL;
    struct record_filter filter;
    enum exit_code code = audit_query_filter(cli, &a->query, &filter);

    filter.limit = PAGE;
    if (code == EXIT_DONE && a->limit && ident_parse_number(a->limit, strlen(a->limit), &filter.limit) < 0)
        code = cli_fail(cli, EXIT_USAGE, _("%s is no number from 1 on"), a->limit);
    if (code == EXIT_DONE)
        code = audit_files_read(cli, files, &filter, a->query.host, &reply);
    if (code != EXIT_DONE)
        return code;
    say_if_cut(cli, a, reply);
    return print_records(cli, a, reply, AUDIT_COLUMNS_OF_HOSTS);
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct audit *a = settings;

    if (a->follow && a->query.until)
        return cli_fail(cli, EXIT_USAGE, _("--follow goes on until you end it; leave --until out"));
    if (arguments->count == 0 && a->query.host)
        return cli_fail(cli, EXIT_USAGE,
                        _("the broker has the records of this host alone; --host goes with files"));
    if (arguments->count == 0)
        return show_from_broker(cli, a);
    if (a->follow)
        return cli_fail(cli, EXIT_USAGE, _("--follow goes with this host's records, not with files"));
    return show_from_files(cli, a, arguments);
}

const struct verb verb_audit_show = {
    .name = "audit show",
    .shorthand = "audit",
    .arguments = "[FILE...]",
    .summary = N_("what happened: every admission, refusal, end and order"),
    .text = N_("Shows records, oldest first: of this host's ledger, or of files that `audit export` wrote "
               "on this or other hosts. Options narrow it down, and all of them have to hold. What others "
               "forged into the journal in hufud's name is shown behind them. With --json every field is "
               "there; with --follow each record in a line of its own. `audit` alone, or with options, is "
               "the same. For "
               "operators and auditors."),
    .example = "  hufuctl audit show --vendor acme --result failure \\\n"
               "    --since 2026-11-01T00:00:00+08:00\n"
               "  hufuctl audit --follow --result failure",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .most = OPTION_LIST_MAX,
    .settings_size = sizeof(struct audit),
    .run = run,
};
