#include "broker/review/model.h"
#include "broker/review/tally.h"

#include <stdio.h>
#include <string.h>

/* Rights that ended in the period, each once a host, with the proof that nobody was left in under them. */

/* `done` holds "host grant" of what is in the rows already. */
struct ending {
    struct review *v;
    json_t *rows, *done;
};

static bool is_new(const struct ending *e, const struct taken *t)
{
    cleanup_free char *key = NULL;

    if (asprintf(&key, "%s %s", t->host, t->grant) < 0) {
        key = NULL;
        model_failed(e->v);
        return false;
    }
    return !json_object_get(e->done, key) && json_object_set_new(e->done, key, json_true()) == 0;
}

static void put(const struct ending *e, const struct taken *t, const char *staff)
{
    struct aftermath a;

    if (!is_new(e, t))
        return;
    a = taken_aftermath(e->v, t);
    model_append(e->v, e->rows,
                 json_pack("{so ss ss ss ss sI sb ss sI}", "at", model_time(model_seconds(t->at_us)), "host",
                           t->host, "grant", t->grant, "staff", staff, "how", t->how, "sessions",
                           (json_int_t)a.sessions, "proven", (int)a.proven, "proof",
                           a.last ? a.last->proof_text : "", "sequence",
                           (json_int_t)(a.last && a.last->proof_sequence != 0 ? a.last->proof_sequence
                                                                              : t->sequence)));
}

static const char *staff_of(const struct ending *e, const char *grant)
{
    const struct known_grant *k = model_grant(e->v, grant);
    const struct use *u = uses_find(e->v, grant);

    return k ? k->grant->staff : u ? u->staff : "";
}

/* All rights of a person or a vendor that were in force at that time on that host, or were used there. */
static void put_all_of(const struct ending *e, const struct taken *t)
{
    for (size_t i = 0; i < e->v->n_grants; i++) {
        const struct known_grant *k = &e->v->grants[i];
        struct taken one = *t;

        if (!when_interval_contains(k->grant->valid, model_seconds(t->at_us)) ||
            (*t->staff ? strcmp(k->grant->staff, t->staff) : strcmp(k->grant->vendor, t->vendor)) != 0)
            continue;
        one.grant = k->id;
        put(e, &one, k->grant->staff);
    }
}

/* Time took it away, on each host where it was used; of one that nobody used, on the first. */
static void put_expired(const struct ending *e, const struct known_grant *k)
{
    const struct review *v = e->v;
    const struct use *u = uses_find(e->v, k->id);
    when_t end = k->grant->valid.until;
    struct taken t = {.at_us = end * 1000000,
                      .how = "expired",
                      .grant = k->id,
                      .staff = "",
                      .vendor = "",
                      .actor = "",
                      .why = ""};
    bool used = false;
    const char *host;
    json_t *x;

    if (end < v->settings.from || end >= v->settings.until || end > v->settings.made_at)
        return;
    json_object_foreach(v->hosts, host, x)
    {
        if (!u || !json_object_get(u->hosts, host))
            continue;
        used = true;
        t.host = model_text(e->v, host);
        put(e, &t, k->grant->staff);
    }
    host = json_object_iter_key(json_object_iter(v->hosts));
    if (!used && host) {
        t.host = model_text(e->v, host);
        put(e, &t, k->grant->staff);
    }
}

static int by_time(const json_t *a, const json_t *b)
{
    return strcmp(json_string_value(json_object_get(a, "at")), json_string_value(json_object_get(b, "at")));
}

json_t *ended_json(struct review *v)
{
    cleanup(json_decrefp) json_t *done = json_object();
    struct ending e = {v, json_array(), done};

    for (size_t i = 0; i < v->n_taken; i++)
        if (*v->taken[i].grant)
            put(&e, &v->taken[i], staff_of(&e, v->taken[i].grant));
        else
            put_all_of(&e, &v->taken[i]);
    for (size_t i = 0; i < v->n_grants; i++)
        put_expired(&e, &v->grants[i]);
    if (tally_sort(e.rows, by_time) < 0)
        model_failed(v);
    return e.rows;
}
