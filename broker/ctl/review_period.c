#include "broker/ctl/review_period.h"

#include "broker/ctl/moment.h"

#include <string.h>
#include <time.h>

static enum exit_code read_time(const struct cli *cli, const char *name, const char *text, when_t *ret)
{
    if (moment_parse(text, cli->now, ret) < 0)
        return cli_fail(cli, EXIT_USAGE, _("--%s %s is no time such as 2026-11-21T00:00:00Z"), name, text);
    return EXIT_DONE;
}

/* Midnight at the beginning of a day of local time; days and months beyond a month's or a year's end carry.
 */
static when_t local_midnight(int year, int month, int day)
{
    struct tm t = {.tm_year = year, .tm_mon = month, .tm_mday = day, .tm_isdst = -1};

    return (when_t)mktime(&t);
}

/* The last whole month, week (from Monday) or quarter before now. False: it is none of these. */
static bool last_whole(when_t now, const char *period, struct review_period *ret)
{
    time_t t = (time_t)now;
    struct tm here;
    int monday;

    if (!localtime_r(&t, &here))
        return false;
    if (strcmp(period, "month") == 0) {
        ret->from = local_midnight(here.tm_year, here.tm_mon - 1, 1);
        ret->until = local_midnight(here.tm_year, here.tm_mon, 1);
    } else if (strcmp(period, "quarter") == 0) {
        ret->from = local_midnight(here.tm_year, here.tm_mon / 3 * 3 - 3, 1);
        ret->until = local_midnight(here.tm_year, here.tm_mon / 3 * 3, 1);
    } else if (strcmp(period, "week") == 0) {
        monday = here.tm_mday - (here.tm_wday + 6) % 7;
        ret->from = local_midnight(here.tm_year, here.tm_mon, monday - 7);
        ret->until = local_midnight(here.tm_year, here.tm_mon, monday);
    } else {
        return false;
    }
    return true;
}

static int offset_at(when_t at)
{
    time_t t = (time_t)at;
    struct tm here;

    return localtime_r(&t, &here) ? (int)(here.tm_gmtoff / 60) : 0;
}

enum exit_code review_period_settle(const struct cli *cli, const char *since, const char *until,
                                    const char *period, when_t reviewed_until, struct review_period *ret)
{
    enum exit_code code = EXIT_DONE;

    *ret = (struct review_period){.until = cli->now};
    if (period && (since || until))
        return cli_fail(cli, EXIT_USAGE, _("--period says both ends; leave --since and --until out"));
    if (period && !last_whole(cli->now, period, ret))
        return cli_fail(cli, EXIT_USAGE, _("--period %s is none of month, week and quarter"), period);
    if (until)
        code = read_time(cli, "until", until, &ret->until);
    if (code == EXIT_DONE && since)
        code = read_time(cli, "since", since, &ret->from);
    else if (!period)
        ret->from = reviewed_until != 0 ? reviewed_until : ret->until - REVIEW_PERIOD_DEFAULT;
    if (code != EXIT_DONE)
        return code;
    if (ret->until <= ret->from && ret->from == reviewed_until)
        return cli_fail(
            cli, EXIT_REFUSED,
            _("all up to that instant was signed off already; --since says where to begin instead"));
    if (ret->until <= ret->from)
        return cli_fail(cli, EXIT_USAGE, _("the period ends before it begins"));
    ret->utc_offset_minutes = offset_at(ret->until);
    return EXIT_DONE;
}
