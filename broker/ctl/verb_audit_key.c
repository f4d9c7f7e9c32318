#include "broker/ctl/call.h"
#include "broker/ctl/table.h"
#include "broker/ctl/verbs.h"
#include "policy/base/cleanup.h"

/* The key that the host's checkpoints are signed with: its public half, to be fetched once and kept
 * elsewhere. */

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    cleanup_json json_t *reply = NULL;
    enum exit_code code = call_broker(cli, "LedgerKey", json_object(), CALL_TIMEOUT_MS, &reply);
    const char *pem;

    (void)settings;
    (void)arguments;
    if (code != EXIT_DONE)
        return code;
    if (cli->json)
        return call_print_json(cli, reply);
    pem = json_string_value(json_object_get(reply, "public"));
    if (!pem)
        return cli_fail(
            cli, EXIT_NOT_FOUND,
            _("this host has no ledger key, or its token has not shown it yet; `hufuctl status` says why"));
    if (fputs(pem, cli->out) == EOF)
        return cli_fail(cli, EXIT_REFUSED, _("cannot write the output"));
    (void)fprintf(cli->error, _("Ledger %s of %s, key %s (%s).\n"), table_text(reply, "ledger"),
                  table_text(reply, "host"), table_text(reply, "key"), table_text(reply, "alg"));
    return EXIT_DONE;
}

const struct verb verb_audit_key = {
    .name = "audit key",
    .arguments = "",
    .summary = N_("the public key that this host's checkpoints are signed with"),
    .text = N_("Prints the public key of the ledger in PEM, and whose it is on standard error. Fetch it "
               "yourself when a host "
               "is set up, and keep it where its administrators cannot write: `audit verify --key` is worth "
               "as much as "
               "your copy."),
    .example = "  hufuctl audit key > db01.pub",
    .run = run,
};
