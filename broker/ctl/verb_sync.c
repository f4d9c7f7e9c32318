#include "broker/common/wrap.h"
#include "broker/ctl/call.h"
#include "broker/ctl/openmetrics.h"
#include "broker/ctl/papers.h"
#include "broker/ctl/table.h"
#include "broker/ctl/text.h"
#include "broker/ctl/verbs.h"

#include <errno.h>
#include <string.h>

/* --- sync status ------------------------------------------------------------------------------------------
 */

struct settings {
    const char *output;
    bool openmetrics;
};

static const struct option_row rows[] = {
    {"openmetrics", 0, OPTION_FLAG, false, NULL,
     N_("for monitoring: OpenMetrics, as the node exporter's textfile collector reads it"),
     offsetof(struct settings, openmetrics)},
    {"output", 'o', OPTION_TEXT, false, "FILE", N_("with --openmetrics: the file to replace at once"),
     offsetof(struct settings, output)},
};

/* In the unit that says enough; seconds matter only while there are few. */
static char *distance(long long seconds)
{
    char *text = NULL;
    int r;

    if (seconds < 120)
        r = asprintf(&text, _("%lld s"), seconds);
    else if (seconds < 7200)
        r = asprintf(&text, _("%lld min"), seconds / 60);
    else if (seconds < 172800)
        r = asprintf(&text, _("%lld h"), seconds / 3600);
    else
        r = asprintf(&text, _("%lld days"), seconds / 86400);
    return r < 0 ? NULL : text;
}

/* "2026-11-21T10:00:00Z (12 s ago)". Without memory, or for null: NULL. */
static char *instant_cell(const json_t *object, const char *member, when_t now)
{
    const json_t *value = json_object_get(object, member);
    const char *text = json_string_value(value);
    cleanup_free char *far = NULL;
    char *cell = NULL;
    when_t instant = 0;
    int r;

    if (!text || when_parse(text, json_string_length(value), &instant) < 0)
        return strdup("-");
    far = distance((long long)(instant <= now ? now - instant : instant - now));
    if (!far)
        return NULL;
    r = instant <= now ? asprintf(&cell, _("%s (%s ago)"), text, far)
                       : asprintf(&cell, _("%s (in %s)"), text, far);
    return r < 0 ? NULL : cell;
}

static const char *const instants[] = {"since",        "heartbeat_written", "last_change",
                                       "last_refresh", "last_full_refresh", "status_holds_until"};

/* A copy in which instants are also said by their distance. */
static json_t *readable(const json_t *sync, when_t now)
{
    json_t *copy = json_copy((json_t *)sync);

    for (size_t i = 0; copy && i < ARRAY_SIZE(instants); i++) {
        cleanup_free char *cell = instant_cell(sync, instants[i], now);

        (void)json_object_set_new(copy, instants[i], json_string(cell ? cell : "?"));
    }
    return copy;
}

static const struct table_column columns[] = {
    {.title = N_("Server"), .member = "server"},
    {.title = N_("Tells changes at once"), .member = "pushes"},
    {.title = N_("In this state since"), .member = "since"},
    {.title = N_("Last heartbeat"), .member = "heartbeat_written"},
    {.title = N_("Last change"), .member = "last_change"},
    {.title = N_("Last refresh"), .member = "last_refresh"},
    {.title = N_("Last full refresh"), .member = "last_full_refresh"},
    {.title = N_("Trust epoch"), .member = "trust_epoch"},
    {.title = N_("Status"), .member = "status_epoch"},
    {.title = N_("Status holds until"), .member = "status_holds_until"},
    {.title = N_("Entries"), .member = "entries"},
    {.title = N_("Grants"), .member = "grants"},
    {.title = N_("Revocations, signed"), .member = "revocations_signed"},
    {.title = N_("Revocations, unsigned"), .member = "revocations_unsigned"},
    {.title = N_("Grants withdrawn"), .member = "withdrawn"},
    {.title = N_("Entries not signed yet"), .member = "waiting"},
    {.title = N_("Entries of no use"), .member = "bad"},
    {.title = N_("Deletions held back"), .member = "purge_held_back"},
    {.title = N_("Uses can be claimed"), .member = "claims_possible"},
    {.title = N_("Claims not settled"), .member = "claims_pending"},
};

/* In words and above the table, whose cells break them anywhere. */
static int print_error(const struct cli *cli, const json_t *sync)
{
    const char *error = json_string_value(json_object_get(sync, "last_error"));
    const json_t *next = json_object_get(sync, "next_try_seconds");
    cleanup_free char *at = instant_cell(sync, "last_error_at", cli->now);
    cleanup_free char *escaped = error ? text_escape(error, strlen(error), false) : NULL;
    cleanup_free char *text = NULL;

    if (!error)
        return 0;
    if (!at || !escaped || asprintf(&text, _("Last error, %s: %s\n"), at, escaped) < 0)
        return -ENOMEM;
    text_print_wrapped(cli->out, text);
    if (json_is_integer(next))
        (void)fprintf(cli->out, _("It is tried again in %lld s.\n"), (long long)json_integer_value(next));
    return 0;
}

/* What it is called can be long, and is what somebody has to look for. */
static int print_entry(FILE *out, const json_t *entry)
{
    cleanup_free char *name = table_cell(json_object_get(entry, "name"));
    cleanup_free char *reason = table_cell(json_object_get(entry, "reason"));
    cleanup_free char *text = table_cell(json_object_get(entry, "text"));
    cleanup_free char *about = NULL;

    if (!name || !reason || !text || asprintf(&about, _("%s: %s"), reason, text) < 0)
        return -ENOMEM;
    (void)fprintf(out, "  %s\n    ", name);
    wrap_line(out, about, strlen(about), 4, 4);
    return 0;
}

