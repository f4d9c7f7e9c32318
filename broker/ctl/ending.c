#include "broker/ctl/ending.h"

#include "broker/ctl/call.h"
#include "broker/ctl/table.h"
#include "policy/base/cleanup.h"

#include <errno.h>
#include <pwd.h>

static const struct table_column columns[] = {
    {.title = N_("PID"), .member = "pid", .right = true},
    {.title = N_("UID"), .member = "uid", .right = true},
    {.title = N_("LOGIN-UID"), .member = "login_uid", .right = true},
    {.title = N_("NAME"), .member = "name"},
};

void ending_format_duration(json_int_t microseconds, char *text, size_t size)
{
    long long us = microseconds;

    if (us < 1000000)
        (void)snprintf(text, size, "%lld.%lld ms", us / 1000, us / 100 % 10);
    else
        (void)snprintf(text, size, "%lld.%03lld s", us / 1000000, us / 1000 % 1000);
}

enum exit_code ending_report(const struct cli *cli, const json_t *ending)
{
    json_int_t sessions = json_integer_value(json_object_get(ending, "sessions"));
    json_int_t processes = json_integer_value(json_object_get(ending, "processes"));
    const json_t *survivors = json_object_get(ending, "survivors");
    bool proven = json_is_true(json_object_get(ending, "proven"));
    char took[40];

    ending_format_duration(json_integer_value(json_object_get(ending, "took_us")), took, sizeof(took));
    if (sessions == 0 && processes == 0 && !proven)
        (void)fputs(_("Nothing has ended yet.\n"), cli->out);
    else if (sessions == 0 && processes == 0)
        (void)fputs(_("Nothing was live.\n"), cli->out);
    else
        (void)fprintf(cli->out, _("Sessions ended: %lld, processes: %lld, in %s.\n"), (long long)sessions,
                      (long long)processes, took);
    if (proven)
        return EXIT_DONE;
    if (json_array_size(survivors) == 0)
        return cli_fail(
            cli, EXIT_NOT_PROVEN,
            _("not proven that all is gone: hufu-reaper has not said so. The account stays locked "
              "until it does; look at `hufuctl status` and `systemctl status hufu-reaper`"));
    (void)cli_fail(cli, EXIT_NOT_PROVEN,
                   _("not proven that all is gone; the account stays locked until these are. Look at them:"));
    if (table_print(cli->error, columns, ARRAY_SIZE(columns), survivors) < 0)
        return cli_fail(cli, EXIT_NOT_PROVEN, _("cannot write the output"));
    return EXIT_NOT_PROVEN;
}

enum exit_code ending_print_json(const struct cli *cli, const json_t *reply)
{
    enum exit_code code = call_print_json(cli, reply);
    bool proven = json_is_true(json_object_get(json_object_get(reply, "ending"), "proven"));

    return code == EXIT_DONE && !proven ? EXIT_NOT_PROVEN : code;
}

void ending_warn_unknown(const struct cli *cli, const char *staff)
{
    errno = 0;
    if (!staff || getpwnam(staff) || (errno != 0 && errno != ENOENT))
        return;
    (void)cli_fail(
        cli, EXIT_DONE,
        _("there is no account %s on this host; if that is a slip, nothing has ended of whom you meant"),
        staff);
}
