#include "broker/ctl/call.h"
#include "broker/ctl/confirm.h"
#include "broker/ctl/table.h"
#include "broker/ctl/text.h"
#include "broker/ctl/verbs.h"
#include "policy/base/cleanup.h"

#include <string.h>

/* Both are RFC 3339 in UTC, so they compare as text. */
static bool goes_back(json_t *clock)
{
    return strcmp(table_text(clock, "highest"), table_text(clock, "now")) > 0;
}

static void print_clock(FILE *out, void *userdata)
{
    json_t *clock = userdata;
    bool synchronised = json_is_true(json_object_get(clock, "synchronised"));

    (void)fprintf(out, _("This host's clock:  %s (%s)\n"), table_text(clock, "now"),
                  synchronised ? _("synchronised") : _("not synchronised"));
    (void)fprintf(out, _("Highest time seen:  %s\n"), table_text(clock, "highest"));
    if (strcmp(table_text(clock, "standing"), "sure") == 0)
        text_print_wrapped(out, _("The clock is not in doubt: there is nothing to confirm."));
    else
        (void)fprintf(out, _("In doubt since it said %s when %s was expected.\n"), table_text(clock, "found"),
                      table_text(clock, "expected"));
    if (goes_back(clock))
        text_print_wrapped(out,
                           _("Confirming forgets the highest time seen: a grant that expired between the two "
                             "times is good again. Compare with a clock that you trust."));
    else
        text_print_wrapped(out, _("Grants that begin up to this time are good at once. Compare with a clock "
                                  "that you trust."));
}

static enum exit_code ask(const struct cli *cli)
{
    cleanup_json json_t *clock = NULL;
    enum exit_code code = call_broker(cli, "ClockShow", json_object(), CALL_TIMEOUT_MS, &clock);

    return code == EXIT_DONE ? confirm_ask(cli, print_clock, clock, "yes") : code;
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct confirm_settings *c = settings;
    cleanup_json json_t *reply = NULL;
    enum exit_code code = c->yes ? EXIT_DONE : ask(cli);

    (void)arguments;
    if (code == EXIT_DONE)
        code = call_broker(cli, "ClockConfirm", json_pack("{s:s}", "why", c->why ? c->why : ""),
                           CALL_TIMEOUT_MS, &reply);
    if (code != EXIT_DONE)
        return code;
    if (cli->json)
        return call_print_json(cli, reply);
    (void)fprintf(cli->out, _("Confirmed: it is %s; the highest time seen was %s.\n"),
                  table_text(reply, "now"), table_text(reply, "was"));
    return EXIT_DONE;
}

const struct verb verb_clock_confirm = {
    .name = "clock confirm",
    .arguments = "",
    .summary = N_("say that this host's clock is right"),
    .text =
        N_("When the clock went back, or forward without being synchronised, gated logins are refused with "
           "clock-unsure until a time service has put it right. Where none can, root looks at the clock, "
           "at another one, and says that it is right. Shows what is known and asks; it is put on record. "
           "For root."),
    .example = "  hufuctl clock confirm --why 'compared with the radio clock'",
    .options = confirm_rows,
    .n_options = CONFIRM_ROWS,
    .settings_size = sizeof(struct confirm_settings),
    .run = run,
};
