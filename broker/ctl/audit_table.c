#include "broker/ctl/audit_table.h"

#include "broker/audit/record.h"
#include "broker/common/i18n.h"
#include "broker/ipc/varlink.h"
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"
#include "policy/base/when.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* "2026-11-21T00:00:00.123456Z" without what is below a second: --json has it. */
char *audit_utc_time(const json_t *record)
{
    cleanup_free char *time = table_cell(json_object_get(record, "time"));
    size_t length = time ? strcspn(time, ".") : 0;
    char *text = NULL;

    return !time || asprintf(&text, "%.*s%s", (int)length, time, time[length] ? "Z" : "") < 0 ? NULL : text;
}

int audit_parse_time(const char *text, when_t *ret)
{
    char whole[WHEN_TEXT_SIZE];

    if (strlen(text) != sizeof("2026-11-21T00:00:00.123456Z") - 1)
        return -EINVAL;
    (void)snprintf(whole, sizeof(whole), "%.19sZ", text);
    return when_parse(whole, strlen(whole), ret);
}

void audit_format_local(when_t t, char text[static AUDIT_LOCAL_TIME_SIZE])
{
    struct tm local;
    long minutes;

    if (!localtime_r(&t, &local) || local.tm_gmtoff == 0) {
        when_format(t, text);
        return;
    }
    minutes = labs(local.tm_gmtoff) / 60;
    (void)snprintf(text, AUDIT_LOCAL_TIME_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d%c%02ld:%02ld",
                   (local.tm_year + 1900) % 10000, local.tm_mon + 1, local.tm_mday, local.tm_hour,
                   local.tm_min, local.tm_sec, local.tm_gmtoff < 0 ? '-' : '+', minutes / 60 % 100,
                   minutes % 60);
}

char *audit_local_time(const json_t *record)
{
    cleanup_free char *utc = audit_utc_time(record);
    char text[AUDIT_LOCAL_TIME_SIZE];
    when_t at;

    if (!utc || when_parse(utc, strlen(utc), &at) < 0)
        return steal_pointer(&utc);
    audit_format_local(at, text);
    return strdup(text);
}

/* A record that stands for many: how many, since when, from how many addresses. */
static void put_more(const json_t *object, struct buf *b)
{
    json_int_t count = json_integer_value(json_object_get(object, "count"));
    json_int_t sources = json_integer_value(json_object_get(object, "sources"));
    cleanup_free char *first = table_cell(json_object_get(object, "first"));

    if (count < 2)
        return;
    buf_puts(b, b->size > 0 ? _("; ") : "");
    buf_printf(b, _("%lld of them since %.19sZ"), (long long)count, first ? first : "");
    if (sources > RECORD_SOURCES_MANY - 1)
        buf_printf(b, _(", from more than %d addresses"), RECORD_SOURCES_MANY - 1);
    else if (sources > 1)
        buf_printf(b, _(", from %lld addresses"), (long long)sources);
}

/* `as root, by login uid 0: the text`, as far as there is something of it; "-" if there is not. */
static char *detail_of(const json_t *object)
{
    const char *account = json_string_value(json_object_get(object, "account"));
    const char *staff = json_string_value(json_object_get(object, "staff"));
    const char *detail = json_string_value(json_object_get(object, "detail"));
    const json_t *actor = json_object_get(object, "actor");
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_json json_t *whole = NULL;
    cleanup_free char *text = NULL;

    if (account && *account && (!staff || strcmp(account, staff) != 0))
        buf_printf(&b, _("as %s"), account);
    if (json_is_integer(actor)) {
        buf_puts(&b, b.size > 0 ? _(", ") : "");
        buf_printf(&b, _("by login uid %lld"), (long long)json_integer_value(actor));
    }
    if (detail && *detail)
        buf_printf(&b, "%s%s", b.size > 0 ? _(": ") : "", detail);
    put_more(object, &b);
    text = buf_steal_text(&b);
    whole = text ? json_string(text) : NULL;
    return whole ? table_cell(whole) : NULL;
}

static const struct table_column columns[AUDIT_COLUMNS_OF_HOSTS] = {
    {.title = N_("HOST"), .member = "host"},
    {.title = N_("SEQ"), .member = "sequence", .spare = 6, .right = true, .width = 6},
    {.title = N_("TIME"), .member = "time", .format = audit_local_time, .width = 20},
    {.title = N_("EVENT"), .member = "event", .width = 14},
    {.title = N_("RESULT"), .member = "result", .spare = 3, .width = 7},
    {.title = N_("REASON"), .member = "reason", .width = 16},
    {.title = N_("STAFF"), .member = "staff", .width = 12},
    {.title = N_("SERVICE"), .member = "service", .spare = 2, .width = 7},
    {.title = N_("ADDRESS"), .member = "address", .spare = 5, .width = 15},
    {.title = N_("GRANT"), .member = "grant", .spare = 4, .format = table_short_grant, .width = 8},
    {.title = N_("TICKET"), .member = "ticket", .spare = 1, .width = 13},
    {.title = N_("REFERENCE"), .member = "reference", .width = 9},
    {.title = N_("DETAIL"), .member = "detail", .format = detail_of, .below = true},
};

void audit_table_columns(bool utc, size_t n, struct table_column shown[])
{
    tzset();
    memcpy(shown, columns + AUDIT_COLUMNS_OF_HOSTS - n, n * sizeof(*shown));
    for (size_t i = 0; i < n; i++)
        if (shown[i].format == audit_local_time && utc)
            shown[i].format = audit_utc_time;
        else if (shown[i].format == audit_local_time && (timezone != 0 || daylight != 0))
            shown[i].width = sizeof("2026-11-21T08:00:00+08:00") - 1;
}
