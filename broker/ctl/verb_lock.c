#include "broker/ctl/call.h"
#include "broker/ctl/confirm.h"
#include "broker/ctl/ending.h"
#include "broker/ctl/listing.h"
#include "broker/ctl/moment.h"
#include "broker/ctl/scope.h"
#include "broker/ctl/table.h"
#include "broker/ctl/text.h"
#include "broker/ctl/verbs.h"
#include "policy/base/cleanup.h"

#include <string.h>

/* lock, unlock, locks. */

struct lock {
    const char *staff, *vendor, *until, *why;
    bool host, yes;
};

/* What is meant. */
static enum exit_code target_of(const struct cli *cli, const struct lock *l, const char **scope,
                                const char **name)
{
    if ((l->staff != NULL) + (l->vendor != NULL) + l->host != 1)
        return cli_fail(cli, EXIT_USAGE, _("say whom: --staff, --vendor or --host, and one of them"));
    *scope = l->staff ? "staff" : l->vendor ? "vendor" : "host";
    *name = l->staff ? l->staff : l->vendor ? l->vendor : "";
    return EXIT_DONE;
}

static json_t *parameters_of(const struct lock *l, const char *scope, const char *name)
{
    return json_pack("{s:s, s:s, s:s}", "scope", scope, "name", name, "why", l->why);
}

/* --- lock -------------------------------------------------------------------------------------------- */

static const struct option_row lock_rows[] = {
    {"staff", 0, OPTION_TEXT, false, "ACCOUNT", N_("this person"), offsetof(struct lock, staff)},
    {"vendor", 0, OPTION_TEXT, false, "NAME", N_("everybody who works for this vendor"),
     offsetof(struct lock, vendor)},
    {"host", 0, OPTION_FLAG, false, NULL, N_("all gated logins of this host"), offsetof(struct lock, host)},
    {"until", 0, OPTION_TEXT, false, "TIME", N_("when it ends by itself [when it is unlocked]"),
     offsetof(struct lock, until)},
    {"why", 0, OPTION_TEXT, true, "TEXT", N_("for the record"), offsetof(struct lock, why)},
    {"yes", 0, OPTION_FLAG, false, NULL, N_("with --host: do not ask"), offsetof(struct lock, yes)},
};

static enum exit_code report_lock(const struct cli *cli, const char *scope, const char *name,
                                  const json_t *reply)
{
    const json_t *ending = json_object_get(reply, "ending");
    cleanup_free char *whom = scope_whom(scope, name);

    if (cli->json)
        return ending_print_json(cli, reply);
    (void)fprintf(cli->out, _("Locked on this host: %s. "), whom ? whom : "?");
    return ending_report(cli, ending);
}

/* It hits everybody: nobody is to do it by a slip. */
static void print_lock(FILE *out, void *userdata)
{
    (void)userdata;
    text_print_wrapped(out, _("This ends every vendor's session on this host, and lets none of them in until "
                              "`hufuctl unlock --host`. The department's own staff are not affected."));
}

static enum exit_code run_lock(const struct cli *cli, const void *settings,
                               const struct option_list *arguments)
{
    const struct lock *l = settings;
    cleanup_json json_t *reply = NULL;
    const char *scope = "", *name = "";
    char until[WHEN_TEXT_SIZE];
    json_t *parameters;
    when_t end = 0;
    enum exit_code code = target_of(cli, l, &scope, &name);

    (void)arguments;
    if (code == EXIT_DONE && l->until && (moment_parse(l->until, cli->now, &end) < 0 || end <= cli->now))
        code = cli_fail(cli, EXIT_USAGE, _("--until %s is no time to come such as 2026-11-21T00:00:00Z"),
                        l->until);
    if (code == EXIT_DONE && l->host && !l->yes)
        code = confirm_ask(cli, print_lock, NULL, "yes");
    if (code != EXIT_DONE)
        return code;
    parameters = parameters_of(l, scope, name);
    if (l->until) {
        when_format(end, until);
        call_put_text(parameters, "until", until);
    }
    code = call_broker(cli, "Lock", parameters, CALL_ENDING_TIMEOUT_MS, &reply);
    if (code == EXIT_DONE)
        ending_warn_unknown(cli, l->staff);
    return code == EXIT_DONE ? report_lock(cli, scope, name, reply) : code;
}

const struct verb verb_lock = {
    .name = "lock",
    .arguments = "--staff ACCOUNT|--vendor NAME|--host",
    .summary = N_("keep a person, a vendor or everybody out for now, and end what lives"),
    .text =
        N_("Lets nobody of them in on this host, whatever their grants say, and ends their sessions and "
           "jobs. When it returns 0, this is on disk and nothing of theirs is alive. `hufuctl unlock` takes "
           "it back; to take access away for good there is `hufuctl revoke`. For operators.\n"
           "Exit status 4: after 10 seconds it could not be proven that all is gone; the processes are "
           "listed."),
    .example = "  hufuctl lock --staff zhang.san --why 'does not answer the telephone'\n"
               "  hufuctl lock --host --until 2026-12-24T00:00:00+08:00 --why closing",
    .options = lock_rows,
    .n_options = ARRAY_SIZE(lock_rows),
    .settings_size = sizeof(struct lock),
    .run = run_lock,
};