static int print_entries(FILE *out, const json_t *entries)
{
    const json_t *entry;
    size_t i;
    int r = 0;

    if (json_array_size(entries) > 0)
        (void)fputs(_("\nNot in force here:\n"), out);
    json_array_foreach(entries, i, entry)
    {
        if (r == 0)
            r = print_entry(out, entry);
    }
    return r;
}

static const struct {
    const char *state;
    bool good; /* changes come, now or at intervals */
    const char *text;
} states[] = {
    {"live", true, N_("The directory is followed: changes come at once.\n")},
    {"polling", true, N_("The directory is asked at intervals.\n")},
    {"refreshing", true, N_("The directory is being read.\n")},
    {"connecting", false, N_("The directory is being connected to.\n")},
    {"failed", false,
     N_("The directory cannot be reached (journalctl -u hufu-ldapd). This host "
        "decides by what it has, as long as its status holds.\n")},
    {"away", false,
     N_("hufu-ldapd is away, so nothing comes from the directory (systemctl status hufu-ldapd; it needs "
        "/etc/hufu/ldapd.conf).\n")},
};

static size_t find_state(const json_t *sync)
{
    const char *state = json_string_value(json_object_get(sync, "state"));
    size_t i = 0;

    while (i < ARRAY_SIZE(states) - 1 && (!state || strcmp(state, states[i].state) != 0))
        i++;
    return i;
}

static enum exit_code print_text(const struct cli *cli, const json_t *sync)
{
    cleanup_json json_t *copy = readable(sync, cli->now);
    const json_t *entries = json_object_get(sync, "bad_entries");

    text_print_wrapped(cli->out, _(states[find_state(sync)].text));
    if (print_error(cli, sync) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    (void)fputc('\n', cli->out);
    if (!copy || table_print_object(cli->out, columns, ARRAY_SIZE(columns), copy) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    return print_entries(cli->out, entries) < 0 ? cli_fail(cli, EXIT_REFUSED, _("out of memory")) : EXIT_DONE;
}

static enum exit_code print_metrics(const struct cli *cli, const struct settings *s, const json_t *sync)
{
    cleanup_free char *text = openmetrics_of_sync(sync);

    return text ? papers_write(cli, s->output, text) : cli_fail(cli, EXIT_REFUSED, _("out of memory"));
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct settings *s = settings;
    cleanup_json json_t *sync = NULL;
    enum exit_code code, printed;

    (void)arguments;
    if ((s->output && !s->openmetrics) || (s->openmetrics && cli->json))
        return cli_fail(cli, EXIT_USAGE, _("--output goes with --openmetrics, and --json does not"));
    code = call_broker(cli, "SyncShow", json_object(), CALL_TIMEOUT_MS, &sync);
    /* That nobody answers is worth a number, too. */
    if (s->openmetrics && (code == EXIT_DONE || code == EXIT_BROKER_AWAY)) {
        printed = print_metrics(cli, s, sync);
        return printed == EXIT_DONE ? code : printed;
    }
    if (code != EXIT_DONE)
        return code;
    code = cli->json ? call_print_json(cli, sync) : print_text(cli, sync);
    return code == EXIT_DONE && !states[find_state(sync)].good ? EXIT_REFUSED : code;
}

const struct verb verb_sync_status = {
    .name = "sync status",
    .arguments = "",
    .summary = N_("what comes from the directory, and how old it is"),
    .text =
        N_("Shows what hufu-ldapd does, when the last heartbeat and the last change came, which status is in "
           "use "
           "and until when it holds, and which entries are not in force here, and why. For operators and "
           "auditors.\n"
           "Exit status 0: changes come. 1: they do not. With --openmetrics 0, or 5 and the metric hufu_up "
           "is 0."),
    .example = "  hufuctl sync status\n"
               "  hufuctl sync status --openmetrics -o /var/lib/node-exporter/hufu.prom",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .settings_size = sizeof(struct settings),
    .run = run,
};

/* --- sync refresh -----------------------------------------------------------------------------------------
 */

static enum exit_code refresh(const struct cli *cli, const void *settings,
                              const struct option_list *arguments)
{
    cleanup_json json_t *reply = NULL;
    enum exit_code code = call_broker(cli, "SyncRefresh", json_object(), CALL_TIMEOUT_MS, &reply);

    (void)settings;
    (void)arguments;
    if (code != EXIT_DONE)
        return code;
    if (cli->json)
        return call_print_json(cli, reply);
    if (json_is_true(json_object_get(reply, "connected")))
        (void)fputs(
            _("The directory is asked for everything; `hufuctl sync status` shows when it is done.\n"),
            cli->out);
    else
        text_print_wrapped(cli->out,
                           _("hufu-ldapd is away; the directory will be asked for everything when it is "
                             "back."));
    return EXIT_DONE;
}

const struct verb verb_sync_refresh = {
    .name = "sync refresh",
    .arguments = "",
    .summary = N_("ask the directory for everything again"),
    .text = N_(
        "Has hufu-ldapd ask for all entries instead of what changed. What is not told then is gone, however "
        "much it is. It happens by itself every 6 hours. For operators."),
    .example = "  hufuctl sync refresh",
    .run = refresh,
};
