#include "broker/review/model.h"
#include "broker/review/tally.h"

#include <stdio.h>
#include <string.h>

/* Sources seen against sources granted, and grants against what was done with them. */

json_t *model_sources_json(const struct grant *g)
{
    json_t *granted = json_array();
    char text[NETWORK_TEXT_SIZE];

    if (g->any_source)
        (void)json_array_append_new(granted, json_string("any"));
    if (g->local_source)
        (void)json_array_append_new(granted, json_string("local"));
    for (size_t i = 0; i < g->n_networks; i++) {
        network_format(&g->networks[i], text);
        (void)json_array_append_new(granted, json_string(text));
    }
    return granted;
}

static bool is_inside(const struct grant *g, const char *address)
{
    struct address a;

    if (strcmp(address, "local") == 0)
        return g->local_source;
    if (g->any_source)
        return true;
    if (address_parse(address, strlen(address), &a) < 0)
        return false;
    for (size_t i = 0; i < g->n_networks; i++)
        if (network_contains(&g->networks[i], &a))
            return true;
    return false;
}

/* Without its document, what was admitted was inside. */
static json_t *seen_json(struct review *v, const struct use *u, const struct grant *g)
{
    cleanup(json_decrefp) json_t *keys = tally_keys(u->seen);
    json_t *rows = json_array(), *key;
    size_t i;

    json_array_foreach(keys, i, key)
    {
        const char *address = json_string_value(key);
        const json_t *row = json_object_get(u->seen, address);
        json_int_t admitted = (json_int_t)tally_count(row, "admitted");

        model_append(v, rows,
                     json_pack("{ss sI sI sb}", "address", address, "admitted", admitted, "refused",
                               (json_int_t)tally_count(row, "refused"), "inside",
                               (int)(g ? is_inside(g, address) : admitted > 0)));
    }
    return rows;
}

static int by_staff(const json_t *a, const json_t *b)
{
    int r = strcmp(json_string_value(json_object_get(a, "staff")),
                   json_string_value(json_object_get(b, "staff")));

    return r != 0 ? r
                  : strcmp(json_string_value(json_object_get(a, "grant")),
                           json_string_value(json_object_get(b, "grant")));
}

json_t *sources_json(struct review *v)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < v->uses.n; i++) {
        const struct use *u = &v->uses.rows[i];
        const struct known_grant *k = model_grant(v, u->grant);

        if (json_object_size(u->seen) == 0)
            continue;
        model_append(v, rows,
                     json_pack("{ss ss ss so so}", "staff", u->staff, "vendor",
                               *u->vendor ? u->vendor : model_vendor_of(v, u->staff), "grant", u->grant,
                               "granted", k ? model_sources_json(k->grant) : json_array(), "seen",
                               seen_json(v, u, k ? k->grant : NULL)));
    }
    if (tally_sort(rows, by_staff) < 0)
        model_failed(v);
    return rows;
}

/* ---- grants ---- */

static void uses_text(const struct grant_uses *uses, char text[static 32])
{
    if (uses->scope == GRANT_USES_UNLIMITED)
        (void)snprintf(text, 32, "unlimited");
    else
        (void)snprintf(text, 32, "%u %s", uses->count,
                       uses->scope == GRANT_USES_FLEET ? "fleet" : "per-host");
}

/* Counted by the records: per host the host that took most, else all together. */
uint64_t model_uses_taken(const struct use *u, const struct grant *g)
{
    uint64_t sum = 0, most = 0;
    const char *host;
    json_t *n;

    if (!u)
        return 0;
    json_object_foreach(u->hosts, host, n)
    {
        uint64_t taken = (uint64_t)json_integer_value(n);

        sum += taken;
        most = taken > most ? taken : most;
    }
    return g && g->uses.scope == GRANT_USES_PER_HOST ? most : sum;
}

const char *grants_state(const struct review *v, const struct known_grant *k, const struct use *u)
{
    if (k && k->state)
        return k->state;
    if (u && u->revoked)
        return reason_name(REASON_REVOKED);
    if (u && u->closed)
        return reason_name(REASON_CLOSED);
    if (u && u->withdrawn)
        return reason_name(REASON_WITHDRAWN);
    if (k && k->grant->valid.until <= v->settings.made_at)
        return reason_name(REASON_EXPIRED);
    if (k && k->grant->valid.from > v->settings.made_at)
        return reason_name(REASON_NOT_YET_VALID);
    return "";
}

static json_t *known_json(struct review *v, const struct known_grant *k)
{
    const struct grant *g = k->grant;
    const struct use *u = uses_find(v, k->id);
    bool used = u && (u->opened > 0 || json_object_size(u->services) > 0);
    char uses[32];

    uses_text(&g->uses, uses);
    return json_pack("{ss sI ss ss ss ss ss so so ss sI ss sb so}", "id", k->id, "version",
                     (json_int_t)g->version, "class", grant_class_name(g->class), "staff", g->staff, "vendor",
                     g->vendor, "ticket", g->ticket, "purpose", g->purpose, "not_before",
                     model_time(g->valid.from), "not_after", model_time(g->valid.until), "uses", uses,
                     "uses_taken", (json_int_t)model_uses_taken(u, g), "state", grants_state(v, k, u), "used",
                     (int)used, "wider", used ? wider_json(v, k, u) : json_array());
}

static json_t *unknown_json(struct review *v, const struct use *u)
{
    return json_pack(
        "{ss sI ss ss ss ss ss sn sn ss sI ss sb s[]}", "id", u->grant, "version", (json_int_t)u->version,
        "class", "", "staff", u->staff, "vendor", *u->vendor ? u->vendor : model_vendor_of(v, u->staff),
        "ticket", u->ticket, "purpose", "", "not_before", "not_after", "uses", "", "uses_taken",
        (json_int_t)model_uses_taken(u, NULL), "state", grants_state(v, NULL, u), "used", 1, "wider");
}

static int by_staff_and_id(const json_t *a, const json_t *b)
{
    int r = strcmp(json_string_value(json_object_get(a, "staff")),
                   json_string_value(json_object_get(b, "staff")));

    return r != 0 ? r
                  : strcmp(json_string_value(json_object_get(a, "id")),
                           json_string_value(json_object_get(b, "id")));
}

/* Taken away before the period, nobody could use it in it. Of several hosts one may have revoked it alone. */
static bool was_over(struct review *v, const struct known_grant *k)
{
    const struct use *u = uses_find(v, k->id);

    return u && u->over != 0 && u->over < v->settings.from && u->opened == 0 &&
           json_object_size(v->hosts) == 1;
}

json_t *grants_json(struct review *v)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < v->n_grants; i++)
        if (model_overlaps(v, v->grants[i].grant->valid.from, v->grants[i].grant->valid.until) &&
            !was_over(v, &v->grants[i]))
            model_append(v, rows, known_json(v, &v->grants[i]));
    for (size_t i = 0; i < v->uses.n; i++)
        if (v->uses.rows[i].opened > 0 && !model_grant(v, v->uses.rows[i].grant))
            model_append(v, rows, unknown_json(v, &v->uses.rows[i]));
    if (tally_sort(rows, by_staff_and_id) < 0)
        model_failed(v);
    return rows;
}
