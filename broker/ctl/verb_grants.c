#include "broker/ctl/hand_in.h"
#include "broker/ctl/listing.h"
#include "broker/ctl/table.h"
#include "broker/ctl/text.h"
#include "broker/ctl/verbs.h"

#include <string.h>

/* grant add, grant list, grant show. */

/* --- add --------------------------------------------------------------------------------------------- */

struct add {
    struct option_list approvals;
};

static const struct option_row add_rows[] = {
    {"approval", 0, OPTION_LIST, false, "FILE", N_("an approval of it"), offsetof(struct add, approvals)},
};

/* Read here as well as there, so that a file that is no grant is named by line, and by its name. */
static enum exit_code run_add(const struct cli *cli, const void *settings,
                              const struct option_list *arguments)
{
    const struct add *add = settings;
    cleanup_papers_grant struct papers_grant grant = {0};
    cleanup_papers_approvals struct papers_approvals approvals = {.count = 0};
    cleanup_json json_t *reply = NULL;
    enum exit_code code = papers_read_grant(cli, arguments->items[0], &grant);

    if (code == EXIT_DONE)
        code = papers_read_approvals(cli, &add->approvals, &approvals);
    if (code == EXIT_DONE)
        code = hand_in(cli, grant.text, grant.size, &approvals, &reply);
    return code == EXIT_DONE ? hand_in_report(cli, reply) : code;
}

const struct verb verb_grant_add = {
    .name = "grant add",
    .arguments = "FILE",
    .summary = N_("hand a signed grant to this host's broker"),
    .text = N_("Gives a grant and its approvals to the broker of this host, which judges them by its own "
               "trust file. "
               "Approvals may come later, with the same command. For operators.\n"
               "Exit status 0: in force, now or from its first second on. 1: refused, or known but not in "
               "force; the "
               "state says why. 4: a new version ended sessions, and after 10 seconds it could not be proven "
               "that they are gone."),
    .example = "  hufuctl grant add grant --approval grant.zhou.ming.approval \\\n"
               "    --approval grant.wang.wu.approval",
    .options = add_rows,
    .n_options = ARRAY_SIZE(add_rows),
    .least = 1,
    .most = 1,
    .settings_size = sizeof(struct add),
    .run = run_add,
};

/* --- list -------------------------------------------------------------------------------------------- */

struct list {
    const char *staff, *vendor;
    bool all;
};

static const struct option_row list_rows[] = {
    {"staff", 0, OPTION_TEXT, false, "ACCOUNT", N_("only of this person"), offsetof(struct list, staff)},
    {"vendor", 0, OPTION_TEXT, false, "NAME", N_("only of this vendor"), offsetof(struct list, vendor)},
    {"all", 0, OPTION_FLAG, false, NULL, N_("also what is over: expired, revoked, closed, superseded"),
     offsetof(struct list, all)},
};

static const struct table_column list_columns[] = {
    {.title = N_("ID"), .member = "id", .format = table_short_id},
    {.title = N_("VER"), .member = "version", .spare = 5, .right = true},
    {.title = N_("STATE"), .member = "state"},
    {.title = N_("STAFF"), .member = "staff"},
    {.title = N_("VENDOR"), .member = "vendor", .spare = 3},
    {.title = N_("SERVICES"), .member = "services", .spare = 2},
    {.title = N_("FROM"), .member = "not_before", .spare = 1},
    {.title = N_("UNTIL"), .member = "not_after"},
    {.title = N_("USES"), .member = "uses", .spare = 6},
    {.title = N_("TAKEN"), .member = "uses_taken", .spare = 7, .right = true},
    {.title = N_("LIVE"), .member = "sessions_live", .spare = 4, .right = true},
    {.title = N_("TICKET"), .member = "ticket", .spare = 8},
};

static const struct listing listing = {.method = "GrantList",
                                       .member = "grants",
                                       .columns = list_columns,
                                       .n_columns = ARRAY_SIZE(list_columns),
                                       .none = N_("No grants.\n")};

static enum exit_code run_list(const struct cli *cli, const void *settings,
                               const struct option_list *arguments)
{
    const struct list *list = settings;
    json_t *parameters = json_pack("{s:b}", "all", list->all);

    (void)arguments;
    call_put_text(parameters, "staff", list->staff);
    call_put_text(parameters, "vendor", list->vendor);
    return listing_ask(cli, &listing, parameters);
}

const struct verb verb_grant_list = {
    .name = "grant list",
    .arguments = "",
    .summary = N_("the grants that this host knows"),
    .text = N_(
        "Lists grants with what they are good for now: `ok`, or the reason why they let nobody in. Ids are "
        "cut to "
        "8 digits, which every command takes as long as they are unambiguous. For operators and auditors."),
    .example = "  hufuctl grant list --vendor acme --all",
    .options = list_rows,
    .n_options = ARRAY_SIZE(list_rows),
    .settings_size = sizeof(struct list),
    .run = run_list,
};

/* --- show -------------------------------------------------------------------------------------------- */

static const struct table_column show_columns[] = {
    {.title = N_("State"), .member = "state"},
    {.title = N_("Taken away"), .member = "taken_by"},
    {.title = N_("Uses taken"), .member = "uses_taken"},
    {.title = N_("Sessions live"), .member = "sessions_live"},
};

static enum exit_code print_grant(const struct cli *cli, const json_t *reply)
{
    const json_t *document = json_object_get(reply, "document");
    const json_t *approvals = json_object_get(reply, "approvals");

    if (document)
        (void)text_print_document(cli->out, json_string_value(document), json_string_length(document),
                                  !text_locale_is_utf8());
    (void)fputc('\n', cli->out);
    if (table_print_object(cli->out, show_columns, ARRAY_SIZE(show_columns),
                           json_object_get(reply, "grant")) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("cannot write the output"));
    if (json_array_size(approvals) == 0)
        return EXIT_DONE;
    (void)fputc('\n', cli->out);
    return hand_in_print_approvals(cli, approvals);
}

static enum exit_code run_show(const struct cli *cli, const void *settings,
                               const struct option_list *arguments)
{
    cleanup_json json_t *reply = NULL;
    enum exit_code code = call_check_id(cli, arguments->items[0]);

    (void)settings;
    if (code == EXIT_DONE)
        code = call_broker(cli, "GrantShow", json_pack("{s:s}", "id", arguments->items[0]), CALL_TIMEOUT_MS,
                           &reply);
    if (code != EXIT_DONE)
        return code;
    return cli->json ? call_print_json(cli, reply) : print_grant(cli, reply);
}

const struct verb verb_grant_show = {
    .name = "grant show",
    .arguments = "ID",
    .summary = N_("one grant, its text and its approvals"),
    .text = N_("Shows a grant's text as it was signed, its state on this host, and what became of each "
               "approval. For "
               "operators and auditors."),
    .example = "  hufuctl grant show 0123abcd",
    .least = 1,
    .most = 1,
    .run = run_show,
};
