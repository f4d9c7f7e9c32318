#include "broker/ctl/audit_query.h"

#include "broker/audit/event.h"
#include "broker/ctl/call.h"
#include "broker/ctl/moment.h"
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"
#include "policy/base/verdict.h"
#include "policy/base/when.h"

#include <string.h>

static enum exit_code read_time(const struct cli *cli, const char *name, const char *text, when_t *ret)
{
    *ret = 0;
    if (text && moment_parse(text, cli->now, ret) < 0)
        return cli_fail(cli, EXIT_USAGE, _("--%s %s is no time such as 2026-11-21T00:00:00Z"), name, text);
    return EXIT_DONE;
}

/* Puts a time in UTC. */
static enum exit_code put_time(const struct cli *cli, json_t *parameters, const char *name, const char *text)
{
    char utc[WHEN_TEXT_SIZE];
    when_t t;
    enum exit_code code = read_time(cli, name, text, &t);

    if (text && code == EXIT_DONE) {
        when_format(t, utc);
        call_put_text(parameters, name, utc);
    }
    return code;
}

enum exit_code audit_query_number(const struct cli *cli, json_t *parameters, const char *name,
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

/* What is no word of the records would find nothing, and that would look like an answer. */
static enum exit_code check_words(const struct cli *cli, const struct audit_query *q)
{
    enum reason reason;

    if (q->result && strcmp(q->result, "success") != 0 && strcmp(q->result, "failure") != 0)
        return cli_fail(cli, EXIT_USAGE, _("--result is success or failure"));
    if (q->reason && reason_from_name(q->reason, &reason) < 0)
        return cli_fail(cli, EXIT_USAGE, _("--reason %s is none; the refused are told theirs in brackets"),
                        q->reason);
    if (q->event && !event_message_id(q->event))
        return cli_fail(cli, EXIT_USAGE, _("there are no records of the kind %s"), q->event);
    return EXIT_DONE;
}

static enum exit_code read_numbers(const struct cli *cli, const struct audit_query *q,
                                   struct record_filter *f)
{
    struct ident_id id;
    uint32_t session = 0;

    if (q->session && call_session_number(cli, q->session, &session) != EXIT_DONE)
        return EXIT_USAGE;
    f->session = session;
    if (q->grant && ident_parse_id(q->grant, strlen(q->grant), &id) < 0)
        return cli_fail(cli, EXIT_USAGE, _("%s is no grant's id: in files it takes all 32 digits"), q->grant);
    return EXIT_DONE;
}

enum exit_code audit_query_filter(const struct cli *cli, const struct audit_query *q, struct record_filter *f)
{
    enum exit_code code = check_words(cli, q);

    *f = (struct record_filter){.staff = q->staff,
                                .vendor = q->vendor,
                                .event = q->event,
                                .result = q->result,
                                .reason = q->reason,
                                .grant = q->grant,
                                .ticket = q->ticket,
                                .service = q->service,
                                .account = q->account,
                                .address = q->address};
    if (code == EXIT_DONE)
        code = read_time(cli, "since", q->since, &f->from);
    if (code == EXIT_DONE)
        code = read_time(cli, "until", q->until, &f->until);
    return code == EXIT_DONE ? read_numbers(cli, q, f) : code;
}

enum exit_code audit_query_parameters(const struct cli *cli, const struct audit_query *q, json_t *parameters)
{
    char id[IDENT_ID_TEXT_SIZE];
    enum exit_code code = check_words(cli, q);

    if (code == EXIT_DONE)
        code = put_time(cli, parameters, "since", q->since);
    if (code == EXIT_DONE)
        code = put_time(cli, parameters, "until", q->until);
    if (code == EXIT_DONE)
        code = audit_query_number(cli, parameters, "session", q->session);
    if (code == EXIT_DONE && q->grant) {
        code = call_whole_id(cli, q->grant, id);
        call_put_text(parameters, "grant", id);
    }
    call_put_text(parameters, "staff", q->staff);
    call_put_text(parameters, "vendor", q->vendor);
    call_put_text(parameters, "account", q->account);
    call_put_text(parameters, "address", q->address);
    call_put_text(parameters, "event", q->event);
    call_put_text(parameters, "result", q->result);
    call_put_text(parameters, "reason", q->reason);
    call_put_text(parameters, "ticket", q->ticket);
    call_put_text(parameters, "service", q->service);
    return code;
}
