#include "broker/ctl/call.h"
#include "broker/ctl/table.h"
#include "broker/ctl/verbs.h"
#include "policy/base/cleanup.h"

#include <string.h>

/* session watch. */

struct watch {
    const char *staff;
};

static const struct option_row rows[] = {
    {"staff", 0, OPTION_TEXT, false, "ACCOUNT", N_("only of this person"), offsetof(struct watch, staff)},
};

/* As long as it lives the one, from then on the other. */
static char *until_or_reason(const json_t *object)
{
    const char *reason = json_string_value(json_object_get(object, "reason"));

    return table_cell(json_object_get(object, reason && *reason ? "reason" : "deadline"));
}

static const struct table_column columns[] = {
    {.title = N_("AT"), .member = "at", .width = 20},
    {.title = N_("CHANGE"), .member = "change", .width = 8},
    {.title = N_("NUMBER"), .member = "number", .right = true, .width = 6},
    {.title = N_("STAFF"), .member = "staff", .width = 12},
    {.title = N_("VENDOR"), .member = "vendor", .spare = 4, .width = 8},
    {.title = N_("SERVICE"), .member = "service", .spare = 2, .width = 7},
    {.title = N_("SOURCE"), .member = "source", .spare = 3, .width = 15},
    {.title = N_("GRANT"), .member = "grant", .spare = 1, .format = table_short_grant, .width = 8},
    {.title = N_("UNTIL, OR REASON"), .member = "deadline", .format = until_or_reason, .width = 20},
};

/* A line is the session with what happened to it, and when. */
static enum exit_code print_change(const struct cli *cli, const json_t *reply, json_t *session)
{
    cleanup_json json_t *line = json_copy(session);

    if (!line || json_object_set(line, "at", json_object_get(reply, "at")) < 0 ||
        json_object_set(line, "change", json_object_get(reply, "change")) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    if (cli->json)
        return call_print_json_line(cli, line);
    if (table_print_line(cli->out, columns, ARRAY_SIZE(columns), line) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("cannot write the output"));
    return EXIT_DONE;
}

static enum exit_code print_changes(const struct cli *cli, const json_t *reply, void *userdata)
{
    bool *titled = userdata;
    enum exit_code code = EXIT_DONE;
    json_t *session;
    size_t i;

    if (!cli->json && !*titled && table_print_line(cli->out, columns, ARRAY_SIZE(columns), NULL) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("cannot write the output"));
    *titled = true;
    json_array_foreach(json_object_get(reply, "sessions"), i, session)
    {
        if (code == EXIT_DONE)
            code = print_change(cli, reply, session);
    }
    return code;
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct watch *watch = settings;
    json_t *parameters = json_object();
    bool titled = false;

    (void)arguments;
    call_put_text(parameters, "staff", watch->staff);
    return call_stream(cli, "SessionWatch", parameters, print_changes, &titled);
}

const struct verb verb_session_watch = {
    .name = "session watch",
    .arguments = "",
    .summary = N_("who is in, and then each change as it happens"),
    .text =
        N_("Lists the live sessions, then goes on with a line for each change: opened, warned, narrowed (it "
           "ends earlier), extended, ending, remains (not all of it could be ended; it is tried again), "
           "ended (proven). With --json a line is one object. End it with Ctrl-C. For operators and "
           "auditors."),
    .example = "  hufuctl session watch --staff zhang.san",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .settings_size = sizeof(struct watch),
    .run = run,
};
