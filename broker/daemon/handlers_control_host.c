#include "broker/common/i18n.h"
#include "broker/daemon/handlers_control.h"
#include "broker/daemon/identity.h"
#include "broker/daemon/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Which host the store was made for, and root's word that this is it. */

static bool is_same(const struct identity *a, const struct identity *b)
{
    return strcmp(a->host, b->host) == 0 && strcmp(a->machine_id, b->machine_id) == 0;
}

void control_host_show(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    struct identity here = {0};

    if (!control_read(call, parameters, NULL, 0))
        return;
    if (!b->store) {
        control_store_unavailable(call, b->store_error);
        return;
    }
    if (restored_is(b) && control_waits_for_grants(b, call, parameters, control_host_show))
        return;
    (void)identity_of_host(b, &here);
    identity_check(b);
    control_reply(call, json_pack("{ss so so so sb so}", "host", here.host, "machine_id",
                                  control_text(here.machine_id), "store_host", control_text(b->identity.host),
                                  "store_machine_id", control_text(b->identity.machine_id), "confirmed",
                                  (int)(b->host_trouble[0] == '\0' && !restored_is(b)), "restored",
                                  restored_json(b)));
}

struct confirming {
    struct broker *broker;
    struct control_call *call;
    struct identity was, now;
    bool restored;
    struct restored_confirm store;
};

static json_t *accepted(const struct confirming *c)
{
    const struct store_past *p = &c->store.past;

    if (!c->restored)
        return json_null();
    return json_pack("{so sI sI sb}", "had", p->had_us != 0 ? json_integer((json_int_t)p->had) : json_null(),
                     "has", (json_int_t)p->has, "closed_grants", (json_int_t)c->store.closed, "uses_kept",
                     (int)c->store.keep_uses);
}

static void answer(const struct confirming *c)
{
    control_reply(c->call, json_pack("{so so ss ss sb so}", "was_host", control_text(c->was.host),
                                     "was_machine_id", control_text(c->was.machine_id), "host", c->now.host,
                                     "machine_id", c->now.machine_id, "changed",
                                     (int)!is_same(&c->was, &c->now), "restored", accepted(c)));
}

static void on_confirmed(void *userdata, int result, uint64_t sequence)
{
    struct confirming *c = userdata;

    (void)sequence;
    if (result < 0) {
        control_store_unavailable(c->call, result);
    } else {
        if (c->restored)
            restored_confirmed(c->broker, &c->store);
        identity_confirmed(c->broker, &c->now);
        answer(c);
    }
    free(c);
}

static void write_identity(struct confirming *c, const char *why, struct store_txn *t)
{
    struct record r = control_record(c->call, EVENT_HOST_CONFIRM, REASON_OK, true);
    char detail[512];

    if (is_same(&c->was, &c->now))
        return;
    (void)snprintf(detail, sizeof(detail), "was %s on machine %s, is %s on machine %s: %.200s", c->was.host,
                   c->was.machine_id, c->now.host, c->now.machine_id, why);
    r.detail = detail;
    store_txn_record(t, &r);
    identity_write(t, &c->now);
}

static void confirm(struct confirming *c, bool keep_uses, const char *why)
{
    struct store_txn *t = ledger_txn(c->broker);

    if (t) {
        write_identity(c, why, t);
        if (c->restored)
            restored_confirm(c->broker, keep_uses, control_call_actor(c->call), why, &c->store, t);
    }
    ledger_submit(c->broker, t, on_confirmed, c);
}

static void begin(struct broker *b, struct control_call *call, const struct identity *now, bool keep_uses,
                  const char *why)
{
    struct confirming *c = calloc(1, sizeof(*c));

    if (!c) {
        control_reply(call, NULL);
        return;
    }
    *c = (struct confirming){
        .broker = b, .call = call, .was = b->identity, .now = *now, .restored = restored_is(b)};
    confirm(c, keep_uses, why);
}

void control_host_confirm(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    const char *why = NULL;
    bool keep_uses = false;
    const struct varlink_field fields[] = {{"why", VARLINK_STRING, false, &why},
                                           {"keep_uses", VARLINK_BOOL, true, &keep_uses}};
    struct identity now = {0};

    if (!control_read(call, parameters, fields, ARRAY_SIZE(fields)))
        return;
    if (!b->store) {
        control_store_unavailable(call, b->store_error);
        return;
    }
    if (restored_is(b) && control_waits_for_grants(b, call, parameters, control_host_confirm))
        return;
    if (identity_of_host(b, &now) < 0) {
        control_refuse(call, REASON_HOST_UNCONFIRMED,
                       N_("This host has no machine-id: run systemd-machine-id-setup as root first."));
        return;
    }
    identity_check(b);
    if (is_same(&b->identity, &now) && !restored_is(b))
        answer(&(struct confirming){.call = call, .was = b->identity, .now = now});
    else
        begin(b, call, &now, keep_uses, why);
}
