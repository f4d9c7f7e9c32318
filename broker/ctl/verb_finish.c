#include "broker/ctl/call.h"
#include "broker/ctl/ending.h"
#include "broker/ctl/table.h"
#include "broker/ctl/verbs.h"
#include "policy/base/cleanup.h"

/* grant finish. */

struct finish {
    const char *why;
};

static const struct option_row rows[] = {
    {"why", 0, OPTION_TEXT, false, "TEXT", N_("for the record"), offsetof(struct finish, why)},
};

static enum exit_code report(const struct cli *cli, const json_t *reply)
{
    const json_t *ending = json_object_get(reply, "ending");
    bool own = !json_is_object(ending);
    cleanup_free char *id = table_cell(json_object_get(reply, "id"));

    if (cli->json)
        return own ? call_print_json(cli, reply) : ending_print_json(cli, reply);
    (void)fprintf(cli->out, _("Grant %s is closed on this host for good. "), id ? id : "?");
    if (!own)
        return ending_report(cli, ending);
    (void)fputs(_("Your session ends now. Thank you.\n"), cli->out);
    return EXIT_DONE;
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct finish *f = settings;
    cleanup_json json_t *reply = NULL;
    const char *id = arguments->count > 0 ? arguments->items[0] : NULL;
    json_t *parameters;
    enum exit_code code = id ? call_check_id(cli, id) : EXIT_DONE;

    if (code != EXIT_DONE)
        return code;
    parameters = json_object();
    call_put_text(parameters, "id", id);
    call_put_text(parameters, "why", f->why);
    code = call_broker(cli, "GrantFinish", parameters, CALL_ENDING_TIMEOUT_MS, &reply);
    if (code == EXIT_USAGE && !id)
        return cli_fail(
            cli, code,
            _("say which grant: only a vendor's person, from inside their session, may leave the ID out"));
    return code == EXIT_DONE ? report(cli, reply) : code;
}

const struct verb verb_grant_finish = {
    .name = "grant finish",
    .arguments = "[ID]",
    .summary = N_("the work is done: close a grant before its time"),
    .text =
        N_("Closes a grant on this host for good, whatever uses and time it has left, and ends what lives "
           "under it. No version opens it again. For operators; and for a vendor's person from inside their "
           "own session, who may leave the ID out.\n"
           "Exit status 4: not proven that all is gone."),
    .example = "  hufuctl grant finish 0123abcd --why 'handed over'",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .most = 1,
    .settings_size = sizeof(struct finish),
    .run = run,
};
