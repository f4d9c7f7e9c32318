#include "broker/review/model.h"
#include "broker/review/tally.h"

#include <stdio.h>
#include <string.h>

/*
 * What was done with sudo. A run and its end are two records with one reference. Equal ones (same session,
 * account, command, outcome) are one row with a count: a script that runs a thousand times fills no page.
 */

static void add(struct review *v, json_t *row, uint64_t n)
{
    cleanup_free char *key = NULL;
    json_t *there;

    if (asprintf(&key, "%s\t%lld\t%s\t%s\t%s\t%s\t%s", json_string_value(json_object_get(row, "host")),
                 (long long)json_integer_value(json_object_get(row, "session")),
                 json_string_value(json_object_get(row, "staff")),
                 json_string_value(json_object_get(row, "account")),
                 json_string_value(json_object_get(row, "reason")),
                 json_is_string(json_object_get(row, "ended"))
                     ? json_string_value(json_object_get(row, "ended"))
                     : "",
                 json_string_value(json_object_get(row, "command"))) < 0) {
        key = NULL;
        model_failed(v);
        json_decref(row);
        return;
    }
    there = json_object_get(v->runs, key);
    if (there) {
        (void)tally_add(there, "count", n);
        json_decref(row);
        return;
    }
    if (json_object_set_new(row, "count", json_integer((json_int_t)n)) < 0 ||
        json_object_set_new(v->runs, key, row) < 0)
        model_failed(v);
}

static json_t *row_of(struct review *v, const struct fact *f)
{
    const char *reason = f->success ? reason_name(REASON_OK) : reason_name(f->r->reason);

    return json_pack("{so ss ss sI ss ss sb ss sn}", "at", model_time(f->at), "host", f->host, "staff",
                     f->staff, "session", (json_int_t)f->r->session, "account", f->account, "command",
                     model_text(v, f->r->detail), "allowed", (int)f->success, "reason", reason ? reason : "",
                     "ended");
}

static void begin(struct review *v, const struct fact *f)
{
    json_t *row = f->in_period ? row_of(v, f) : NULL;

    if (!f->in_period)
        return;
    if (f->success)
        v->commands += f->count;
    if (!row) {
        model_failed(v);
        return;
    }
    /* Its end is still to come. */
    if (f->success && f->r->reference && *f->r->reference && f->count == 1 &&
        json_object_set(v->runs_open, model_text(v, f->r->reference), row) == 0) {
        json_decref(row);
        return;
    }
    add(v, row, f->count);
}

/* The end of a run that nobody was told of is one that sudo itself refused, say for a wrong password. */
static void end(struct review *v, const struct fact *f)
{
    const char *reference = model_text(v, f->r->reference);
    json_t *row = reference && *reference ? json_object_get(v->runs_open, reference) : NULL;

    if (!row)
        return;
    json_incref(row);
    (void)json_object_del(v->runs_open, reference);
    if (json_object_set_new(row, "ended", json_string(model_text(v, f->r->detail))) < 0)
        model_failed(v);
    add(v, row, 1);
}

/* su, runuser, pkexec: no command of theirs is on record, but whom they became is. */
static bool is_other_switch(const struct fact *f)
{
    return model_is(f, EVENT_SWITCH) && strncmp(f->service, "sudo", 4) != 0 && f->success;
}

static void note_switch(struct review *v, const struct fact *f)
{
    json_t *row = f->in_period ? row_of(v, f) : NULL;

    if (!row)
        return;
    (void)json_object_set_new(row, "command", json_string(f->service));
    add(v, row, f->count);
}

void runs_take(struct review *v, const struct fact *f)
{
    if (model_is(f, EVENT_COMMAND))
        begin(v, f);
    else if (model_is(f, EVENT_COMMAND_END))
        end(v, f);
    else if (is_other_switch(f))
        note_switch(v, f);
}

static int by_time(const json_t *a, const json_t *b)
{
    return strcmp(json_string_value(json_object_get(a, "at")), json_string_value(json_object_get(b, "at")));
}

json_t *runs_json(struct review *v)
{
    json_t *rows = json_array(), *row;
    const char *key;
    void *next;

    json_object_foreach_safe(v->runs_open, next, key, row)
    {
        add(v, json_incref(row), 1);
        (void)json_object_del(v->runs_open, key);
    }
    json_object_foreach(v->runs, key, row) model_append(v, rows, json_deep_copy(row));
    if (tally_sort(rows, by_time) < 0)
        model_failed(v);
    return rows;
}
