#include "broker/review/model.h"
#include "broker/review/tally.h"
#include "broker/review/used_hours.h"
#include "policy/base/buf.h"
#include "policy/engine/command.h"

#include <stdio.h>
#include <string.h>

/*
 * What a grant gives and nobody needed, field by field: what to leave out of the next one (A.4 b, least
 * privilege). Only what the records can tell is said to be unused: forwarded connections leave none, a host
 * whose ledger was not read may have been used, and a group is not known to whoever reads files.
 */

struct row {
    json_t *granted, *used, *never;
};

static struct row row_new(void)
{
    return (struct row){json_array(), json_array(), json_array()};
}

static void put(json_t *list, const char *text)
{
    (void)json_array_append_new(list, json_string(text));
}

/* A row that says something: something was not needed, or everything was given. */
static void finish(struct review *v, json_t *rows, const char *field, struct row row, bool worth_saying)
{
    if (worth_saying || json_array_size(row.never) > 0) {
        model_append(v, rows,
                     json_pack("{ss so so so}", "field", field, "granted", row.granted, "used", row.used,
                               "never", row.never));
        return;
    }
    json_decref(row.granted);
    json_decref(row.used);
    json_decref(row.never);
}

/* Items of a grant that are used if they are among the keys. */
static void compare(struct row *row, const struct grant_strings *items, const json_t *keys)
{
    for (size_t i = 0; i < items->count; i++) {
        put(row->granted, items->items[i]);
        put(json_object_get(keys, items->items[i]) ? row->used : row->never, items->items[i]);
    }
}

static void add_hosts(struct review *v, json_t *rows, const struct grant *g, const struct use *u)
{
    struct row row = row_new();

    for (size_t i = 0; i < g->hosts.count; i++) {
        const char *host = g->hosts.items[i];

        put(row.granted, host);
        if (json_object_get(u->hosts, host))
            put(row.used, host);
        else if (host[0] != '@' && json_object_get(v->hosts, host))
            put(row.never, host);
    }
    finish(v, rows, "host", row, false);
}

static void add_services(struct review *v, json_t *rows, const struct grant *g, const struct use *u)
{
    struct row row = row_new();

    compare(&row, &g->services, u->services);
    finish(v, rows, "service", row, false);
}

static void add_channels(struct review *v, json_t *rows, const struct grant *g, const struct use *u)
{
    struct row row = row_new();

    for (unsigned bit = 1; bit <= GRANT_CHANNEL_FORWARD; bit <<= 1) {
        const char *name = grant_channel_name((enum grant_channel)bit);

        if ((g->channels & bit) == 0)
            continue;
        put(row.granted, name);
        if (u->channels & bit)
            put(row.used, name);
        else if (bit != GRANT_CHANNEL_FORWARD)
            put(row.never, name);
    }
    finish(v, rows, "channel", row, false);
}

static void add_run_as(struct review *v, json_t *rows, const struct grant *g, const struct use *u)
{
    struct row row = row_new();

    compare(&row, &g->run_as, u->run_as);
    finish(v, rows, "run-as", row, false);
}

/* ---- commands ---- */

static int digit(char c)
{
    return c >= '0' && c <= '7' ? c - '0' : -1;
}

/* One octet of a word as the broker records it: \ooo, or itself. */
static const char *take_octet(const char *at, char *octet)
{
    if (at[0] == '\\' && digit(at[1]) >= 0 && digit(at[2]) >= 0 && digit(at[3]) >= 0) {
        *octet = (char)(digit(at[1]) * 64 + digit(at[2]) * 8 + digit(at[3]));
        return at + 4;
    }
    *octet = at[0];
    return at + 1;
}

/* The words of a recorded run, each ended by LF: the first is the path, then the arguments. What follows the
 * last ", in " is the folder. */
static char *words_of(const char *detail)
{
    cleanup_buf struct buf b = BUF_INIT;
    const char *end = detail + strlen(detail), *found = NULL;

    for (const char *at = detail; (at = strstr(at, ", in ")) != NULL; at++)
        found = at;
    end = found ? found : end;
    while (detail < end) {
        char octet;

        if (*detail == ' ')
            octet = '\n', detail++;
        else if (end - detail >= 2 && memcmp(detail, "''", 2) == 0) {
            detail += 2;
            continue;
        } else
            detail = take_octet(detail, &octet);
        buf_put_u8(&b, (uint8_t)octet);
    }
    buf_put_u8(&b, '\n');
    return buf_steal_text(&b);
}

