#include "broker/review/model.h"
#include "broker/review/tally.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int make_containers(struct review *v)
{
    json_t **objects[] = {&v->hosts,     &v->vendors_of, &v->refusals,    &v->runs,
                          &v->runs_open, &v->uses.index, &v->grant_index, &v->incident_keys};
    json_t **arrays[] = {&v->incidents, &v->reviews,  &v->recordings,     &v->ledgers, &v->approvals,
                         &v->approvers, &v->expiring, &v->register_lines, &v->denied,  &v->forged};
    bool made = true;

    for (size_t i = 0; i < ARRAY_SIZE(objects); i++)
        made = (*objects[i] = json_object()) != NULL && made;
    for (size_t i = 0; i < ARRAY_SIZE(arrays); i++)
        made = (*arrays[i] = json_array()) != NULL && made;
    return made ? 0 : -ENOMEM;
}

int review_new(const struct review_settings *settings, struct review **ret)
{
    cleanup(review_free_p) struct review *v = NULL;

    *ret = NULL;
    if (settings->until <= settings->from)
        return -EINVAL;
    v = calloc(1, sizeof(*v));
    if (!v)
        return -ENOMEM;
    v->settings = *settings;
    v->settings.site = model_text(v, settings->site);
    if (!v->settings.site || make_containers(v) < 0)
        return -ENOMEM;
    *ret = steal_pointer(&v);
    return 0;
}

struct review *review_free(struct review *v)
{
    if (!v)
        return NULL;
    sessions_done(&v->sessions);
    uses_done(&v->uses);
    free(v->grants);
    free(v->taken);
    json_t *const values[] = {v->hosts,       v->vendors_of,    v->refusals,  v->runs,     v->runs_open,
                              v->grant_index, v->incident_keys, v->incidents, v->reviews,  v->recordings,
                              v->ledgers,     v->approvals,     v->approvers, v->expiring, v->register_lines,
                              v->denied,      v->forged};
    for (size_t i = 0; i < ARRAY_SIZE(values); i++)
        json_decref(values[i]);
    pool_done(&v->pool);
    free(v);
    return NULL;
}

/* Of one record, of whatever host: no sum of them leaves a JSON integer. */
#define COUNT_MAX ((uint64_t)UINT32_MAX)

/* ---- what is given in ---- */

