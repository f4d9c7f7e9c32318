#include "broker/common/clock.h"
#include "broker/common/i18n.h"
#include "broker/daemon/handlers_control.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/taking.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
        e = control_find_grant(b, call, name, NULL);
        if (!e)
            return false;
        ident_format_id(&e->id, x->name);
        return true;
    }
    if (!fits) {
        control_invalid(call, "name");
        return false;
    }
    (void)snprintf(x->name, sizeof(x->name), "%s", name);
    return true;
}

struct taking_away {
    struct broker *broker;
    struct control_call *call;
    struct store_taken asked;
    bool shortens; /* a lock that is there: it stays as it is until the shorter one is on disk */
};

static void on_taken(void *userdata, int result, const struct order_result *ending)
{
    struct taking_away *x = userdata;

    if (result == 0 && x->shortens)
        result = taken_put(x->broker->taken, &x->asked, NULL);
    if (result != 0)
        control_store_unavailable(x->call, result);
    else
        control_reply(x->call, json_pack("{so}", "ending", control_ending(ending)));
    free(x);
}

void control_record_taken(struct record *r, const struct store_taken *x)
{
    if (x->scope == STORE_TAKEN_GRANT)
        r->grant = x->name;
    else if (x->scope == STORE_TAKEN_STAFF)
        r->staff = x->name;
    else if (x->scope == STORE_TAKEN_VENDOR)
        r->vendor = x->name;
    r->deadline = x->until == WHEN_NEVER ? 0 : x->until;
}

json_t *control_taken(const struct taken_entry *x)
{
    static const char *const names[] = {[STORE_TAKEN_GRANT] = "grant",
                                        [STORE_TAKEN_STAFF] = "staff",
                                        [STORE_TAKEN_VENDOR] = "vendor",
                                        [STORE_TAKEN_HOST] = "host"};

    return json_pack(
        "{ss ss ss so so so ss sb so}", "kind", x->what.kind == STORE_LOCK ? "lock" : "revocation", "scope",
        names[x->what.scope], "name", x->what.name, "at", control_time(x->what.at), "until",
        control_time(x->what.until), "by", control_number(x->what.by), "why", x->what.why, "unsigned",
        (int)x->is_unsigned, "signer", control_text(x->is_signed ? x->signer : NULL));
}

/* Takes it in, in memory. NULL without memory: nothing is changed then. */
static struct taking_away *take_in(struct broker *b, struct control_call *call,
                                   const struct store_taken *asked, struct store_taken *effective)
{
    struct taking_away *x = calloc(1, sizeof(*x));
    const struct taken_entry *there = taken_find(b->taken, asked->kind, asked->scope, asked->name, asked->at);

    if (!x)
        return NULL;
    *x = (struct taking_away){.broker = b, .call = call, .asked = *asked};
    x->shortens = asked->kind == STORE_LOCK && there && there->what.until > asked->until;
    *effective = *asked;
    if (!x->shortens && taken_put(b->taken, asked, effective) < 0) {
        free(x);
        return NULL;
    }
    return x;
}

void control_take_away(struct broker *b, struct control_call *call, const struct store_taken *asked,
                       const char *event, enum reason reason, uint32_t grace)
{
    struct record r = control_record(call, event, reason, true);
    char reference[LEDGER_REFERENCE_SIZE], detail[400];
    const struct taking_how how = {.what = asked, .grace = grace, .reference = reference};
    struct store_taken effective;
    struct taking_away *x = take_in(b, call, asked, &effective);
    struct store_txn *t;

    if (!x) {
        control_store_unavailable(call, -ENOMEM);
        return;
    }
    ledger_reference(reference);
    (void)snprintf(detail, sizeof(detail), "this host only: %.200s", effective.why);
    r.detail = detail;
    r.reference = reference;
    control_record_taken(&r, &effective);
    t = ledger_txn(b);
    if (t) {
        store_txn_taken(t, &effective);
        store_txn_record(t, &r);
    }
    if (taking_begin(b, &how, t, on_taken, x) < 0) {
        control_store_unavailable(call, -ENOMEM);
        free(x);
    }
}

void control_revoke(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    const char *scope = NULL, *name = NULL, *until = NULL, *why = "";
    json_int_t grace = 0;
    const struct varlink_field fields[] = {{"scope", VARLINK_STRING, false, &scope},
                                           {"name", VARLINK_STRING, false, &name},
                                           {"until", VARLINK_STRING, true, &until},
                                           {"why", VARLINK_STRING, false, &why},
                                           {"grace_seconds", VARLINK_INT, true, &grace}};
    struct store_taken x = {.kind = STORE_TOMBSTONE, .until = WHEN_NEVER, .at = clock_wall()};

    if (!control_read(call, parameters, fields, ARRAY_SIZE(fields)))
        return;
    if (parse_scope(scope, &x.scope) < 0) {
        control_invalid(call, "scope");
        return;
    }
    if (grace > TAKING_GRACE_MAX) {
        control_invalid(call, "grace_seconds");
        return;
    }
    if (!control_when(call, "until", until, &x.until))
        return;
    if (x.until <= x.at) { /* it would be answered as done, and take nothing away */
        control_invalid(call, "until");
        return;
    }
    if (!parse_name(b, call, &x, name))
        return;
    x.by = control_call_actor(call);
    (void)snprintf(x.why, sizeof(x.why), "%s", why);
    control_take_away(b, call, &x, EVENT_REVOKE, REASON_REVOKED, (uint32_t)grace);
}
