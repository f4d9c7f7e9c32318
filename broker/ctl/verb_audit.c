#include "broker/ctl/call.h"
#include "broker/ctl/listing.h"
#include "broker/ctl/moment.h"
#include "broker/ctl/table.h"
#include "broker/ctl/verbs.h"
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"
#include "policy/base/verdict.h"

#include <string.h>

#define PAGE         1000 /* records that the broker hands out at once */
#define PAGE_TEXT    "1000"

#define FOLLOW_LINES 10

struct audit {
    const char *since, *until, *staff, *vendor, *event, *result, *reason, *grant, *ticket, *service, *session,
        *limit;
    bool follow;
};

#define AT(member) offsetof(struct audit, member)

static const struct option_row rows[] = {
    {"since", 0, OPTION_TEXT, false, "TIME", N_("from this instant on"), AT(since)},
    {"until", 0, OPTION_TEXT, false, "TIME", N_("up to this instant"), AT(until)},
    {"staff", 0, OPTION_TEXT, false, "ACCOUNT", N_("of this person"), AT(staff)},
    {"vendor", 0, OPTION_TEXT, false, "NAME", N_("of this vendor"), AT(vendor)},
    {"event", 0, OPTION_TEXT, false, "NAME", N_("of this kind"), AT(event)},
    {"result", 0, OPTION_TEXT, false, "WORD", N_("success or failure"), AT(result)},
    {"reason", 0, OPTION_TEXT, false, "NAME", N_("with this reason"), AT(reason)},
    {"grant", 0, OPTION_TEXT, false, "ID", N_("under this grant"), AT(grant)},
    {"ticket", 0, OPTION_TEXT, false, "NUMBER", N_("for this ticket"), AT(ticket)},
    {"service", 0, OPTION_TEXT, false, "NAME", N_("of this PAM service"), AT(service)},
    {"session", 0, OPTION_TEXT, false, "NUMBER", N_("of this session"), AT(session)},
    {"lines", 'n', OPTION_TEXT, false, "N", N_("at most so many, the latest"), AT(limit)},
    {"follow", 'f', OPTION_FLAG, false, NULL, N_("go on with each new one; 10 lines before, or -n"),
     AT(follow)},
};

/* For people; --json has the microseconds. */
static char *whole_seconds(const json_t *object)
{
    cleanup_free char *time = table_cell(json_object_get(object, "time"));
    size_t length = time ? strcspn(time, ".") : 0;
    char *text = NULL;

    return !time || asprintf(&text, "%.*s%s", (int)length, time, time[length] ? "Z" : "") < 0 ? NULL : text;
}

/* `as root, by login uid 0: the text`, as far as there is something of it; "-" if there is not. */
static char *detail_of(const json_t *object)
{
    const char *account = json_string_value(json_object_get(object, "account"));
    const char *staff = json_string_value(json_object_get(object, "staff"));
    const char *detail = json_string_value(json_object_get(object, "detail"));
    const json_t *actor = json_object_get(object, "actor");
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_json json_t *whole = NULL;
    cleanup_free char *text = NULL;

    if (account && *account && (!staff || strcmp(account, staff) != 0))
        buf_printf(&b, _("as %s"), account);
    if (json_is_integer(actor)) {
        buf_puts(&b, b.size > 0 ? ", " : "");
        buf_printf(&b, _("by login uid %lld"), (long long)json_integer_value(actor));
    }
    if (detail && *detail)
        buf_printf(&b, "%s%s", b.size > 0 ? ": " : "", detail);
    text = buf_steal_text(&b);
    whole = text ? json_string(text) : NULL;
    return whole ? table_cell(whole) : NULL;
}

static const struct table_column columns[] = {
    {.title = N_("SEQ"), .member = "sequence", .spare = 6, .right = true, .width = 6},
    {.title = N_("TIME"), .member = "time", .format = whole_seconds, .width = 20},
    {.title = N_("EVENT"), .member = "event", .width = 14},
    {.title = N_("RESULT"), .member = "result", .spare = 3, .width = 7},
    {.title = N_("REASON"), .member = "reason", .width = 16},
    {.title = N_("STAFF"), .member = "staff", .width = 12},
    {.title = N_("SERVICE"), .member = "service", .spare = 2, .width = 7},
    {.title = N_("ADDRESS"), .member = "address", .spare = 5, .width = 15},
    {.title = N_("GRANT"), .member = "grant", .spare = 4, .format = table_short_grant, .width = 8},
    {.title = N_("TICKET"), .member = "ticket", .spare = 1, .width = 13},
    {.title = N_("REFERENCE"), .member = "reference", .width = 9},
    {.title = N_("DETAIL"), .member = "detail", .format = detail_of, .below = true},
};

static const struct listing listing = {
    .member = "records", .columns = columns, .n_columns = ARRAY_SIZE(columns), .none = N_("No records.\n")};

/* Puts a time in UTC. */
static enum exit_code put_time(const struct cli *cli, json_t *parameters, const char *name, const char *text)
{
    char utc[WHEN_TEXT_SIZE];
    when_t t;

