#include "broker/ctl/call.h"
#include "broker/ctl/ending.h"
#include "broker/ctl/listing.h"
#include "broker/ctl/table.h"
#include "broker/ctl/verbs.h"
#include "policy/base/cleanup.h"

#include <string.h>

/* session list, session show, session end. */

static char *time_left(const json_t *object)
{
    const json_t *left = json_object_get(object, "seconds_left");
    long long s = json_integer_value(left);
    char *text = NULL;

    if (!json_is_integer(left))
        return strdup("-");
    if (asprintf(&text, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60) < 0)
        return NULL;
    return text;
}

/* --- list -------------------------------------------------------------------------------------------- */

struct list {
    const char *staff;
    bool all;
};

static const struct option_row list_rows[] = {
    {"staff", 0, OPTION_TEXT, false, "ACCOUNT", N_("only of this person"), offsetof(struct list, staff)},
    {"all", 0, OPTION_FLAG, false, NULL, N_("also those that ended"), offsetof(struct list, all)},
};

static const struct table_column list_columns[] = {
    {.title = N_("NUMBER"), .member = "number", .right = true},
    {.title = N_("STATE"), .member = "state", .spare = 3},
    {.title = N_("STAFF"), .member = "staff"},
    {.title = N_("VENDOR"), .member = "vendor", .spare = 2},
    {.title = N_("SERVICE"), .member = "service", .spare = 4},
    {.title = N_("SOURCE"), .member = "source"},
    {.title = N_("GRANT"), .member = "grant", .format = table_short_grant},
    {.title = N_("OPENED"), .member = "opened", .spare = 5},
    {.title = N_("LEFT"), .member = "seconds_left", .right = true, .format = time_left},
    {.title = N_("REASON"), .member = "reason", .spare = 1},
};

static enum exit_code run_list(const struct cli *cli, const void *settings,
                               const struct option_list *arguments)
{
    const struct list *list = settings;
    const struct listing listing = {.method = "SessionList",
                                    .member = "sessions",
                                    .columns = list_columns,
                                    .n_columns = ARRAY_SIZE(list_columns),
                                    .none = list->all ? N_("No sessions.\n") : N_("No live sessions.\n")};
    json_t *parameters = json_pack("{s:b}", "all", list->all);

    (void)arguments;
    call_put_text(parameters, "staff", list->staff);
    return listing_ask(cli, &listing, parameters);
}

const struct verb verb_session_list = {
    .name = "session list",
    .arguments = "",
    .summary = N_("who is in, and how long they have"),
    .text = N_("Lists the sessions of gated persons on this host: since when, under which grant, and the "
               "hours, minutes "
               "and seconds left until they end. For operators and auditors."),
    .example = "  hufuctl session list --staff zhang.san --all",
    .options = list_rows,
    .n_options = ARRAY_SIZE(list_rows),
    .settings_size = sizeof(struct list),
    .run = run_list,
};

/* --- show -------------------------------------------------------------------------------------------- */

static const struct table_column show_columns[] = {
    {.title = N_("Session"), .member = "number"},
    {.title = N_("State"), .member = "state"},
    {.title = N_("Staff"), .member = "staff"},
    {.title = N_("Vendor"), .member = "vendor"},
    {.title = N_("Grant"), .member = "grant"},
    {.title = N_("Version"), .member = "version"},
    {.title = N_("Service"), .member = "service"},
    {.title = N_("Source"), .member = "source"},
    {.title = N_("Terminal"), .member = "tty"},
    {.title = N_("Key"), .member = "key"},
    {.title = N_("Opened"), .member = "opened"},
    {.title = N_("Deadline"), .member = "deadline"},
    {.title = N_("Time left"), .member = "seconds_left", .format = time_left},
    {.title = N_("Leader"), .member = "leader"},
    {.title = N_("Audit session"), .member = "audit_session"},
    {.title = N_("Ended"), .member = "ended"},
    {.title = N_("Reason"), .member = "reason"},
};

static const struct table_column process_columns[] = {
    {.title = N_("PID"), .member = "pid", .right = true},
    {.title = N_("UID"), .member = "uid", .right = true},
    {.title = N_("LOGIN-UID"), .member = "login_uid", .right = true},
    {.title = N_("NAME"), .member = "name"},
};

static enum exit_code print_session(const struct cli *cli, const json_t *reply)
{
    const json_t *processes = json_object_get(reply, "processes");

    if (table_print_object(cli->out, show_columns, ARRAY_SIZE(show_columns),
                           json_object_get(reply, "session")) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("cannot write the output"));
    if (json_array_size(processes) == 0)
        return EXIT_DONE;
    (void)fputc('\n', cli->out);
    if (table_print(cli->out, process_columns, ARRAY_SIZE(process_columns), processes) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("cannot write the output"));
    return EXIT_DONE;
}

static enum exit_code run_show(const struct cli *cli, const void *settings,
                               const struct option_list *arguments)
{
    cleanup_json json_t *reply = NULL;
    uint32_t number = 0;
    enum exit_code code = EXIT_DONE;

    (void)settings;
    if (arguments->count > 0)
        code = call_session_number(cli, arguments->items[0], &number);
    if (code == EXIT_DONE)
        code = call_broker(cli, "SessionShow",
                           number > 0 ? json_pack("{s:I}", "number", (json_int_t)number) : json_object(),
                           CALL_TIMEOUT_MS, &reply);
    if (code != EXIT_DONE)
        return code;
    return cli->json ? call_print_json(cli, reply) : print_session(cli, reply);
}

const struct verb verb_session_show = {
    .name = "session show",
    .arguments = "[NUMBER]",
    .summary = N_("one session, with its processes"),
    .text = N_("Shows everything that is known of a session, and the processes that live in it. For "
               "operators and auditors; and for a vendor's person about their own, who may leave the number "
               "out."),
    .example = "  hufuctl session show 17",
    .most = 1,
    .run = run_show,
};

/* --- end --------------------------------------------------------------------------------------------- */

struct end {
    const char *why;
};

static const struct option_row end_rows[] = {
    {"why", 0, OPTION_TEXT, false, "TEXT", N_("for the record"), offsetof(struct end, why)},
};

static enum exit_code run_end(const struct cli *cli, const void *settings,
                              const struct option_list *arguments)
{
    const struct end *end = settings;
    cleanup_json json_t *reply = NULL;
    const json_t *ending;
    uint32_t number;
    enum exit_code code = call_session_number(cli, arguments->items[0], &number);

    if (code == EXIT_DONE)
        code = call_broker(
            cli, "SessionEnd",
            json_pack("{s:I, s:s}", "number", (json_int_t)number, "why", end->why ? end->why : ""),
            CALL_ENDING_TIMEOUT_MS, &reply);
    if (code != EXIT_DONE)
        return code;
    ending = json_object_get(reply, "ending");
    return cli->json ? ending_print_json(cli, reply) : ending_report(cli, ending);
}

const struct verb verb_session_end = {
    .name = "session end",
    .arguments = "NUMBER",
    .summary = N_("end a session; its grant stays"),
    .text = N_("Ends a session with everything in it, and waits for the proof. The person may come again as "
               "long as the "
               "grant holds: `hufuctl revoke` takes that away too. For operators.\n"
               "Exit status 4: not proven that all is gone."),
    .example = "  hufuctl session end 17 --why 'asked to by the unit'",
    .options = end_rows,
    .n_options = ARRAY_SIZE(end_rows),
    .least = 1,
    .most = 1,
    .settings_size = sizeof(struct end),
    .run = run_end,
};
