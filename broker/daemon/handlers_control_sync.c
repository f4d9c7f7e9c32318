#include "broker/common/clock.h"
#include "broker/daemon/claiming.h"
#include "broker/daemon/directory.h"
#include "broker/daemon/handlers_control.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/room_findings.h"

/* The directory, for people. */

static const char *state_name(const struct directory_view *v)
{
    static const char *const names[] = {[FEED_CONNECTING] = "connecting",
                                        [FEED_REFRESHING] = "refreshing",
                                        [FEED_LIVE] = "live",
                                        [FEED_POLLING] = "polling",
                                        [FEED_FAILED] = "failed"};

    if (!v->here)
        return "away";
    return v->state == 0 ? "connecting" : names[v->state];
}

static json_t *next_try(const struct directory_view *v, when_t now)
{
    if (v->next_try == 0)
        return json_null();
    return json_integer(v->next_try > now ? (json_int_t)(v->next_try - now) : 0);
}

static json_t *shown_of(const struct directory_view *v)
{
    json_t *list = json_array();

    for (size_t i = 0; i < v->n_shown; i++)
        (void)json_array_append_new(list,
                                    json_pack("{ss ss ss}", "name", v->shown[i].name, "reason",
                                              reason_name(v->shown[i].reason), "text", v->shown[i].text));
    return list;
}

static void put(json_t *reply, const char *name, json_t *value)
{
    (void)json_object_set_new(reply, name, value);
}

static void put_count(json_t *reply, const char *name, size_t n)
{
    put(reply, name, json_integer((json_int_t)n));
}

static void put_counts(const struct broker *b, const struct directory_view *v, when_t now, json_t *reply)
{
    size_t n_signed;

    (void)taken_holding(b->taken, now, &n_signed);
    put_count(reply, "entries", v->entries);
    put_count(reply, "grants", v->grants);
    put_count(reply, "revocations_signed", n_signed);
    put_count(reply, "revocations_unsigned", v->unsigned_revocations);
    put_count(reply, "withdrawn", v->withdrawn);
    put_count(reply, "waiting", v->waiting);
    put_count(reply, "waiting_trust", v->waiting_trust);
    put_count(reply, "bad", v->bad);
    put_count(reply, "purge_held_back", v->held_back);
}

static void put_site(const struct broker *b, json_t *reply)
{
    const struct status *s = b->status.current.document;

    put(reply, "trust_epoch",
        b->trust ? json_integer((json_int_t)trust_set_document(b->trust)->epoch) : json_null());
    put(reply, "status_trust_epoch", s ? json_integer((json_int_t)s->trust_epoch) : json_null());
    put(reply, "status_epoch", s ? json_integer((json_int_t)s->epoch) : json_null());
    put(reply, "status_holds_until", control_time(status_keeper_holds_until(b)));
}

void control_sync_show(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    when_t now = clock_wall();
    struct directory_view v;
    json_t *reply;

    if (!control_read(call, parameters, NULL, 0))
        return;
    directory_view(b->directory, &v);
    reply = json_pack(
        "{ss so so sb so so so so so so so so sb sb sI so}", "state", state_name(&v), "since",
        control_time(v.since != 0 ? v.since : b->started), "server", control_text(v.server), "pushes",
        (int)v.pushes, "last_error", control_text(v.error), "last_error_at", control_time(v.error_at),
        "next_try_seconds", next_try(&v, now), "heartbeat_written", control_time(v.heartbeat_written),
        "heartbeat_received", control_time(v.heartbeat_received), "last_change", control_time(v.last_change),
        "last_refresh", control_time(v.last_refresh), "last_full_refresh", control_time(v.last_full),
        "cookie", (int)v.cookie, "claims_possible", (int)claiming_is_possible(b->claiming), "claims_pending",
        (json_int_t)claiming_unresolved(b->claiming), "bad_entries", shown_of(&v));
    put_counts(b, &v, now, reply);
    put_site(b, reply);
    room_put(b, reply);
    control_reply(call, reply);
}

void control_sync_refresh(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    struct record r = control_record(call, EVENT_DIRECTORY_REFRESH, REASON_OK, true);
    bool connected;

    if (!control_read(call, parameters, NULL, 0))
        return;
    if (!b->directory) {
        control_store_unavailable(call, b->store_error);
        return;
    }
    connected = directory_refresh(b->directory);
    r.detail = connected ? "ordered" : "ordered, for when hufu-ldapd is back";
    ledger_write(b, &r);
    control_reply(call, json_pack("{sb}", "connected", (int)connected));
}
