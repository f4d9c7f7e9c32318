#include "broker/ctl/review_rows.h"

#include "broker/common/i18n.h"
#include "broker/ctl/table.h"
#include "broker/ctl/text.h"
#include "broker/ipc/varlink.h"
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"

#include <stdio.h>
#include <string.h>

/* ---- local time ---- */

static json_t *localised(const char *text, int offset_minutes)
{
    char local[WHEN_TEXT_SIZE];
    when_t t;

    if (when_parse(text, strlen(text), &t) < 0) {
        cleanup_free char *visible = text_escape(text, strlen(text), false);

        return visible ? json_string(visible) : NULL;
    }
    when_format(t + (when_t)offset_minutes * 60, local);
    return json_sprintf("%.10s %.5s", local, local + 11);
}

static json_t *localise(const json_t *value, int offset_minutes);

static json_t *localise_object(const json_t *value, int offset_minutes)
{
    json_t *copy = json_object(), *member;
    const char *key;

    json_object_foreach((json_t *)value, key, member)
    {
        (void)json_object_set_new(copy, key, localise(member, offset_minutes));
    }
    return copy;
}

static json_t *localise(const json_t *value, int offset_minutes)
{
    json_t *copy, *item;
    size_t i;

    if (json_is_string(value))
        return localised(json_string_value(value), offset_minutes);
    if (json_is_object(value))
        return localise_object(value, offset_minutes);
    if (!json_is_array(value))
        return json_deep_copy(value);
    copy = json_array();
    json_array_foreach((json_t *)value, i, item)
    {
        (void)json_array_append_new(copy, localise(item, offset_minutes));
    }
    return copy;
}

json_t *review_rows_local(const json_t *review)
{
    return localise(review, (int)json_integer_value(json_object_get(review, "utc_offset_minutes")));
}

/* ---- flat rows ---- */

static json_t *flat(const json_t *of, const json_t *with)
{
    json_t *row = json_copy((json_t *)with);

    if (row && json_object_update_missing(row, (json_t *)of) < 0) {
        json_decref(row);
        return NULL;
    }
    return row;
}

static json_t *flatten(const json_t *rows, const char *name)
{
    json_t *list = json_array(), *row, *inner;
    size_t i, k;

    json_array_foreach((json_t *)rows, i, row)
    {
        json_array_foreach(json_object_get(row, name), k, inner)
        {
            (void)json_array_append_new(list, flat(row, inner));
        }
    }
    return list;
}

json_t *review_rows_sources(const json_t *review)
{
    return flatten(json_object_get(review, "sources"), "seen");
}

json_t *review_rows_wider(const json_t *review)
{
    return flatten(json_object_get(review, "grants"), "wider");
}

json_t *review_rows_unused(const json_t *review)
{
    json_t *list = json_array(), *grant;
    size_t i;

    json_array_foreach(json_object_get(review, "grants"), i, grant)
    {
        if (json_is_false(json_object_get(grant, "used")))
            (void)json_array_append(list, grant);
    }
    return list;
}

/* ---- cells ---- */

static json_int_t number_of(const json_t *row, const char *name)
{
    return json_integer_value(json_object_get(row, name));
}

char *review_cell_lasted(const json_t *row)
{
    json_int_t s = number_of(row, "seconds");
    char *text = NULL;

    if (s >= 3600)
        return asprintf(&text, "%lld:%02lld h", (long long)(s / 3600), (long long)(s / 60 % 60)) < 0 ? NULL
                                                                                                     : text;
    return asprintf(&text, _("%lld:%02lld min"), (long long)(s / 60), (long long)(s % 60)) < 0 ? NULL : text;
}

static char *took_text(json_int_t us)
{
    char *text = NULL;
    int r;

    if (us >= 1000000)
        r = asprintf(&text, "%lld.%lld s", (long long)(us / 1000000), (long long)(us / 100000 % 10));
    else
        r = asprintf(&text, "%lld.%lld ms", (long long)(us / 1000), (long long)(us / 100 % 10));
    return r < 0 ? NULL : text;
}

char *review_cell_took(const json_t *row)
{
    return took_text(number_of(row, "took_us"));
}