/* --- unlock ------------------------------------------------------------------------------------------ */

static const struct option_row unlock_rows[] = {
    {"staff", 0, OPTION_TEXT, false, "ACCOUNT", N_("this person"), offsetof(struct lock, staff)},
    {"vendor", 0, OPTION_TEXT, false, "NAME", N_("everybody who works for this vendor"),
     offsetof(struct lock, vendor)},
    {"host", 0, OPTION_FLAG, false, NULL, N_("all gated logins of this host"), offsetof(struct lock, host)},
    {"why", 0, OPTION_TEXT, true, "TEXT", N_("for the record"), offsetof(struct lock, why)},
};

static enum exit_code run_unlock(const struct cli *cli, const void *settings,
                                 const struct option_list *arguments)
{
    const struct lock *l = settings;
    cleanup_json json_t *reply = NULL;
    cleanup_free char *at = NULL, *by = NULL, *why = NULL, *whom = NULL;
    const char *scope = "", *name = "";
    const json_t *was;
    enum exit_code code = target_of(cli, l, &scope, &name);

    (void)arguments;
    if (code == EXIT_DONE)
        code = call_broker(cli, "Unlock", parameters_of(l, scope, name), CALL_TIMEOUT_MS, &reply);
    if (code != EXIT_DONE)
        return code;
    if (cli->json)
        return call_print_json(cli, reply);
    was = json_object_get(reply, "was");
    at = table_cell(json_object_get(was, "at"));
    by = table_cell(json_object_get(was, "by"));
    why = table_cell(json_object_get(was, "why"));
    whom = scope_whom(scope, name);
    if (!at || !by || !why || !whom)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    (void)fprintf(cli->out, _("Unlocked: %s; had been locked at %s by uid %s: %s\n"), whom, at, by, why);
    return EXIT_DONE;
}

const struct verb verb_unlock = {
    .name = "unlock",
    .arguments = "--staff ACCOUNT|--vendor NAME|--host",
    .summary = N_("take a lock back"),
    .text =
        N_("Grants that are valid let people in again. Sessions that were ended stay ended. What was revoked "
           "is not unlocked by it. For operators.\n"
           "Exit status 1: it is not locked; it is said if it is revoked."),
    .example = "  hufuctl unlock --staff zhang.san --why 'has called back'",
    .options = unlock_rows,
    .n_options = ARRAY_SIZE(unlock_rows),
    .settings_size = sizeof(struct lock),
    .run = run_unlock,
};

/* --- locks ------------------------------------------------------------------------------------------- */

static char *until_of(const json_t *object)
{
    const json_t *until = json_object_get(object, "until");
    bool lock = strcmp(json_string_value(json_object_get(object, "kind")) ?: "", "lock") == 0;

    return json_is_string(until) ? table_cell(until) : strdup(lock ? _("unlocked") : _("for good"));
}

static char *by_of(const json_t *object)
{
    const char *signer = json_string_value(json_object_get(object, "signer"));

    if (json_is_true(json_object_get(object, "unsigned")))
        return strdup(_("unsigned"));
    return signer ? text_escape(signer, strlen(signer), false) : table_cell(json_object_get(object, "by"));
}

static const struct table_column columns[] = {
    {.title = N_("KIND"), .member = "kind", .format = scope_kind_of},
    {.title = N_("SCOPE"), .member = "scope", .format = scope_of},
    {.title = N_("NAME"), .member = "name"},
    {.title = N_("AT"), .member = "at", .spare = 1},
    {.title = N_("UNTIL"), .member = "until", .format = until_of},
    {.title = N_("BY"), .member = "by", .format = by_of},
    {.title = N_("WHY"), .member = "why", .spare = 2},
};

static const struct listing listing = {.method = "TakenList",
                                       .member = "taken",
                                       .columns = columns,
                                       .n_columns = ARRAY_SIZE(columns),
                                       .none = N_("Nothing is locked or revoked on this host.\n")};

static enum exit_code run_locks(const struct cli *cli, const void *settings,
                                const struct option_list *arguments)
{
    (void)settings;
    (void)arguments;
    return listing_ask(cli, &listing, json_object());
}

const struct verb verb_locks = {
    .name = "locks",
    .arguments = "",
    .summary = N_("what is locked or revoked on this host, by whom and until when"),
    .text = N_("Lists locks and revocations that hold on this host now, with who gave the order and why. For "
               "operators and auditors."),
    .example = "  hufuctl locks",
    .run = run_locks,
};
