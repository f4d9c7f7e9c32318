#include "broker/common/clock.h"
#include "broker/common/i18n.h"
#include "broker/daemon/handlers_control.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"
#include "broker/daemon/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *seconds_left(const struct session *s, when_t now)
{
    if (s->state != SESSION_OPEN || s->deadline == 0 || s->deadline == WHEN_NEVER)
        return json_null();
    return json_integer(s->deadline > now ? (json_int_t)(s->deadline - now) : 0);
}

json_t *control_session(const struct broker *b, const struct session *s)
{
    const struct grant_entry *e = life_entry(b, s);
    when_t now = session_now(s, clock_wall_us(), clock_boot_us());
    char id[IDENT_ID_TEXT_SIZE] = "", source[ADDRESS_TEXT_SIZE], key[IDENT_FINGERPRINT_TEXT_SIZE] = "";

    if (e)
        ident_format_id(&s->grant, id);
    if (s->key == KEY_FINGERPRINT)
        ident_format_fingerprint(&s->fingerprint, key);
    session_source_text(s, source);
    return json_pack("{sI ss ss ss ss sI ss ss ss so so so sI so ss so so}", "number", (json_int_t)s->number,
                     "state", session_state_name(s->state), "staff", s->staff, "vendor",
                     e ? grant_entry_vendor(e) : "", "grant", id, "version", (json_int_t)s->version,
                     "service", s->service, "source", source, "tty", s->tty, "opened",
                     control_time(s->opened_at), "deadline", control_time(s->deadline), "seconds_left",
                     seconds_left(s, now), "leader", (json_int_t)s->leader.pid, "audit_session",
                     control_number(s->audit_session), "key", key, "ended", json_null(), "reason",
                     control_text(s->state == SESSION_ENDING ? reason_name(s->end_reason) : NULL));
}

/* ---- list ---- */

struct session_listing {
    struct control_call *call;
    json_t *sessions;
};

/* One that has ended, as the record of its end tells. */
static json_t *ended_json(const struct record *r)
{
    return json_pack("{sI ss ss ss ss sI ss ss ss so so so sI so ss so so}", "number", (json_int_t)r->session,
                     "state", "ended", "staff", r->staff, "vendor", r->vendor, "grant", r->grant, "version",
                     (json_int_t)r->version, "service", r->service, "source", r->address, "tty", r->tty,
                     "opened", json_null(), "deadline", control_time(r->deadline), "seconds_left",
                     json_null(), "leader", (json_int_t)0, "audit_session", json_null(), "key", "", "ended",
                     control_time((when_t)(r->at_us / 1000000)), "reason",
                     control_text(reason_name(r->reason)));
}

static void on_ended_rows(void *userdata, int result, const struct record *rows, size_t n)
{
    struct session_listing *l = userdata;

    for (size_t i = 0; result == 0 && i < n; i++)
        (void)json_array_append_new(l->sessions, ended_json(&rows[i]));
    if (result == 0) {
        control_reply(l->call, json_pack("{so}", "sessions", l->sessions));
    } else {
        json_decref(l->sessions);
        control_store_unavailable(l->call, result);
    }
    free(l);
}

static json_t *live_sessions(const struct broker *b, const char *staff)
{
    json_t *sessions = json_array();

    for (const struct session *s = registry_first(b->registry); s; s = registry_next(s))
        if (!s->released && (!staff || strcmp(staff, s->staff) == 0))
            (void)json_array_insert_new(sessions, 0, control_session(b, s));
    return sessions;
}

void control_session_list(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    const char *staff = NULL;
    bool all = false;
    const struct varlink_field fields[] = {{"staff", VARLINK_STRING, true, &staff},
                                           {"all", VARLINK_BOOL, true, &all}};
    struct record_filter ended = {.event = EVENT_SESSION_CLOSE, .newest_first = true};
    struct session_listing *l;

    if (!control_read(call, parameters, fields, ARRAY_SIZE(fields)))
        return;
    if (!all || !b->store) {
        control_reply(call, json_pack("{so}", "sessions", live_sessions(b, staff)));
        return;
    }
    ended.staff = staff;
    l = calloc(1, sizeof(*l));
    if (!l) {
        control_store_unavailable(call, -ENOMEM);
        return;
    }
    l->call = call;
    l->sessions = live_sessions(b, staff);
    int r = store_read(b->store, &ended, on_ended_rows, l);
    if (r < 0)
        on_ended_rows(l, r, NULL, 0);
}

/* ---- watch ---- */

