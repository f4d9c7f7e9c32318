#include "broker/review/model.h"
#include "broker/review/tally.h"

#include <string.h>

/* Approvers and their workload; what ends by itself soon; the staff register; what the kernel denied. */

#define SOON_DAYS  60
#define GRANT_DAYS 30
#define DAY        ((when_t)86400)

/* ---- approvers ---- */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

/* Work of the period: {person: {approvals, grants{}, roles{}}}. */
static json_t *workload(struct review *v)
{
    json_t *people = json_object(), *x;
    size_t i;

    json_array_foreach(v->approvals, i, x)
    {
        when_t at = json_integer_value(json_object_get(x, "at"));
        json_t *person;

        if (at < v->settings.from || at >= v->settings.until)
            continue;
        person = tally_object(people, text_of(x, "person"));
        if (!person || !tally_add(person, "approvals", 1) ||
            !tally_add(tally_object(person, "grants"), text_of(x, "grant"), 1) ||
            !tally_add(tally_object(person, "roles"), text_of(x, "role"), 1))
            model_failed(v);
    }
    return people;
}

static json_t *split(const char *roles)
{
    json_t *list = json_array();

    while (*roles != '\0') {
        size_t length = strcspn(roles, ",");

        if (length > 0)
            (void)json_array_append_new(list, json_stringn(roles, length));
        roles += length + (roles[length] == ',');
    }
    return list;
}

static json_t *approver_json(const char *person, json_t *roles, const json_t *work, json_t *until)
{
    return json_pack("{ss so sI sI so}", "person", person, "roles", roles, "approvals",
                     (json_int_t)tally_count(work, "approvals"), "grants",
                     (json_int_t)json_object_size(json_object_get(work, "grants")), "until", until);
}

json_t *approvers_json(struct review *v)
{
    cleanup(json_decrefp) json_t *people = workload(v);
    json_t *rows = json_array(), *x;
    const char *person;
    size_t i;

    json_array_foreach(v->approvers, i, x)
    {
        person = text_of(x, "person");
        model_append(v, rows,
                     approver_json(person, split(text_of(x, "roles")), json_object_get(people, person),
                                   json_incref(json_object_get(x, "until"))));
        (void)json_object_del(people, person);
    }
    /* Who signed and is an approver no more. */
    json_object_foreach(people, person, x)
        model_append(v, rows, approver_json(person, tally_keys(json_object_get(x, "roles")), x, json_null()));
    if (tally_sort_by_count(rows, "approvals") < 0)
        model_failed(v);
    return rows;
}

/* ---- what ends ---- */

static json_int_t days_until(const struct review *v, when_t until)
{
    when_t left = until - v->settings.made_at;

    return (left - (left < 0 ? DAY - 1 : 0)) / DAY;
}

static void put_expiry(struct review *v, json_t *rows, const char *what, const char *name, when_t until,
                       int soon)
{
    if (until == 0 || until == WHEN_NEVER || until - v->settings.made_at > soon * DAY)
        return;
    model_append(v, rows,
                 json_pack("{ss ss so sI}", "what", what, "name", name, "until", model_time(until), "days",
                           days_until(v, until)));
}

static int by_end(const json_t *a, const json_t *b)
{
    return strcmp(text_of(a, "until"), text_of(b, "until"));
}

static bool is_live(const struct review *v, const struct known_grant *k)
{
    const char *state = grants_state(v, k, NULL);

    return k->grant->valid.until > v->settings.made_at &&
           (*state == '\0' || strcmp(state, reason_name(REASON_OK)) == 0);
}

json_t *expiring_json(struct review *v)
{
    json_t *rows = json_array(), *x;
    size_t i;

    json_array_foreach(v->expiring, i, x)
        put_expiry(v, rows, text_of(x, "what"), text_of(x, "name"),
                   json_integer_value(json_object_get(x, "until")), SOON_DAYS);
    for (i = 0; i < v->n_grants; i++)
        if (is_live(v, &v->grants[i]))
            put_expiry(v, rows, "grant", v->grants[i].id, v->grants[i].grant->valid.until, GRANT_DAYS);
    if (tally_sort(rows, by_end) < 0)
        model_failed(v);
    return rows;
}

/* ---- staff register ---- */

/* Grants in force, by person. */
static json_t *count_live(struct review *v)
{
    json_t *live = json_object();

    for (size_t i = 0; i < v->n_grants; i++)
        if (is_live(v, &v->grants[i]))
            (void)tally_add(live, v->grants[i].grant->staff, 1);
    return live;
}

static void put_line(struct review *v, json_t *rows, const json_t *line, const json_t *live, const char *what)
{
    when_t until = json_integer_value(json_object_get(line, what));
    bool lapsed = until <= v->settings.made_at;

    /* Without a date it is not there. */
    if (until - v->settings.made_at > SOON_DAYS * DAY)
        return;
    model_append(v, rows,
                 json_pack("{ss ss ss so sb sI}", "staff", text_of(line, "staff"), "vendor",
                           text_of(line, "vendor"), "what", what, "until", model_time(until), "lapsed",
                           (int)lapsed, "grants_live",
                           (json_int_t)tally_count(live, text_of(line, "staff"))));
}

/* Who has a grant in force and no line. */
static void put_missing(struct review *v, json_t *rows, const json_t *known, const json_t *live)
{
    cleanup(json_decrefp) json_t *people = tally_keys(live);
    json_t *person;
    size_t i;

    json_array_foreach(people, i, person)
    {
        const char *staff = json_string_value(person);

        if (!json_object_get(known, staff))
            model_append(v, rows,
                         json_pack("{ss ss ss sn sb sI}", "staff", staff, "vendor", model_vendor_of(v, staff),
                                   "what", "entry", "until", "lapsed", 1, "grants_live",
                                   (json_int_t)tally_count(live, staff)));
    }
}

json_t *register_json(struct review *v)
{
    static const char *const what[] = {"agreement", "training", "vetting"};
    cleanup(json_decrefp) json_t *known = json_object(), *live = count_live(v);
    json_t *rows = json_array(), *line;
    size_t i;

    json_array_foreach(v->register_lines, i, line)
    {
        if (json_object_set_new(known, text_of(line, "staff"), json_true()) < 0)
            model_failed(v);
        for (size_t k = 0; k < ARRAY_SIZE(what); k++)
            put_line(v, rows, line, live, what[k]);
    }
    if (v->has_register)
        put_missing(v, rows, known, live);
    return rows;
}

/* ---- denied ---- */

json_t *denied_json(struct review *v)
{
    return json_pack("{sb so so}", "available", (int)(v->denied_why == NULL), "why",
                     v->denied_why ? json_string(v->denied_why) : json_null(), "items",
                     json_deep_copy(v->denied));
}
