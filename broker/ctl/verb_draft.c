#include "broker/ctl/call.h"
#include "broker/ctl/draft.h"
#include "broker/ctl/papers.h"
#include "broker/ctl/verbs.h"

#include <jansson.h>
#include <string.h>

#define AT(member) offsetof(struct draft, member)

static const struct option_row rows[] = {
    {"site", 0, OPTION_TEXT, true, "NAME", N_("the site, as the trust file names it"), AT(site)},
    {"vendor", 0, OPTION_TEXT, true, "NAME", N_("whom the work was given to"), AT(vendor)},
    {"employer", 0, OPTION_TEXT, false, "NAME", N_("who employs the person, if not the vendor"),
     AT(employer)},
    {"contract", 0, OPTION_TEXT, true, "NUMBER", N_("the contract it is under"), AT(contract)},
    {"staff", 0, OPTION_TEXT, true, "ACCOUNT", N_("the person's login account"), AT(staff)},
    {"key", 0, OPTION_LIST, true, "FILE.pub",
     N_("ssh key the person may log in with; or SHA256:..., or password"), AT(keys)},
    {"host", 0, OPTION_LIST, true, "NAME", N_("a host, or @GROUP of hosts"), AT(hosts)},
    {"service", 0, OPTION_LIST, true, "NAME", N_("sshd, login, cron, at, or a display manager's PAM service"),
     AT(services)},
    {"channel", 0, OPTION_LIST, true, "NAME", N_("shell, exec, transfer, forward; or none"), AT(channels)},
    {"run-as", 0, OPTION_LIST, false, "ACCOUNT", N_("account to reach by su or sudo [none]"), AT(run_as)},
    {"command", 0, OPTION_LIST, false, "'PATH ARG...'", N_("what sudo may run; or any [none]"), AT(commands)},
    {"source", 0, OPTION_LIST, true, "CIDR",
     N_("network the person comes from; or local, the console; or any"), AT(sources)},
    {"from", 0, OPTION_TEXT, false, "TIME", N_("first second [now]"), AT(from)},
    {"until", 0, OPTION_TEXT, false, "TIME", N_("first second that is no longer covered"), AT(until)},
    {"for", 0, OPTION_TEXT, false, "DURATION", N_("8h, 2d: in place of --until"), AT(duration)},
    {"hours", 0, OPTION_LIST, false, "'DAYS HH:MM-HH:MM +HH:MM'", N_("when, in the week; or any [any]"),
     AT(hours)},
    {"uses", 0, OPTION_TEXT, false, "'N per-host'", N_("or 'N fleet', unlimited ['1 per-host']"), AT(uses)},
    {"sessions", 0, OPTION_TEXT, false, "N", N_("at the same time; or unlimited [1]"), AT(sessions)},
    {"max-session", 0, OPTION_TEXT, false, "DURATION", N_("longest session; or unlimited [4h]"),
     AT(max_session)},
    {"recording", 0, OPTION_TEXT, false, "WORD", N_("required or none [none]"), AT(recording)},
    {"requester", 0, OPTION_TEXT, true, "PERSON", N_("who asks for it; cannot approve it"), AT(requester)},
    {"ticket", 0, OPTION_TEXT, true, "NUMBER", N_("the change or fault it is for"), AT(ticket)},
    {"purpose", 0, OPTION_TEXT, true, "TEXT", N_("what is to be done"), AT(purpose)},
    {"class", 0, OPTION_TEXT, false, "CLASS", N_("normal, privileged or emergency [normal]"), AT(class)},
    {"incident-level", 0, OPTION_TEXT, false, "N", N_("1 to 3, in class emergency"), AT(incident_level)},
    {"id", 0, OPTION_TEXT, false, "ID", N_("of the grant that this is a version of [a new one]"), AT(id)},
    {"version", 0, OPTION_TEXT, false, "N", N_("higher than that of the version it supersedes [1]"),
     AT(version)},
    {"output", 'o', OPTION_TEXT, false, "FILE", N_("where to write the document [standard output]"),
     AT(output)},
};

static enum exit_code report(const struct cli *cli, const struct draft *draft, const char *text,
                             const char *id)
{
    if (cli->json) {
        cleanup_json json_t *value =
            json_pack("{s:s, s:s, s:s?}", "id", id, "document", text, "file", draft->output);

        return call_print_json(cli, value);
    }
    if (!draft->output || strcmp(draft->output, "-") == 0)
        return EXIT_DONE;
    (void)fprintf(cli->out,
                  _("Grant %s is in %s. Nothing is granted until it is signed: give it to the approvers for\n"
                    "  hufuctl approve %s --as PERSON --role ROLE --key KEY.pem\n"),
                  id, draft->output, draft->output);
    return EXIT_DONE;
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct draft *draft = settings;
    cleanup_free char *text = NULL;
    char id[IDENT_ID_TEXT_SIZE];
    enum exit_code code = draft_write(cli, draft, &text, id);

    (void)arguments;
    if (code == EXIT_DONE && (draft->output || !cli->json))
        code = papers_write(cli, draft->output, text);
    return code == EXIT_DONE ? report(cli, draft, text, id) : code;
}

const struct verb verb_grant_draft = {
    .name = "grant draft",
    .arguments = "",
    .summary = N_("write a grant, to be signed"),
    .text = N_("Writes a grant as the small text that approvers read and sign. It gives nothing by itself. "
               "Every field "
               "is written out, also where it says none; what is not in it is not granted.\n"
               "TIME is 2026-11-21T00:00:00Z, or with an offset 2026-11-21T08:00:00+08:00, or now. Defaults "
               "stand in "
               "brackets. Options with ... may be repeated. hufu-grant(5) explains the fields."),
    .example = "  hufuctl grant draft --site cn.example.finance --vendor acme \\\n"
               "    --contract C-2026-017 --staff zhang.san --key zhang.san.pub \\\n"
               "    --host db01.finance.example --service sshd --channel shell \\\n"
               "    --source 10.1.2.0/24 --for 8h --requester li.si \\\n"
               "    --ticket CHG-2026-1142 --purpose 'replace a disk' -o grant",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .settings_size = sizeof(struct draft),
    .run = run,
};
