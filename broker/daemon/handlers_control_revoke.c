#include "broker/common/clock.h"
#include "broker/common/i18n.h"
#include "broker/daemon/handlers_control.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"
#include "broker/daemon/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * revoke: the tombstone is in memory before anything else happens, so that from then on nothing is admitted
 * under it; then reservations are cancelled, sessions ended, and the tombstone is written. The answer comes
 * when it is on disk and everything is proven gone, or after 10 s with the survivors (3-rules, "How it
 * changes").
 */

struct revoking {
    struct broker *broker;
    struct control_call *call;
    struct operator_order *order;
    int result; /* of the commit */
};

static const struct {
    const char *name;
    enum store_taken_scope scope;
} scopes[] = {{"grant", STORE_TAKEN_GRANT}, {"staff", STORE_TAKEN_STAFF}, {"vendor", STORE_TAKEN_VENDOR}};

static int parse_scope(const char *text, enum store_taken_scope *ret)
{
    for (size_t i = 0; i < ARRAY_SIZE(scopes); i++)
        if (strcmp(scopes[i].name, text) == 0) {
            *ret = scopes[i].scope;
            return 0;
        }
    return -EINVAL;
}

/* The name that the tombstone bears. A whole id may be one not seen yet. False: the call has been answered.
 */
static bool parse_name(struct broker *b, struct control_call *call, struct store_taken *x, const char *name)
{
    struct ident_id id;
    const struct grant_entry *e;
    size_t length = strlen(name);
    bool fits = x->scope == STORE_TAKEN_STAFF ? ident_is_account(name, length) : ident_is_name(name, length);

    if (x->scope == STORE_TAKEN_GRANT && ident_parse_id(name, length, &id) < 0) {
        e = control_find_grant(b, call, name);
        if (!e)
            return false;
        ident_format_id(&e->grant->id, x->name);
        return true;
    }
    if (!fits) {
        control_invalid(call, "name");
        return false;
    }
    (void)snprintf(x->name, sizeof(x->name), "%s", name);
    return true;
}

/* Why a session does not go on under what is taken away now. */
static enum reason hit(struct broker *b, const struct session *s, when_t now)
{
    const struct grant_entry *e = life_entry(b, s);
    enum reason reason = taken_of_staff(b->taken, s->staff, now);

    if (reason != REASON_OK || !e)
        return reason;
    return taken_of_grant(b->taken, e->grant, now);
}

/* Everything under the tombstone, also what was being ended already: the order waits for all of it. */
static void end_all(struct broker *b, struct operator_order *order, when_t now)
{
    struct session *next;

    for (struct session *s = registry_first(b->registry); s; s = next) {
        enum reason reason = hit(b, s, now);

        next = registry_next(s);
        if (reason == REASON_OK)
            continue;
        if (s->state != SESSION_RESERVED)
            (void)order_expect(order, s->number);
        life_end(b, s, reason);
    }
}

static void on_ended(void *userdata, const struct order_result *result)
{
    struct revoking *x = userdata;

    if (x->result != 0)
        control_store_unavailable(x->call, x->result < 0 ? x->result : -ETIMEDOUT);
    else
        control_reply(x->call, json_pack("{so}", "ending", control_ending(result)));
    x->call = NULL;
    if (x->result <= 0)
        free(x);
}

static void on_written(void *userdata, int result, uint64_t sequence)
{
    struct revoking *x = userdata;
    struct operator_order *order = x->order;

    (void)sequence;
    x->result = result;
    if (!x->call)
        free(x); /* it was answered without waiting for this any longer */
    order_unhold(order);
}

static void write_tombstone(struct broker *b, struct revoking *x, const struct store_taken *taken)
{
    struct record r = control_record(x->call, EVENT_REVOKE, REASON_REVOKED, true);
    struct store_txn *t = ledger_txn(b);
    char detail[400];

    (void)snprintf(detail, sizeof(detail), "this host only: %.200s", taken->why);
    r.detail = detail;
    if (taken->scope == STORE_TAKEN_GRANT)
        r.grant = taken->name;
    else if (taken->scope == STORE_TAKEN_STAFF)
        r.staff = taken->name;
    else
        r.vendor = taken->name;
    r.deadline = taken->until == WHEN_NEVER ? 0 : taken->until;
    if (t) {
        store_txn_taken(t, taken);
        store_txn_record(t, &r);
    }
    ledger_submit(b, t, on_written, x);
}

static void take_away(struct broker *b, struct control_call *call, const struct store_taken *asked)
{
    struct revoking *x = calloc(1, sizeof(*x));
    struct store_taken effective;

    if (x)
        x->order = order_new(b, on_ended, x);
    if (!x || !x->order || taken_put(b->taken, asked, &effective) < 0) {
        control_store_unavailable(call, -ENOMEM);
        return;
    }
    b->generation++;
    x->broker = b;
    x->call = call;
    x->result = 1; /* not written yet */
    order_hold(x->order);
    end_all(b, x->order, asked->at);
    order_go(x->order);
    write_tombstone(b, x, &effective);
}

void control_revoke(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    const char *scope = NULL, *name = NULL, *until = NULL, *why = "";
    const struct varlink_field fields[] = {{"scope", VARLINK_STRING, false, &scope},
                                           {"name", VARLINK_STRING, false, &name},
                                           {"until", VARLINK_STRING, true, &until},
                                           {"why", VARLINK_STRING, false, &why}};
    struct store_taken x = {.kind = STORE_TOMBSTONE, .until = WHEN_NEVER, .at = clock_wall()};

    if (!control_read(call, parameters, fields, ARRAY_SIZE(fields)))
        return;
    if (parse_scope(scope, &x.scope) < 0) {
        control_invalid(call, "scope");
        return;
    }
    if (!control_when(call, "until", until, &x.until) || !parse_name(b, call, &x, name))
        return;
    x.by = control_call_actor(call);
    (void)snprintf(x.why, sizeof(x.why), "%s", why);
    take_away(b, call, &x);
}
