#include "broker/ctl/call.h"
#include "broker/ctl/confirm.h"
#include "broker/ctl/table.h"
#include "broker/ctl/text.h"
#include "broker/ctl/verbs.h"
#include "policy/base/cleanup.h"

#include <stddef.h>
#include <string.h>

struct host_settings {
    struct confirm_settings confirm;
    bool keep_uses;
};

static bool same_host(json_t *host)
{
    return strcmp(table_text(host, "host"), table_text(host, "store_host")) == 0 &&
           strcmp(table_text(host, "machine_id"), table_text(host, "store_machine_id")) == 0;
}

/* What a restored store has lost, and what that means. */
static void print_restored(FILE *out, json_t *x)
{
    (void)fputc('\n', out);
    text_print_wrapped(out, table_text(x, "what"));
    (void)fprintf(out, _("The store goes to record: %lld, of %s\n"),
                  (long long)json_integer_value(json_object_get(x, "has")), table_text(x, "has_at"));
    if (json_is_integer(json_object_get(x, "had")))
        (void)fprintf(out, _("This host had come to:    %lld, at %s\n"),
                      (long long)json_integer_value(json_object_get(x, "had")), table_text(x, "had_at"));
    (void)fprintf(out, _("Trust epoch in the store: %lld; status issued: %s\n"),
                  (long long)json_integer_value(json_object_get(x, "trust_epoch")),
                  table_text(x, "status_issued"));
    text_print_wrapped(
        out,
        _("What happened in between is lost to this store, and holds here no more:\n"
          "- uses. Confirming closes every grant with a count for good, also those that the directory brings "
          "again; ask for new ones. Only if you know that nobody came in meanwhile: --keep-uses.\n"
          "- revocations and locks. Give those again that are missing (hufuctl locks), first of all.\n"
          "- trust epochs and statuses. Hand in the latest (hufuctl trust update, hufuctl document add).\n"
          "- sessions that began. `hufuctl doctor` names processes of theirs; their deadlines hold.\n"
          "What the journal still has of it, or a copy of it elsewhere:"));
    (void)fprintf(out, "  journalctl -u hufud --since '%.10s %.8s UTC'\n", table_text(x, "has_at"),
                  strlen(table_text(x, "has_at")) > 11 ? table_text(x, "has_at") + 11 : "");
    if (json_integer_value(json_object_get(x, "counted_grants")) > 0)
        (void)fprintf(out, _("Grants with a count that would be closed: %lld\n"),
                      (long long)json_integer_value(json_object_get(x, "counted_grants")));
}

static void print_host(FILE *out, void *userdata)
{
    json_t *host = userdata, *restored = json_object_get(host, "restored");

    (void)fprintf(out, _("The store was made for:  %s, machine-id %s\n"), table_text(host, "store_host"),
                  table_text(host, "store_machine_id"));
    (void)fprintf(out, _("This host is:            %s, machine-id %s\n"), table_text(host, "host"),
                  table_text(host, "machine_id"));
    if (json_is_object(restored)) {
        print_restored(out, restored);
        if (same_host(host))
            return;
    }
    if (json_is_true(json_object_get(host, "confirmed")))
        text_print_wrapped(out, _("They are the same: there is nothing to confirm."));
    text_print_wrapped(
        out,
        _("Confirm only if this is that same host, renamed or with a new machine-id. The uses, sessions and "
          "revocations in the store are then this host's; grants for the old name are not.\n"
          "A clone of a host that lives on must not take over its store: each would let in as often as both "
          "may together. Stop hufud, move /var/lib/hufu and /var/lib/hufu-anchor/anchor away, and make a new "
          "store with `hufud --create-store` as user hufu; hufud(8) has the commands."));
}

static enum exit_code ask(const struct cli *cli)
{
    cleanup_json json_t *host = NULL;
    enum exit_code code = call_broker(cli, "HostShow", json_object(), CALL_TIMEOUT_MS, &host);

    return code == EXIT_DONE ? confirm_ask(cli, print_host, host, table_text(host, "host")) : code;
}

static void report_restored(const struct cli *cli, json_t *x)
{
    (void)fprintf(cli->out, _("Confirmed: the store goes on from record %lld.\n"),
                  (long long)json_integer_value(json_object_get(x, "has")));
    if (json_is_true(json_object_get(x, "uses_kept")))
        (void)fprintf(cli->out, _("Its counts of uses hold, as you said.\n"));
    else
        (void)fprintf(cli->out, _("Grants with a count that were closed: %lld\n"),
                      (long long)json_integer_value(json_object_get(x, "closed_grants")));
}

static enum exit_code report(const struct cli *cli, json_t *reply)
{
    if (cli->json)
        return call_print_json(cli, reply);
    if (json_is_object(json_object_get(reply, "restored")))
        report_restored(cli, json_object_get(reply, "restored"));
    else if (!json_is_true(json_object_get(reply, "changed")))
        (void)fprintf(cli->out, _("The store is that of %s already; nothing was changed.\n"),
                      table_text(reply, "host"));
    if (json_is_true(json_object_get(reply, "changed")))
        (void)fprintf(cli->out, _("Confirmed: the store is that of %s, machine-id %s; it was %s, %s.\n"),
                      table_text(reply, "host"), table_text(reply, "machine_id"),
                      table_text(reply, "was_host"), table_text(reply, "was_machine_id"));
    return EXIT_DONE;
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct host_settings *h = settings;
    const char *why = h->confirm.why ? h->confirm.why : "";
    cleanup_json json_t *reply = NULL;
    enum exit_code code = h->confirm.yes ? EXIT_DONE : ask(cli);

    (void)arguments;
    if (code == EXIT_DONE)
        code = call_broker(cli, "HostConfirm",
                           h->keep_uses ? json_pack("{s:s, s:b}", "why", why, "keep_uses", 1)
                                        : json_pack("{s:s}", "why", why),
                           CALL_TIMEOUT_MS, &reply);
    return code == EXIT_DONE ? report(cli, reply) : code;
}

static const struct option_row rows[] = {
    {"why", 0, OPTION_TEXT, false, "TEXT", N_("for the record"), offsetof(struct host_settings, confirm.why)},
    {"yes", 0, OPTION_FLAG, false, NULL, N_("do not ask, for scripts"),
     offsetof(struct host_settings, confirm.yes)},
    {"keep-uses", 0, OPTION_FLAG, false, NULL,
     N_("of a restored store: nothing was used in between, its counts hold"),
     offsetof(struct host_settings, keep_uses)},
};

const struct verb verb_host_confirm = {
    .name = "host confirm",
    .arguments = "",
    .summary = N_("say that the store belongs to this host"),
    .text =
        N_("When the host's name in hufud.conf or its machine-id is not the one that the store was made "
           "for, gated logins are refused with host-unconfirmed: it could be a clone, whose uses and "
           "revocations are another host's. If it is the same host, root says so. And when the store was put "
           "back from a copy, they are refused with store-restored, since it does not know what was used and "
           "revoked afterwards: root says that it is the one to go on with, and every grant with a count is "
           "closed. Shows what is known and asks for the host's name; it is put on record. For root."),
    .example = "  hufuctl host confirm --why 'renamed in CHG-2026-1150'",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .settings_size = sizeof(struct host_settings),
    .run = run,
};