static bool was_run(const char *line, const json_t *commands)
{
    const char *detail;
    json_t *n;

    json_object_foreach((json_t *)commands, detail, n)
    {
        cleanup_free char *words = words_of(detail);
        char *arguments = words ? strchr(words, '\n') : NULL;
        struct command_run run = {.path = words};

        if (!arguments)
            continue;
        *arguments = '\0';
        run.arguments = arguments + 1;
        if (command_matches(line, &run))
            return true;
    }
    return false;
}

static void put_distinct_paths(json_t *list, const json_t *commands)
{
    cleanup(json_decrefp) json_t *paths = json_object();
    const char *detail;
    json_t *n;

    json_object_foreach((json_t *)commands, detail, n)
    {
        cleanup_free char *path = strndup(detail, strcspn(detail, " ,"));

        if (path && json_object_get(paths, path) == NULL) {
            (void)json_object_set_new(paths, path, json_true());
            put(list, path);
        }
    }
}

static void add_commands(struct review *v, json_t *rows, const struct grant *g, const struct use *u)
{
    struct row row = row_new();

    if (g->any_command) {
        put(row.granted, "any");
        put_distinct_paths(row.used, u->commands);
    }
    for (size_t i = 0; i < g->commands.count; i++) {
        put(row.granted, g->commands.items[i]);
        put(was_run(g->commands.items[i], u->commands) ? row.used : row.never, g->commands.items[i]);
    }
    finish(v, rows, "command", row, g->any_command);
}

/* ---- sources ---- */

static bool was_seen(const struct network *n, const json_t *seen)
{
    const char *text;
    struct address a;
    json_t *row;

    json_object_foreach((json_t *)seen, text, row)
    {
        if (tally_count(row, "admitted") > 0 && address_parse(text, strlen(text), &a) == 0 &&
            network_contains(n, &a))
            return true;
    }
    return false;
}

static void put_admitted(json_t *list, const json_t *seen)
{
    const char *text;
    json_t *row;

    json_object_foreach((json_t *)seen, text, row)
    {
        if (tally_count(row, "admitted") > 0)
            put(list, text);
    }
}

static void add_sources(struct review *v, json_t *rows, const struct grant *g, const struct use *u)
{
    struct row row = row_new();
    char text[NETWORK_TEXT_SIZE];

    if (g->any_source) {
        put(row.granted, "any");
        put_admitted(row.used, u->seen);
    }
    if (g->local_source) {
        put(row.granted, "local");
        put(tally_count(json_object_get(u->seen, "local"), "admitted") > 0 ? row.used : row.never, "local");
    }
    for (size_t i = 0; i < g->n_networks; i++) {
        network_format(&g->networks[i], text);
        put(row.granted, text);
        put(was_seen(&g->networks[i], u->seen) ? row.used : row.never, text);
    }
    finish(v, rows, "source", row, g->any_source);
}

/* ---- counts ---- */

static void put_number(json_t *list, uint64_t n)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
    put(list, text);
}

/* What is left can still be needed as long as the grant is not over. */
static void add_uses(struct review *v, json_t *rows, const struct known_grant *k, const struct use *u)
{
    const struct grant *g = k->grant;
    struct row row = row_new();
    uint64_t taken = model_uses_taken(u, g);
    bool is_over = g->valid.until <= v->settings.until;

    if (g->uses.scope == GRANT_USES_UNLIMITED)
        put(row.granted, "unlimited");
    else
        put_number(row.granted, g->uses.count);
    put_number(row.used, taken);
    if (g->uses.scope != GRANT_USES_UNLIMITED && is_over && taken < g->uses.count)
        put_number(row.never, g->uses.count - taken);
    finish(v, rows, "uses", row, g->uses.scope == GRANT_USES_UNLIMITED && is_over);
}

static void add_sessions(struct review *v, json_t *rows, const struct grant *g, const struct use *u)
{
    struct row row = row_new();

    if (g->sessions.unlimited)
        put(row.granted, "unlimited");
    else
        put_number(row.granted, g->sessions.value);
    put_number(row.used, u->most_live);
    if (!g->sessions.unlimited && u->most_live < g->sessions.value)
        put_number(row.never, g->sessions.value - u->most_live);
    finish(v, rows, "sessions", row, g->sessions.unlimited);
}

json_t *wider_json(struct review *v, const struct known_grant *k, const struct use *u)
{
    json_t *rows = json_array();
    json_t *hours = used_hours_json(v, k);

    add_hosts(v, rows, k->grant, u);
    if (hours)
        model_append(v, rows, hours);
    add_services(v, rows, k->grant, u);
    add_channels(v, rows, k->grant, u);
    add_run_as(v, rows, k->grant, u);
    add_commands(v, rows, k->grant, u);
    add_sources(v, rows, k->grant, u);
    add_uses(v, rows, k, u);
    add_sessions(v, rows, k->grant, u);
    return rows;
}
