#include "broker/ctl/call.h"
#include "broker/ctl/papers.h"
#include "broker/ctl/table.h"
#include "broker/ctl/verbs.h"

#include <jansson.h>
#include <unistd.h>

struct check {
    struct option_list approvals;
    const char *trust;
};

static const struct option_row rows[] = {
    {"approval", 0, OPTION_LIST, false, "FILE", N_("an approval of it"), offsetof(struct check, approvals)},
    {"trust", 0, OPTION_TEXT, false, "FILE",
     N_("the trust file to judge by [/etc/hufu/trust, if there is one]"), offsetof(struct check, trust)},
};

static const struct table_column columns[] = {
    {.title = N_("FILE"), .member = "file"},   {.title = N_("APPROVER"), .member = "approver"},
    {.title = N_("ROLE"), .member = "role"},   {.title = N_("OUTCOME"), .member = "outcome"},
    {.title = N_("MEANS"), .member = "means"},
};

static json_t *describe_approvals(const struct option_list *files, const struct grant_standing *s)
{
    json_t *list = json_array();

    for (size_t i = 0; i < files->count; i++) {
        bool seen = i < s->n_seen;
        enum signature_outcome outcome = seen ? s->seen[i].outcome : SIGNATURE_NOT_LOOKED_AT;

        (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s}", "file", files->items[i],
                                                    "approver", seen ? s->seen[i].approver : "", "role",
                                                    seen ? s->seen[i].role : "", "outcome",
                                                    signature_outcome_name(outcome), "means",
                                                    _(signature_outcome_sentence(outcome))));
    }
    return list;
}

/* What has been found out. */
struct finding {
    const struct papers_grant *grant;
    const struct check *check;
    const char *fault; /* which no approval mends; NULL: none, or no trust file */
    bool judged;       /* there was a trust file */
    struct grant_standing standing;
};

static bool is_good(const struct finding *f)
{
    if (f->fault)
        return false;
    return f->check->approvals.count == 0 || (f->judged && f->standing.standing == REASON_OK);
}

static enum exit_code print_json(const struct cli *cli, const struct finding *f)
{
    char id[IDENT_ID_TEXT_SIZE];
    cleanup_json json_t *value = NULL;

    ident_format_id(&f->grant->grant->id, id);
    value = json_pack("{s:s, s:i, s:s, s:s?}", "id", id, "version", (int)f->grant->grant->version, "class",
                      grant_class_name(f->grant->grant->class), "fault", f->fault);
    if (value && f->judged) {
        (void)json_object_set_new(value, "standing", json_string(reason_name(f->standing.standing)));
        (void)json_object_set_new(value, "needed_more", json_integer((json_int_t)f->standing.n_needed_more));
        (void)json_object_set_new(value, "approvals", describe_approvals(&f->check->approvals, &f->standing));
    }
    return call_print_json(cli, value);
}

static enum exit_code print_text(const struct cli *cli, const struct finding *f)
{
    const struct grant *g = f->grant->grant;
    char id[IDENT_ID_TEXT_SIZE];
    char until[WHEN_TEXT_SIZE];

    ident_format_id(&g->id, id);
    when_format(g->valid.until, until);
    (void)fprintf(cli->out, _("Well formed: grant %s version %u, class %s, for %s of %s, until %s.\n"), id,
                  g->version, grant_class_name(g->class), g->staff, g->vendor, until);
    if (f->judged && f->check->approvals.count > 0) {
        cleanup_json json_t *list = describe_approvals(&f->check->approvals, &f->standing);

        if (table_print(cli->out, columns, ARRAY_SIZE(columns), list) < 0)
            return cli_fail(cli, EXIT_REFUSED, _("cannot write the output"));
    }
    if (f->fault)
        (void)fprintf(cli->out, _("It will be refused whoever signs it: %s.\n"), f->fault);
    else if (f->judged && f->standing.standing == REASON_OK)
        (void)fputs(_("The quorum of its class is met.\n"), cli->out);
    else if (f->judged && f->standing.standing == REASON_TRUST_EXPIRED)
        (void)fputs(_("The trust file is not valid now, so nothing counts.\n"), cli->out);
    else if (f->judged)
        (void)fprintf(cli->out,
                      ngettext("The quorum of its class is not met: %zu more person has to sign.\n",
                               "The quorum of its class is not met: %zu more persons have to sign.\n",
                               f->standing.n_needed_more),
                      f->standing.n_needed_more);
    return EXIT_DONE;
}

static enum exit_code judge(const struct cli *cli, struct finding *f, const char *path)
{
    cleanup(trust_set_free_p) struct trust_set *trust = NULL;
    cleanup_papers_approvals struct papers_approvals approvals = {.count = 0};
    enum exit_code code = papers_read_trust(cli, path, NULL, &trust);

    if (code == EXIT_DONE)
        code = papers_read_approvals(cli, &f->check->approvals, &approvals);
    if (code != EXIT_DONE)
        return code;
    if (trust_verify_grant(trust, f->grant->grant,
                           (struct octets){(const uint8_t *)f->grant->text, f->grant->size}, approvals.items,
                           approvals.count, cli->now, &f->standing) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    f->judged = true;
    f->fault = papers_fault_of_grant(trust, f->grant->grant);
    return EXIT_DONE;
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct check *check = settings;
    cleanup_papers_grant struct papers_grant grant = {0};
    struct finding f = {.grant = &grant, .check = check};
    enum exit_code code = papers_read_grant(cli, arguments->items[0], &grant);

    if (code == EXIT_DONE && (check->trust || check->approvals.count > 0 || access(CLI_TRUST, R_OK) == 0))
        code = judge(cli, &f, check->trust ? check->trust : CLI_TRUST);
    if (code == EXIT_DONE)
        code = cli->json ? print_json(cli, &f) : print_text(cli, &f);
    if (code != EXIT_DONE)
        return code;
    return is_good(&f) ? EXIT_DONE : EXIT_REFUSED;
}

const struct verb verb_grant_check = {
    .name = "grant check",
    .arguments = "FILE",
    .summary = N_("is a grant well formed, and which approvals count"),
    .text = N_(
        "Reads a grant as strictly as a host does. With a trust file it says whether anyone's signature "
        "could make "
        "it good, and with approvals which of them count, why the others do not, and how many persons still "
        "have to sign.\n"
        "Exit status 0: well formed, and if approvals were given, its quorum is met. 1: not."),
    .example = "  hufuctl grant check grant --trust trust \\\n"
               "    --approval grant.zhou.ming.approval --approval grant.wang.wu.approval",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .least = 1,
    .most = 1,
    .settings_size = sizeof(struct check),
    .run = run,
};
