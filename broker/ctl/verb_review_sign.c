#include "broker/ctl/call.h"
#include "broker/ctl/moment.h"
#include "broker/ctl/review_paper.h"
#include "broker/ctl/verbs.h"
#include "policy/base/cleanup.h"

#include <string.h>

struct sign_options {
    const char *since, *until, *note;
};

#define AT(member) offsetof(struct sign_options, member)

static const struct option_row rows[] = {
    {"since", 0, OPTION_TEXT, false, "TIME", N_("where the review has to begin; refused if it does not"),
     AT(since)},
    {"until", 0, OPTION_TEXT, false, "TIME", N_("where it has to end"), AT(until)},
    {"note", 0, OPTION_TEXT, false, "TEXT", N_("what there is to say about it, for the record"), AT(note)},
};

/* What the caller thinks that it is has to be what it is. */
static enum exit_code compare(const struct cli *cli, const char *name, const char *given, when_t is)
{
    char text[WHEN_TEXT_SIZE];
    when_t t;

    if (!given)
        return EXIT_DONE;
    if (moment_parse(given, cli->now, &t) < 0)
        return cli_fail(cli, EXIT_USAGE, _("--%s %s is no time such as 2026-11-21T00:00:00Z"), name, given);
    when_format(is, text);
    if (t != is)
        return cli_fail(cli, EXIT_USAGE, _("the review in this file has %s where --%s says %s"), text, name,
                        given);
    return EXIT_DONE;
}

static enum exit_code sign(const struct cli *cli, const struct sign_off *x)
{
    char from[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE];
    cleanup_json json_t *reply = NULL;
    const char *reviewed;
    enum exit_code code;

    when_format(x->from, from);
    when_format(x->until, until);
    code = call_broker(
        cli, "ReviewSign",
        json_pack("{ss ss ss ss}", "from", from, "until", until, "sha256", x->sha256, "note", x->note),
        CALL_TIMEOUT_MS, &reply);
    if (code != EXIT_DONE)
        return code;
    if (cli->json)
        return call_print_json(cli, reply);
    (void)fprintf(cli->out, _("Signed off: the review from %s to %s with SHA-256 %s.\n"), from, until,
                  x->sha256);
    reviewed = json_string_value(json_object_get(reply, "reviewed_until"));
    if (reviewed && strcmp(reviewed, from) < 0)
        (void)fprintf(cli->out,
                      _("What came between %s and %s is still to be reviewed, and this period with it.\n"),
                      reviewed, from);
    return EXIT_DONE;
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct sign_options *o = settings;
    struct sign_off x;
    enum exit_code code = review_paper_read(cli, arguments->items[0], &x);

    if (code == EXIT_DONE)
        code = compare(cli, "since", o->since, x.from);
    if (code == EXIT_DONE)
        code = compare(cli, "until", o->until, x.until);
    if (o->note)
        x.note = o->note;
    return code == EXIT_DONE ? sign(cli, &x) : code;
}

const struct verb verb_review_sign = {
    .name = "review sign",
    .arguments = "FILE",
    .summary = N_("say that a review was read, for the record"),
    .text =
        N_("An auditor who has read a review signs it off: the period, the SHA-256 of the review as JSON and "
           "the auditor's login uid go on record, and the next review begins where this one ends. FILE is "
           "what `hufuctl review --json` or --html wrote; keep it. For auditors and root; an operator who "
           "is no auditor may not."),
    .example = "  hufuctl review sign --note 'nothing to add' october.html",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .least = 1,
    .most = 1,
    .settings_size = sizeof(struct sign_options),
    .run = run,
};
