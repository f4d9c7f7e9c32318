#include "broker/common/clock.h"
#include "broker/common/i18n.h"
#include "broker/daemon/handlers_control.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/taking.h"

#include <errno.h>
#include <stdio.h>
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

static void on_taken(void *userdata, int result, const struct order_result *ending)
{
    struct control_call *call = userdata;

    if (result != 0)
        control_store_unavailable(call, result);
    else
        control_reply(call, json_pack("{so}", "ending", control_ending(ending)));
}

static void write_tombstone(const struct control_call *call, const struct store_taken *taken,
                            struct store_txn *t)
{
    struct record r = control_record(call, EVENT_REVOKE, REASON_REVOKED, true);
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
    store_txn_taken(t, taken);
    store_txn_record(t, &r);
}

static void take_away(struct broker *b, struct control_call *call, const struct store_taken *asked)
{
    struct store_taken effective;
    struct store_txn *t;

    if (taken_put(b->taken, asked, &effective) < 0) {
        control_store_unavailable(call, -ENOMEM);
        return;
    }
    t = ledger_txn(b);
    if (t)
        write_tombstone(call, &effective, t);
    if (taking_begin(b, t, on_taken, call) < 0)
        control_store_unavailable(call, -ENOMEM);
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
