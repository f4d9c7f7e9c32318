#include "broker/ctl/call.h"
#include "broker/ctl/table.h"
#include "broker/ctl/text.h"
#include "broker/ctl/verbs.h"
#include "policy/base/cleanup.h"

#include <string.h>

static const struct table_column columns[] = {
    {.title = N_("Host"), .member = "host"},
    {.title = N_("Groups"), .member = "groups"},
    {.title = N_("Site"), .member = "site"},
    {.title = N_("Trust epoch"), .member = "trust_epoch"},
    {.title = N_("Status"), .member = "status_epoch"},
    {.title = N_("Status issued"), .member = "status_issued"},
    {.title = N_("Status holds until"), .member = "status_holds_until"},
    {.title = N_("Grants"), .member = "grants"},
    {.title = N_("Sessions live"), .member = "sessions_live"},
    {.title = N_("Requests at the gate"), .member = "gate_requests"},
    {.title = N_("Refused"), .member = "gate_refused"},
    {.title = N_("Ledger"), .member = "ledger_sequence"},
    {.title = N_("Journal behind"), .member = "journal_behind"},
    {.title = N_("Version"), .member = "version"},
    {.title = N_("Started"), .member = "started"},
};

/* What is wrong comes first; the rest is for who wants to know more. */
static enum exit_code print_status(const struct cli *cli, const json_t *reply, bool deciding)
{
    cleanup_free char *reason = table_cell(json_object_get(reply, "reason"));
    json_t *finding;
    size_t i;

    if (deciding)
        (void)fputs(_("The gate decides.\n"), cli->out);
    else
        (void)fprintf(cli->out, _("The gate refuses every gated login: %s.\n"), reason ? reason : "?");
    json_array_foreach(json_object_get(reply, "findings"), i, finding)
    {
        cleanup_free char *severity = table_cell(json_object_get(finding, "severity"));
        cleanup_free char *subject = table_cell(json_object_get(finding, "subject"));
        cleanup_free char *message = table_cell(json_object_get(finding, "message"));

        (void)fprintf(cli->out, "  %s: %s: %s\n", severity ? severity : "?", subject ? subject : "?",
                      message ? message : "?");
    }
    (void)fputc('\n', cli->out);
    if (table_print_object(cli->out, columns, ARRAY_SIZE(columns), reply) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("cannot write the output"));
    return EXIT_DONE;
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    cleanup_json json_t *reply = NULL;
    enum exit_code code = call_broker(cli, "Status", json_object(), CALL_TIMEOUT_MS, &reply);
    bool deciding;

    (void)settings;
    (void)arguments;
    if (code != EXIT_DONE)
        return code;
    deciding = json_is_true(json_object_get(reply, "deciding"));
    code = cli->json ? call_print_json(cli, reply) : print_status(cli, reply, deciding);
    if (code != EXIT_DONE)
        return code;
    return deciding ? EXIT_DONE : EXIT_REFUSED;
}

const struct verb verb_status = {
    .name = "status",
    .arguments = "",
    .summary = N_("does the gate work, and what is wrong"),
    .text =
        N_("One screen: whether gated logins are decided or all refused, what is wrong with it, worst first, "
           "and "
           "the numbers. For operators and auditors.\n"
           "Exit status 0: the gate decides. 1: it refuses everybody gated; the others are never affected."),
    .example = "  hufuctl status",
    .run = run,
};
