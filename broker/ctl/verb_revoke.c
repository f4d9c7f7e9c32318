#include "broker/ctl/call.h"
#include "broker/ctl/ending.h"
#include "broker/ctl/moment.h"
#include "broker/ctl/scope.h"
#include "broker/ctl/verbs.h"
#include "policy/base/cleanup.h"

struct revoke {
    const char *staff, *vendor, *until, *grace, *why;
};

static const struct option_row rows[] = {
    {"staff", 0, OPTION_TEXT, false, "ACCOUNT", N_("every grant of this person, also future ones"),
     offsetof(struct revoke, staff)},
    {"vendor", 0, OPTION_TEXT, false, "NAME", N_("every grant of this vendor, also future ones"),
     offsetof(struct revoke, vendor)},
    {"until", 0, OPTION_TEXT, false, "TIME", N_("with --staff and --vendor: when it ends [forever]"),
     offsetof(struct revoke, until)},
    {"grace", 0, OPTION_TEXT, false, "DURATION", N_("what lives is warned, and ends after it, such as 5m"),
     offsetof(struct revoke, grace)},
    {"why", 0, OPTION_TEXT, false, "TEXT", N_("for the record"), offsetof(struct revoke, why)},
};

/* What is to be revoked. */
static enum exit_code target_of(const struct cli *cli, const struct revoke *r,
                                const struct option_list *arguments, const char **scope, const char **name)
{
    size_t given = arguments->count + (r->staff != NULL) + (r->vendor != NULL);

    if (given != 1)
        return cli_fail(cli, EXIT_USAGE,
                        _("say what to revoke: a grant's ID, --staff or --vendor, and one of them"));
    *scope = r->staff ? "staff" : "vendor";
    *name = r->staff ? r->staff : r->vendor;
    if (arguments->count == 0)
        return EXIT_DONE;
    if (r->until)
        return cli_fail(cli, EXIT_USAGE,
                        _("--until is for --staff and --vendor; a grant is revoked for good"));
    *scope = "grant";
    *name = arguments->items[0];
    return call_check_id(cli, *name);
}

#define GRACE_MAX     900 /* seconds */
#define PROOF_SECONDS 10

static enum exit_code grace_of(const struct cli *cli, const struct revoke *r, uint32_t *seconds)
{
    if (r->grace && (moment_parse_duration(r->grace, seconds) < 0 || *seconds > GRACE_MAX))
        return cli_fail(cli, EXIT_USAGE, _("--grace %s is no duration from 1s to 15m"), r->grace);
    return EXIT_DONE;
}

static enum exit_code report(const struct cli *cli, const char *scope, const char *name, const json_t *reply)
{
    const json_t *ending = json_object_get(reply, "ending");
    cleanup_free char *whom = scope_whom(scope, name);

    if (cli->json)
        return ending_print_json(cli, reply);
    (void)fprintf(cli->out, _("Revoked on this host only: %s. "), whom ? whom : "?");
    return ending_report(cli, ending);
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct revoke *r = settings;
    cleanup_json json_t *reply = NULL;
    const char *scope = NULL;
    const char *name = NULL;
    char until[WHEN_TEXT_SIZE];
    json_t *parameters;
    when_t end = 0;
    uint32_t grace = 0;
    enum exit_code code;

    if (r->until && (moment_parse(r->until, cli->now, &end) < 0 || end <= cli->now))
        return cli_fail(cli, EXIT_USAGE, _("--until %s is no time to come such as 2026-11-21T00:00:00Z"),
                        r->until);
    code = grace_of(cli, r, &grace);
    if (code == EXIT_DONE)
        code = target_of(cli, r, arguments, &scope, &name);
    if (code != EXIT_DONE)
        return code;
    parameters = json_pack("{s:s, s:s, s:s}", "scope", scope, "name", name, "why", r->why ? r->why : "");
    if (r->until) {
        when_format(end, until);
        call_put_text(parameters, "until", until);
    }
    if (grace > 0) {
        (void)json_object_set_new(parameters, "grace_seconds", json_integer(grace));
        (void)cli_fail(cli, EXIT_DONE,
                       _("waiting for up to %u s until all has ended; interrupting that takes nothing back"),
                       (unsigned)grace + PROOF_SECONDS);
    }
    code = call_broker(cli, "Revoke", parameters, CALL_ENDING_TIMEOUT_MS + grace * 1000, &reply);
    if (code == EXIT_DONE)
        ending_warn_unknown(cli, r->staff);
    return code == EXIT_DONE ? report(cli, scope, name, reply) : code;
}

const struct verb verb_revoke = {
    .name = "revoke",
    .arguments = "ID|--staff ACCOUNT|--vendor NAME",
    .summary = N_("take access away on this host, and end what lives under it"),
    .text = N_(
        "Takes away a grant, or with --staff or --vendor every grant of a person or a vendor, whenever it "
        "was "
        "signed. When it returns 0, this is on disk, nobody gets in under it any more, and none of its "
        "processes is alive. It holds on this host only and is not lifted by anything. With --grace nobody "
        "gets in from now on, but who is in is told on their terminals and has so long to leave; a second "
        "revoke without it ends them at once, and so does a restart of hufud. For operators.\n"
        "Exit status 4: after 10 seconds it could not be proven that all is gone; the processes are "
        "listed, and "
        "the account stays locked until they are."),
    .example = "  hufuctl revoke 0123abcd --why 'work stopped by the department'\n"
               "  hufuctl revoke --vendor acme --until 2026-12-24T00:00:00+08:00 \\\n"
               "    --why 'contract suspended'",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .most = 1,
    .settings_size = sizeof(struct revoke),
    .run = run,
};
