#include "broker/ctl/call.h"
#include "broker/ctl/confirm.h"
#include "broker/ctl/table.h"
#include "broker/ctl/text.h"
#include "broker/ctl/verbs.h"
#include "policy/base/cleanup.h"

static void print_host(FILE *out, void *userdata)
{
    json_t *host = userdata;

    (void)fprintf(out, _("The store was made for:  %s, machine-id %s\n"), table_text(host, "store_host"),
                  table_text(host, "store_machine_id"));
    (void)fprintf(out, _("This host is:            %s, machine-id %s\n"), table_text(host, "host"),
                  table_text(host, "machine_id"));
    if (json_is_true(json_object_get(host, "confirmed")))
        text_print_wrapped(out, _("They are the same: there is nothing to confirm."));
    text_print_wrapped(
        out,
        _("Confirm only if this is that same host, renamed or with a new machine-id. The uses, sessions and "
          "revocations in the store are then this host's; grants for the old name are not.\n"
          "A clone of a host that lives on must not take over its store: each would let in as often as both "
          "may together. Stop hufud, move /var/lib/hufu away, and make a new store with `hufud "
          "--create-store` as user hufu; hufud(8) has the commands."));
}

static enum exit_code ask(const struct cli *cli)
{
    cleanup_json json_t *host = NULL;
    enum exit_code code = call_broker(cli, "HostShow", json_object(), CALL_TIMEOUT_MS, &host);

    return code == EXIT_DONE ? confirm_ask(cli, print_host, host, table_text(host, "host")) : code;
}

static enum exit_code report(const struct cli *cli, json_t *reply)
{
    if (cli->json)
        return call_print_json(cli, reply);
    if (!json_is_true(json_object_get(reply, "changed")))
        (void)fprintf(cli->out, _("The store is that of %s already; nothing was changed.\n"),
                      table_text(reply, "host"));
    else
        (void)fprintf(cli->out, _("Confirmed: the store is that of %s, machine-id %s; it was %s, %s.\n"),
                      table_text(reply, "host"), table_text(reply, "machine_id"),
                      table_text(reply, "was_host"), table_text(reply, "was_machine_id"));
    return EXIT_DONE;
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct confirm_settings *h = settings;
    cleanup_json json_t *reply = NULL;
    enum exit_code code = h->yes ? EXIT_DONE : ask(cli);

    (void)arguments;
    if (code == EXIT_DONE)
        code = call_broker(cli, "HostConfirm", json_pack("{s:s}", "why", h->why ? h->why : ""),
                           CALL_TIMEOUT_MS, &reply);
    return code == EXIT_DONE ? report(cli, reply) : code;
}

const struct verb verb_host_confirm = {
    .name = "host confirm",
    .arguments = "",
    .summary = N_("say that the store belongs to this host"),
    .text = N_("When the host's name in hufud.conf or its machine-id is not the one that the store was made "
               "for, gated logins are refused with host-unconfirmed: it could be a clone, whose uses and "
               "revocations are another host's. If it is the same host, root says so. Shows what is known "
               "and asks for the host's name; it is put on record. For root."),
    .example = "  hufuctl host confirm --why 'renamed in CHG-2026-1150'",
    .options = confirm_rows,
    .n_options = CONFIRM_ROWS,
    .settings_size = sizeof(struct confirm_settings),
    .run = run,
};
