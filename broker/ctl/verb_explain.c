#include "broker/ctl/call.h"
#include "broker/ctl/moment.h"
#include "broker/ctl/table.h"
#include "broker/ctl/text.h"
#include "broker/ctl/verbs.h"
#include "policy/base/cleanup.h"

#include <pwd.h>
#include <string.h>

struct explain {
    const char *service, *source, *at, *key, *target, *command;
};

static const struct option_row rows[] = {
    {"service", 0, OPTION_TEXT, false, "NAME", N_("PAM service [sshd]"), offsetof(struct explain, service)},
    {"source", 0, OPTION_TEXT, false, "ADDRESS", N_("where the person comes from; or local"),
     offsetof(struct explain, source)},
    {"at", 0, OPTION_TEXT, false, "TIME", N_("when [now]"), offsetof(struct explain, at)},
    {"key", 0, OPTION_TEXT, false, "SHA256:...", N_("the ssh key that is offered"),
     offsetof(struct explain, key)},
    {"target", 0, OPTION_TEXT, false, "ACCOUNT", N_("account to become, with service su or sudo"),
     offsetof(struct explain, target)},
    {"command", 0, OPTION_TEXT, false, "LINE", N_("command with service sudo, as a grant's line"),
     offsetof(struct explain, command)},
};

static const struct table_column columns[] = {
    {.title = N_("GRANT"), .member = "id", .format = table_short_id},
    {.title = N_("VERSION"), .member = "version", .spare = 1, .right = true},
    {.title = N_("FIRST RULE THAT FAILS"), .member = "reason"},
    {.title = N_("TAKEN AWAY"), .member = "taken_by"},
};

static enum exit_code print_answer(const struct cli *cli, const json_t *reply, bool allowed, bool known)
{
    const json_t *considered = json_object_get(reply, "considered");
    cleanup_free char *reason = table_cell(json_object_get(reply, "reason"));
    cleanup_free char *until = table_cell(json_object_get(reply, "valid_until"));
    const char *taken = json_string_value(json_object_get(reply, "taken_by"));
    cleanup_free char *taken_text = table_cell(json_object_get(reply, "taken_by"));
    const char *message = json_string_value(json_object_get(reply, "message"));

    if (!known)
        (void)fputs(_("There is no such account on this host, so nobody can log in by this name.\n"),
                    cli->out);
    if (allowed)
        (void)fprintf(cli->out, _("Would be let in, until %s.\n"), until ? until : "?");
    else
        (void)fprintf(cli->out, _("Would be refused: %s.\n"), reason ? reason : "?");
    if (!allowed && message && *message) {
        (void)fprintf(cli->out, "%s\n", _("They would be told:"));
        (void)text_print_document(cli->out, message, strlen(message), !text_locale_is_utf8());
    }
    if (taken && *taken)
        (void)fprintf(cli->out, "%s\n", taken_text ? taken_text : "?");
    /* Where something else decided, such as a lock, grants were not looked at. */
    if (json_array_size(considered) == 0) {
        if (reason && strcmp(reason, "no-grant") == 0)
            (void)fputs(_("No grant names this person.\n"), cli->out);
        return EXIT_DONE;
    }
    if (table_print(cli->out, columns, ARRAY_SIZE(columns), considered) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("cannot write the output"));
    return EXIT_DONE;
}

static bool fails_by_source(const json_t *reply)
{
    const json_t *entry;
    size_t i;

    json_array_foreach(json_object_get(reply, "considered"), i,
                       entry) if (strcmp(json_string_value(json_object_get(entry, "reason")) ?: "",
                                         "wrong-source") == 0) return true;
    return false;
}

/* Nobody comes from nowhere: then wrong-source says something about the question, not about the grant. */
static void hint_at_source(const struct cli *cli, const struct explain *e, const json_t *reply)
{
    if (!e->source && fails_by_source(reply))
        text_print_wrapped(cli->out, _("No source was given, so grants that name networks fail with "
                                       "wrong-source. Ask again with --source and the address that the "
                                       "person comes from, or --source local for the console."));
}

static int print_not_judged(const struct cli *cli, const struct passwd *account)
{
    return fprintf(cli->out,
                   _("Not gated: Hufu does not judge %s (uid %u). Whether this account may log in is for the "
                     "rest of the host's configuration to say.\n"),
                   account->pw_name, account->pw_uid);
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct explain *e = settings;
    json_t *parameters;
    cleanup_json json_t *reply = NULL;
    const struct passwd *account = getpwnam(arguments->items[0]);
    const char *verdict;
    char at[WHEN_TEXT_SIZE];
    when_t when = 0;
    bool allowed;
    enum exit_code code;

    if (e->at && moment_parse(e->at, cli->now, &when) < 0)
        return cli_fail(cli, EXIT_USAGE, _("--at %s is no time such as 2026-11-21T00:00:00Z"), e->at);
    parameters = json_pack("{s:s}", "staff", arguments->items[0]);
    if (account)
        (void)json_object_set_new(parameters, "uid", json_integer(account->pw_uid));
    call_put_text(parameters, "service", e->service);
    call_put_text(parameters, "source", e->source);
    call_put_text(parameters, "key", e->key);
    call_put_text(parameters, "target", e->target);
    call_put_text(parameters, "command", e->command);
    if (e->at) {
        when_format(when, at);
        call_put_text(parameters, "at", at);
    }
    code = call_broker(cli, "Explain", parameters, CALL_TIMEOUT_MS, &reply);
    if (code != EXIT_DONE)
        return code;
    verdict = json_string_value(json_object_get(reply, "verdict"));
    allowed = verdict && strcmp(verdict, "allow") == 0;
    if (cli->json)
        code = call_print_json(cli, reply);
    else if (account && verdict && strcmp(verdict, "not-judged") == 0)
        return print_not_judged(cli, account) < 0 ? EXIT_REFUSED : EXIT_DONE;
    else
        code = print_answer(cli, reply, allowed, account != NULL);
    if (code == EXIT_DONE && !cli->json && !allowed)
        hint_at_source(cli, e, reply);
    if (code != EXIT_DONE)
        return code;
    return allowed ? EXIT_DONE : EXIT_REFUSED;
}

const struct verb verb_explain = {
    .name = "explain",
    .arguments = "STAFF",
    .summary = N_("would this person be let in, and if not, why"),
    .text = N_(
        "Asks the function that decides logins what it would say, without using anything up: the verdict, "
        "what the "
        "person would be told, and for every grant considered the first rule that fails. For operators and "
        "auditors.\n"
        "Exit status 0: would be let in, or is not gated. 1: would be refused."),
    .example = "  hufuctl explain zhang.san --source 10.1.2.77 \\\n"
               "    --at 2026-11-21T19:30:00+08:00",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .least = 1,
    .most = 1,
    .settings_size = sizeof(struct explain),
    .run = run,
};