void control_session_watch(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    const char *staff = NULL;
    const struct varlink_field fields[] = {{"staff", VARLINK_STRING, true, &staff}};

    if (!control_read(call, parameters, fields, ARRAY_SIZE(fields)))
        return;
    if (!control_call_is_more(call))
        control_error(call, "org.varlink.service.ExpectedMore", json_object());
    else if (watch_begin(b, call, staff, live_sessions(b, staff)) < 0)
        control_store_unavailable(call, -ENOMEM);
}

/* ---- show ---- */

/* A person who asks about their own gives no number. */
static void not_found(struct control_call *call, json_int_t number)
{
    char what[40] = "session";

    if (number > 0)
        (void)snprintf(what, sizeof(what), "session %" JSON_INTEGER_FORMAT, number);
    control_not_found(call, what);
}

struct showing {
    struct broker *broker;
    struct control_call *call;
    uint64_t number;
};

static void on_scan(void *userdata, int result, const struct reap_reply *reply)
{
    struct showing *x = userdata;
    const struct session *s = registry_find(x->broker->registry, x->number);
    json_t *processes;

    if (!s) {
        not_found(x->call, (json_int_t)x->number);
        free(x);
        return;
    }
    processes = json_array();
    for (uint32_t i = 0; result == 0 && i < reply->n_processes; i++)
        (void)json_array_append_new(processes, control_process(&reply->processes[i]));
    control_reply(x->call,
                  json_pack("{so so}", "session", control_session(x->broker, s), "processes", processes));
    free(x);
}

/* A gated person sees their own session, and needs not know its number. */
static const struct session *session_to_show(const struct broker *b, const struct control_call *call,
                                             json_int_t number)
{
    uint32_t person = control_call_person(call);
    const struct session *s = registry_find(b->registry, (uint64_t)number);

    if (person == CONTROL_NO_PERSON)
        return s;
    if (number == 0)
        return registry_find_current(b->registry, person, UINT32_MAX);
    return s && s->uid == person ? s : NULL;
}

void control_session_show(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    json_int_t number = 0;
    const struct varlink_field fields[] = {{"number", VARLINK_INT, true, &number}};
    struct reap_request request = {.type = FRAME_REAP_SCAN};
    const struct session *s;
    struct showing *x;

    if (!control_read(call, parameters, fields, ARRAY_SIZE(fields)))
        return;
    s = session_to_show(b, call, number);
    x = s ? calloc(1, sizeof(*x)) : NULL;
    if (!x) {
        not_found(call, number);
        return;
    }
    *x = (struct showing){b, call, s->number};
    request.target = session_target(s, REAP_SESSION);
    reaper_client_ask(b->reaper, &request, REAPER_ASK_US, on_scan, x);
}

/* ---- end ---- */

static void on_session_ended(void *userdata, const struct order_result *result)
{
    control_reply(userdata, json_pack("{so}", "ending", control_ending(result)));
}

/* Whether it could be written or not: the session is ended, and that is what is asked. */
static void on_order_written(void *userdata, int result, uint64_t sequence)
{
    (void)result;
    (void)sequence;
    order_unhold(userdata);
}

/* Whoever is told that it ended finds on record who ordered that, whatever becomes of hufud. */
static void record_order(struct broker *b, const struct control_call *call, const struct session *s,
                         const char *why, struct operator_order *o)
{
    struct store_txn *t = ledger_txn(b);
    struct record r = control_record(call, EVENT_SESSION_END, REASON_ENDED_BY_OPERATOR, true);
    char address[ADDRESS_TEXT_SIZE], id[IDENT_ID_TEXT_SIZE];

    life_record(&r, s, address);
    ledger_grant(&r, life_entry(b, s), id);
    r.detail = why;
    if (t)
        store_txn_record(t, &r);
    order_hold(o);
    ledger_submit(b, t, on_order_written, o);
}

void control_session_end(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    json_int_t number = 0;
    const char *why = "";
    const struct varlink_field fields[] = {{"number", VARLINK_INT, false, &number},
                                           {"why", VARLINK_STRING, false, &why}};
    struct operator_order *o;
    struct session *s;

    if (!control_read(call, parameters, fields, ARRAY_SIZE(fields)))
        return;
    s = registry_find(b->registry, (uint64_t)number);
    if (!s) {
        not_found(call, number);
        return;
    }
    o = order_new(b, on_session_ended, call);
    if (!o || (s->state != SESSION_RESERVED && order_expect(o, s->number) < 0)) {
        if (o)
            order_drop(o);
        control_store_unavailable(call, -ENOMEM);
        return;
    }
    record_order(b, call, s, why, o);
    life_end(b, s, REASON_ENDED_BY_OPERATOR);
    order_go(o);
}