char *review_cell_proof(const json_t *row)
{
    const json_t *proven = json_object_get(row, "proven");

    if (json_is_null(proven))
        return strdup(_("open"));
    return json_is_true(proven) ? took_text(number_of(row, "proof_us")) : strdup(_("NOT PROVEN"));
}

/* The three busiest: "03 (1801), 09 (12)". */
char *review_cell_hours(const json_t *row)
{
    const json_t *hours = json_object_get(row, "hours");
    cleanup_buf struct buf b = BUF_INIT;
    bool taken[24] = {false};

    for (unsigned turn = 0; turn < 3; turn++) {
        size_t best = 24;

        for (size_t i = 0; i < 24; i++)
            if (!taken[i] && json_integer_value(json_array_get(hours, i)) > 0 &&
                (best == 24 || json_integer_value(json_array_get(hours, i)) >
                                   json_integer_value(json_array_get(hours, best))))
                best = i;
        if (best == 24)
            break;
        taken[best] = true;
        buf_printf(&b, "%s%02zu (%lld)", turn > 0 ? ", " : "", best,
                   (long long)json_integer_value(json_array_get(hours, best)));
    }
    return buf_steal_text(&b);
}

char *review_cell_reasons(const json_t *row)
{
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_json json_t *whole = NULL;
    cleanup_free char *text = NULL;
    const char *reason;
    json_t *n;

    json_object_foreach(json_object_get(row, "reasons"), reason, n)
        buf_printf(&b, "%s%s %lld", b.size > 0 ? ", " : "", reason, (long long)json_integer_value(n));
    text = buf_steal_text(&b);
    whole = text ? json_string(text) : NULL;
    return whole ? table_cell(whole) : NULL;
}

static const char *const words[] = {
    N_("certificate"), N_("trust"),     N_("ledger-key"), N_("status"),  N_("grant"),    N_("agreement"),
    N_("training"),    N_("vetting"),   N_("entry"),      N_("expired"), N_("closed"),   N_("finished"),
    N_("revoked"),     N_("withdrawn"), N_("host"),       N_("hours"),   N_("service"),  N_("channel"),
    N_("run-as"),      N_("command"),   N_("source"),     N_("uses"),    N_("sessions"),
};

char *review_cell_what(const json_t *row)
{
    static const char *const members[] = {"what", "how", "field"};
    const json_t *value = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(members) && !value; i++)
        value = json_object_get(row, members[i]);
    for (size_t i = 0; json_is_string(value) && i < ARRAY_SIZE(words); i++)
        if (strcmp(words[i], json_string_value(value)) == 0)
            return strdup(_(words[i]));
    return table_cell(value);
}

/* "never 10.1.9.0/24; used 10.1.2.0/24; granted ..." */
char *review_cell_wider(const json_t *row)
{
    static const struct {
        const char *member, *format; /* msgid */
    } parts[] = {{"never", N_("never: %s")}, {"used", N_("used: %s")}, {"granted", N_("granted: %s")}};
    cleanup_buf struct buf b = BUF_INIT;

    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        const json_t *list = json_object_get(row, parts[i].member);
        cleanup_free char *cell = table_cell(list);

        if (json_array_size(list) == 0 || !cell)
            continue;
        if (b.size > 0)
            buf_puts(&b, _("; "));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        buf_printf(&b, _(parts[i].format), cell);
#pragma GCC diagnostic pop
    }
    return buf_steal_text(&b);
}

char *review_cell_revoked(const json_t *row)
{
    cleanup_free char *name = table_cell(json_object_get(row, "name"));
    cleanup_free char *why = table_cell(json_object_get(row, "why"));
    char *text = NULL;

    return !name || !why || asprintf(&text, _("%s: %s"), name, why) < 0 ? NULL : text;
}

char *review_cell_there(const json_t *row)
{
    const json_t *there = json_object_get(row, "there");

    return strdup(json_is_null(there) ? _("not looked for") : json_is_true(there) ? _("yes") : _("MISSING"));
}

char *review_cell_known(const json_t *row)
{
    cleanup_free char *staff = table_cell(json_object_get(row, "staff"));
    cleanup_free char *vendor = table_cell(json_object_get(row, "vendor"));
    char *text = NULL;

    if (!staff || !vendor || asprintf(&text, "%s (%s)", staff, vendor) < 0)
        return NULL;
    return text;
}
