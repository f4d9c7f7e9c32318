#include "broker/ctl/forged.h"

#include "broker/audit/export.h"
#include "broker/ctl/audit_table.h"
#include "broker/ctl/host_journal.h"
#include "broker/ctl/table.h"
#include "broker/ctl/text.h"

#include <errno.h>
#include <string.h>

static json_t *number_or_null(int64_t value, bool known)
{
    return known ? json_integer(value) : json_null();
}

static json_t *forgery(const struct journal_entry *e)
{
    char time[EXPORT_TIME_SIZE];

    export_format_time(e->at_us, time);
    return json_pack(
        "{ss so so ss ss ss}", "time", time, "uid", number_or_null((int64_t)e->uid, e->uid != (uid_t)-1),
        "pid", number_or_null(e->pid, e->pid > 0), "unit", e->unit, "event", e->event, "message", e->message);
}

json_t *forged_list(int64_t from_us, int64_t until_us, int *error)
{
    cleanup(journal_close_p) struct journal_reader *j = NULL;
    struct journal_entry e;
    json_t *list;
    int r = host_journal_open(JOURNAL_FORGERIES, from_us, until_us, &j);

    *error = r;
    if (r < 0)
        return NULL;
    list = json_array();
    while (list && (r = journal_next(j, &e)) > 0)
        (void)json_array_append_new(list, forgery(&e));
    if (r == 0 && list)
        return list;
    json_decref(list);
    *error = r < 0 ? r : -ENOMEM;
    return NULL;
}

static const struct table_column columns[] = {
    {.title = N_("TIME"), .member = "time"},
    {.title = N_("UID"), .member = "uid", .right = true},
    {.title = N_("PID"), .member = "pid", .right = true, .spare = 2},
    {.title = N_("UNIT"), .member = "unit", .spare = 1},
    {.title = N_("EVENT"), .member = "event", .spare = 3},
    {.title = N_("SAYS"), .member = "message", .below = true},
};

enum exit_code forged_print(const struct cli *cli, const json_t *forged, bool utc)
{
    struct table_column shown[ARRAY_SIZE(columns)];
    cleanup_free char *text = NULL;
    size_t n = json_array_size(forged);

    if (n == 0)
        return EXIT_DONE;
    if (asprintf(&text,
                 ngettext("FORGED: %zu record of the journal calls itself hufud's and is not. journald says "
                          "who sent it:",
                          "FORGED: %zu records of the journal call themselves hufud's and are not. journald "
                          "says who sent "
                          "them:",
                          n),
                 n) < 0) {
        text = NULL;
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    }
    memcpy(shown, columns, sizeof(columns));
    shown[0].format = utc ? audit_utc_time : audit_local_time;
    (void)fputc('\n', cli->out);
    text_print_wrapped(cli->out, text);
    if (table_print(cli->out, shown, ARRAY_SIZE(shown), forged) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("cannot write the output"));
    return EXIT_DONE;
}
