#include "broker/common/sizes.h"
#include "broker/ctl/call.h"
#include "broker/ctl/findings.h"
#include "broker/ctl/table.h"
#include "broker/ctl/text.h"
#include "broker/ctl/verbs.h"
#include "policy/base/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t octets_of(const json_t *object, const char *member)
{
    json_int_t n = json_integer_value(json_object_get(object, member));

    return n > 0 ? (uint64_t)n : 0;
}

/* NULL, as for any column: without memory. */
static char *room_text(const json_t *object)
{
    char beside[SIZES_TEXT_SIZE], held[SIZES_TEXT_SIZE], reserve[SIZES_TEXT_SIZE], *text = NULL;

    if (!json_is_string(json_object_get(object, "room")))
        return strdup("-");
    sizes_format(octets_of(object, "room_free"), beside);
    sizes_format(octets_of(object, "reserve_held"), held);
    sizes_format(octets_of(object, "reserve"), reserve);
    return asprintf(&text, _("%s free, and %s of %s in reserve"), beside, held, reserve) < 0 ? NULL : text;
}

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
    {.title = N_("Connections refused"), .member = "gate_refused"},
    {.title = N_("Ledger"), .member = "ledger_sequence"},
    {.title = N_("Journal behind"), .member = "journal_behind"},
    {.title = N_("Room on the disk"), .format = room_text},
    {.title = N_("Version"), .member = "version"},
    {.title = N_("Started"), .member = "started"},
};

#define OTHER_LINES (ARRAY_SIZE(columns) + 3) /* first line, an empty one, and the next prompt */

struct status {
    bool all;
};

static const struct option_row rows[] = {
    {"all", 0, OPTION_FLAG, false, NULL, N_("everything that is wrong, also beyond the screen"),
     offsetof(struct status, all)},
};

/* What is wrong comes first; the rest is for who wants to know more. */
static enum exit_code print_status(const struct cli *cli, const struct status *status, const json_t *reply,
                                   bool deciding)
{
    cleanup_free char *reason = table_cell(json_object_get(reply, "reason"));

    if (deciding)
        (void)fputs(_("The gate decides.\n"), cli->out);
    else
        (void)fprintf(cli->out, _("The gate refuses every gated login: %s.\n"), reason ? reason : "?");
    if (findings_print(cli->out, json_object_get(reply, "findings"),
                       status->all ? FINDINGS_ALL : findings_room(cli->out, OTHER_LINES)) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
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

    (void)arguments;
    if (code != EXIT_DONE)
        return code;
    deciding = json_is_true(json_object_get(reply, "deciding"));
    code = cli->json ? call_print_json(cli, reply) : print_status(cli, settings, reply, deciding);
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
           "the numbers. What does not fit a terminal is counted. For operators and auditors.\n"
           "Exit status 0: the gate decides. 1: it refuses everybody gated; the others are never affected."),
    .example = "  hufuctl status --all",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .settings_size = sizeof(struct status),
    .run = run,
};