    if (!text)
        return EXIT_DONE;
    if (moment_parse(text, cli->now, &t) < 0)
        return cli_fail(cli, EXIT_USAGE, _("--%s %s is no time such as 2026-11-21T00:00:00Z"), name, text);
    when_format(t, utc);
    call_put_text(parameters, name, utc);
    return EXIT_DONE;
}

static enum exit_code put_number(const struct cli *cli, json_t *parameters, const char *name,
                                 const char *text)
{
    uint32_t number;

    if (!text)
        return EXIT_DONE;
    if (ident_parse_number(text, strlen(text), &number) < 0)
        return cli_fail(cli, EXIT_USAGE, _("%s is no number from 1 on"), text);
    (void)json_object_set_new(parameters, name, json_integer(number));
    return EXIT_DONE;
}

static enum exit_code make_parameters(const struct cli *cli, const struct audit *a, json_t *parameters)
{
    char id[IDENT_ID_TEXT_SIZE];
    enum reason reason;
    enum exit_code code = put_time(cli, parameters, "since", a->since);

    if (code == EXIT_DONE)
        code = put_time(cli, parameters, "until", a->until);
    if (code == EXIT_DONE)
        code = put_number(cli, parameters, "session", a->session);
    if (code == EXIT_DONE)
        code = put_number(cli, parameters, "limit", a->limit);
    if (code == EXIT_DONE && a->result && strcmp(a->result, "success") != 0 &&
        strcmp(a->result, "failure") != 0)
        code = cli_fail(cli, EXIT_USAGE, _("--result is success or failure"));
    if (code == EXIT_DONE && a->reason && reason_from_name(a->reason, &reason) < 0)
        code = cli_fail(cli, EXIT_USAGE, _("--reason %s is none; the refused are told theirs in brackets"),
                        a->reason);
    if (code == EXIT_DONE && a->grant) {
        code = call_whole_id(cli, a->grant, id);
        call_put_text(parameters, "grant", id);
    }
    call_put_text(parameters, "staff", a->staff);
    call_put_text(parameters, "vendor", a->vendor);
    call_put_text(parameters, "event", a->event);
    call_put_text(parameters, "result", a->result);
    call_put_text(parameters, "reason", a->reason);
    call_put_text(parameters, "ticket", a->ticket);
    call_put_text(parameters, "service", a->service);
    return code;
}

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

static enum exit_code print_new(const struct cli *cli, const json_t *reply, void *userdata)
{
    bool *titled = userdata;
    json_t *record;
    size_t i;

    if (!cli->json && !*titled && table_print_line(cli->out, columns, ARRAY_SIZE(columns), NULL) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("cannot write the output"));
    *titled = true;
    json_array_foreach(json_object_get(reply, "records"), i, record)
    {
        if (cli->json && call_print_json_line(cli, record) != EXIT_DONE)
            return EXIT_REFUSED;
        if (!cli->json && table_print_line(cli->out, columns, ARRAY_SIZE(columns), record) < 0)
            return cli_fail(cli, EXIT_REFUSED, _("cannot write the output"));
    }
    return EXIT_DONE;
}

static enum exit_code follow(const struct cli *cli, const struct audit *a, json_t *parameters)
{
    bool titled = false;

    if (!a->limit)
        (void)json_object_set_new(parameters, "limit", json_integer(FOLLOW_LINES));
    return call_stream(cli, "Audit", parameters, print_new, &titled);
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct audit *a = settings;
    cleanup_json json_t *parameters = json_object();
    cleanup_json json_t *reply = NULL;
    enum exit_code code;

    (void)arguments;
    if (!parameters)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    if (a->follow && a->until)
        return cli_fail(cli, EXIT_USAGE, _("--follow goes on until you end it; leave --until out"));
    code = make_parameters(cli, a, parameters);
    if (code == EXIT_DONE && a->follow)
        return follow(cli, a, steal_pointer(&parameters));
    if (code == EXIT_DONE)
        code = call_broker(cli, "Audit", steal_pointer(&parameters), CALL_TIMEOUT_MS, &reply);
    if (code != EXIT_DONE)
        return code;
    code = turn_round(cli, reply);
    if (code != EXIT_DONE)
        return code;
    say_if_cut(cli, a, reply);
    return listing_print(cli, &listing, reply);
}

const struct verb verb_audit = {
    .name = "audit",
    .arguments = "",
    .summary = N_("what happened: every admission, refusal, end and order"),
    .text =
        N_("Shows records of the ledger, oldest first. Options narrow it down, and all of them have to "
           "hold. With "
           "--json every field is there; with --follow each record in a line of its own. For operators and "
           "auditors."),
    .example = "  hufuctl audit --vendor acme --result failure \\\n"
               "    --since 2026-11-01T00:00:00+08:00\n"
               "  hufuctl audit --follow --result failure",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .settings_size = sizeof(struct audit),
    .run = run,
};