static int outcome(const struct review *v)
{
    return v->out_of_memory ? -ENOMEM : 0;
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static json_t *text_or_null(struct review *v, const char *text)
{
    return text ? json_string(or_empty(model_text(v, text))) : json_null();
}

/* With the number of the first record that was read of it; 0: none yet. */
static void add_host(struct review *v, const char *host, uint64_t sequence)
{
    if (tally_count(v->hosts, host) == 0 && !tally_add(v->hosts, host, sequence))
        model_failed(v);
}

int review_add_ledger(struct review *v, const struct review_ledger *x)
{
    const char *host = or_empty(model_text(v, x->host));

    add_host(v, host, 0);
    model_append(v, v->ledgers,
                 json_pack("{ss so sI sI sI so sb so so so}", "host", host, "ledger",
                           text_or_null(v, or_empty(x->ledger)), "first", (json_int_t)x->first, "last",
                           (json_int_t)x->last, "records", (json_int_t)x->records, "head",
                           text_or_null(v, or_empty(x->head)), "verified", (int)x->verified, "fault",
                           text_or_null(v, x->fault), "key", text_or_null(v, x->key), "checkpoint_at",
                           model_time(x->checkpoint_at)));
    return outcome(v);
}

int review_add_grant(struct review *v, const struct review_grant *x)
{
    struct known_grant *more = reallocarray(v->grants, v->n_grants + 1, sizeof(*more));
    char id[IDENT_ID_TEXT_SIZE];

    if (!more)
        return -ENOMEM;
    v->grants = more;
    ident_format_id(&x->grant->id, id);
    more[v->n_grants] =
        (struct known_grant){x->grant, model_text(v, id), x->state ? model_text(v, x->state) : NULL};
    if (json_object_set_new(v->grant_index, id, json_integer((json_int_t)v->n_grants++)) < 0)
        model_failed(v);
    if (json_object_set_new(v->vendors_of, or_empty(model_text(v, x->grant->staff)),
                            json_string(or_empty(model_text(v, x->grant->vendor)))) < 0)
        model_failed(v);
    return outcome(v);
}

int review_add_approval(struct review *v, const struct review_approval *x)
{
    model_append(v, v->approvals,
                 json_pack("{so so so sI}", "grant", text_or_null(v, or_empty(x->grant)), "person",
                           text_or_null(v, or_empty(x->person)), "role", text_or_null(v, or_empty(x->role)),
                           "at", (json_int_t)x->approved_at));
    return outcome(v);
}

int review_add_approver(struct review *v, const struct review_approver *x)
{
    model_append(v, v->approvers,
                 json_pack("{so so so}", "person", text_or_null(v, or_empty(x->person)), "roles",
                           text_or_null(v, or_empty(x->roles)), "until", model_time(x->until)));
    return outcome(v);
}

int review_add_expiry(struct review *v, const struct review_expiry *x)
{
    model_append(v, v->expiring,
                 json_pack("{so so sI}", "what", text_or_null(v, or_empty(x->what)), "name",
                           text_or_null(v, or_empty(x->name)), "until", (json_int_t)x->until));
    return outcome(v);
}

int review_add_person(struct review *v, const struct review_person *x)
{
    v->has_register = true;
    model_append(v, v->register_lines,
                 json_pack("{so so sI sI sI}", "staff", text_or_null(v, or_empty(x->staff)), "vendor",
                           text_or_null(v, or_empty(x->vendor)), "agreement", (json_int_t)x->agreement,
                           "training", (json_int_t)x->training, "vetting", (json_int_t)x->vetting));
    return outcome(v);
}

void review_has_register(struct review *v)
{
    v->has_register = true;
}

int review_add_denied(struct review *v, const struct review_denied *x)
{
    model_append(v, v->denied,
                 json_pack("{so so so so so sI}", "at", model_time(x->at), "host",
                           text_or_null(v, or_empty(x->host)), "staff", text_or_null(v, or_empty(x->staff)),
                           "what", text_or_null(v, or_empty(x->what)), "path",
                           text_or_null(v, or_empty(x->path)), "count", (json_int_t)x->count));
    return outcome(v);
}

int review_denied_unavailable(struct review *v, const char *why)
{
    v->denied_why = model_text(v, why);
    return outcome(v);
}

int review_forgeries_unread(struct review *v, const char *why)
{
    v->forged_why = model_text(v, why);
    return outcome(v);
}

int review_add_forgery(struct review *v, const struct review_forgery *x)
{
    model_append(v, v->forged,
                 json_pack("{so sI sI so so}", "at", model_time(x->at), "uid", (json_int_t)x->uid, "pid",
                           (json_int_t)x->pid, "unit", text_or_null(v, or_empty(x->unit)), "message",
                           text_or_null(v, or_empty(x->message))));
    return outcome(v);
}

/* ---- records ---- */

static bool make_fact(struct review *v, const char *host, const struct record *r, struct fact *f)
{
    const char *const *texts[] = {&r->staff,   &r->vendor, &r->account, &r->service,
                                  &r->address, &r->grant,  &r->ticket,  &r->event};
    const char **into[] = {&f->staff,   &f->vendor, &f->account, &f->service,
                           &f->address, &f->grant,  &f->ticket,  &f->event};

    *f = (struct fact){.r = r,
                       .host = model_text(v, host),
                       .at = model_seconds(r->at_us),
                       .first = model_seconds(r->first_us != 0 ? r->first_us : r->at_us),
                       .count = r->count == 0          ? 1
                                : r->count < COUNT_MAX ? r->count
                                                       : COUNT_MAX,
                       .sources = r->sources,
                       .success = r->result && strcmp(r->result, "success") == 0};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        *into[i] = model_text(v, *texts[i]);
    f->in_period = v->settings.from <= f->at && f->at < v->settings.until;
    return !v->out_of_memory;
}

static void note_vendor(struct review *v, const struct fact *f)
{
    const char *there;

    if (*f->staff == '\0' || *f->vendor == '\0')
        return;
    there = json_string_value(json_object_get(v->vendors_of, f->staff));
    if (there && strcmp(there, f->vendor) == 0)
        return;
    if (json_object_set_new(v->vendors_of, f->staff, json_string(f->vendor)) < 0)
        model_failed(v);
}

int review_take(struct review *v, const char *host, const struct record *r)
{
    struct fact f;

    if (!make_fact(v, host, r, &f))
        return -ENOMEM;
    add_host(v, f.host, r->sequence);
    note_vendor(v, &f);
    uses_take(v, &f);
    sessions_take(v, &f);
    runs_take(v, &f);
    reviews_take(v, &f);
    if (f.in_period) {
        refusals_take(v, &f);
        taken_take(v, &f);
        incidents_take(v, &f);
        recordings_take(v, &f);
    }
    return outcome(v);
}

/* ---- the value ---- */

static uint64_t sum(const json_t *rows, const char *name)
{
    uint64_t n = 0;
    json_t *row;
    size_t i;

    json_array_foreach((json_t *)rows, i, row) n += tally_count(row, name);
    return n;
}

static uint64_t distinct(const json_t *rows, const char *name)
{
    cleanup(json_decrefp) json_t *names = json_object();
    json_t *row;
    size_t i;

    json_array_foreach((json_t *)rows, i, row)
    {
        const char *text = json_string_value(json_object_get(row, name));

        if (text && *text)
            (void)tally_add(names, text, 1);
    }
    return json_object_size(names);
}

static uint64_t unproven(const json_t *rows)
{
    uint64_t n = 0;
    json_t *row;
    size_t i;

    json_array_foreach((json_t *)rows, i, row) n += json_is_false(json_object_get(row, "proven"));
    return n;
}

/* None where nobody looked is not a count. */
static json_t *looked_for(uint64_t n, const char *why_not)
{
    return n == 0 && why_not ? json_null() : json_integer((json_int_t)n);
}

static json_t *summary_json(const struct review *v, const json_t *value)
{
    const json_t *sessions = json_object_get(value, "sessions");

    return json_pack(
        "{sI sI sI sI so sI sI sI so sI}", "sessions", (json_int_t)json_array_size(sessions), "people",
        (json_int_t)distinct(sessions, "staff"), "vendors", (json_int_t)distinct(sessions, "vendor"),
        "refusals", (json_int_t)tally_count(json_object_get(value, "refusals"), "total"), "forged",
        looked_for(json_array_size(json_object_get(value, "forged")), v->forged_why), "revocations",
        (json_int_t)json_array_size(json_object_get(value, "revocations")), "unproven",
        (json_int_t)unproven(sessions), "commands", (json_int_t)v->commands, "denied",
        looked_for(sum(json_object_get(json_object_get(value, "denied"), "items"), "count"), v->denied_why),
        "recordings", (json_int_t)json_array_size(json_object_get(value, "recordings")));
}

static json_t *head_json(const struct review *v)
{
    return json_pack("{si so s{so so} si ss so sO}", "hufu-review", 1, "made_at",
                     model_time(v->settings.made_at), "period", "from", model_time(v->settings.from), "until",
                     model_time(v->settings.until), "utc_offset_minutes", v->settings.utc_offset_minutes,
                     "site", v->settings.site, "hosts", tally_keys(v->hosts), "ledgers", v->ledgers);
}

static void put(struct review *v, json_t *value, const char *name, json_t *part)
{
    if (json_object_set_new(value, name, part) < 0)
        model_failed(v);
}

int review_json(struct review *v, review_find_recording *find, void *userdata, json_t **ret)
{
    cleanup(json_decrefp) json_t *value = head_json(v);

    *ret = NULL;
    if (!value)
        return -ENOMEM;
    sessions_settle(v);
    put(v, value, "summary", json_null());
    put(v, value, "sessions", sessions_json(v));
    put(v, value, "longest", sessions_longest_json(v));
    put(v, value, "refusals", refusals_json(v));
    put(v, value, "sources", sources_json(v));
    put(v, value, "grants", grants_json(v));
    put(v, value, "revocations", revocations_json(v));
    put(v, value, "ended_rights", ended_json(v));
    put(v, value, "sudo", runs_json(v));
    put(v, value, "denied", denied_json(v));
    put(v, value, "recordings", recordings_json(v, find, userdata));
    put(v, value, "incidents", incidents_json(v));
    put(v, value, "approvers", approvers_json(v));
    put(v, value, "expiring", expiring_json(v));
    put(v, value, "register", register_json(v));
    put(v, value, "forged", json_deep_copy(v->forged));
    put(v, value, "forged_unread", v->forged_why ? json_string(v->forged_why) : json_null());
    put(v, value, "reviews", json_deep_copy(v->reviews));
    put(v, value, "summary", summary_json(v, value));
    if (v->out_of_memory)
        return -ENOMEM;
    *ret = steal_pointer(&value);
    return 0;
}
