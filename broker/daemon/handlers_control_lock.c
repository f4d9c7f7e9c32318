#include "broker/common/clock.h"
#include "broker/common/failpoint.h"
#include "broker/common/i18n.h"
#include "broker/daemon/handlers_control.h"
#include "broker/daemon/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* lock is the reversible form of revoke; unlock; and what is locked or revoked on this host. */

static const struct taken_scope {
    const char *name;
    enum store_taken_scope scope;
    enum reason locked;
} scopes[] = {{"staff", STORE_TAKEN_STAFF, REASON_STAFF_LOCKED},
              {"vendor", STORE_TAKEN_VENDOR, REASON_VENDOR_LOCKED},
              {"host", STORE_TAKEN_HOST, REASON_HOST_LOCKED}};

/* Scope and name, as they are to be stored. NULL: the call has been answered. */
static const struct taken_scope *read_target(struct control_call *call, const char *scope, const char *name,
                                             struct store_taken *x)
{
    const struct taken_scope *found = NULL;
    size_t length = strlen(name);
    bool fits;

    for (size_t i = 0; i < ARRAY_SIZE(scopes) && !found; i++)
        if (strcmp(scopes[i].name, scope) == 0)
            found = &scopes[i];
    if (!found) {
        control_invalid(call, "scope");
        return NULL;
    }
    x->scope = found->scope;
    fits = x->scope == STORE_TAKEN_HOST    ? length == 0
           : x->scope == STORE_TAKEN_STAFF ? ident_is_account(name, length)
                                           : ident_is_name(name, length);
    if (!fits) {
        control_invalid(call, "name");
        return NULL;
    }
    (void)snprintf(x->name, sizeof(x->name), "%s", name);
    return found;
}

/* ---- lock ---- */

void control_lock(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    const char *scope = NULL, *name = NULL, *until = NULL, *why = NULL;
    const struct varlink_field fields[] = {{"scope", VARLINK_STRING, false, &scope},
                                           {"name", VARLINK_STRING, false, &name},
                                           {"until", VARLINK_STRING, true, &until},
                                           {"why", VARLINK_STRING, false, &why}};
    struct store_taken x = {.kind = STORE_LOCK, .until = WHEN_NEVER, .at = clock_wall()};
    const struct taken_scope *target;

    if (!control_read(call, parameters, fields, ARRAY_SIZE(fields)) ||
        !control_when(call, "until", until, &x.until))
        return;
    if (x.until <= x.at) {
        control_invalid(call, "until");
        return;
    }
    target = read_target(call, scope, name, &x);
    if (!target)
        return;
    x.by = control_call_actor(call);
    (void)snprintf(x.why, sizeof(x.why), "%s", why);
    control_take_away(b, call, &x, EVENT_LOCK, target->locked, 0);
}

/* ---- unlock ---- */

struct unlocking {
    struct broker *broker;
    struct control_call *call;
    struct taken_entry lock; /* as it was */
};

/* Only what is off the disk is off: else a lock could come back with the next start. */
static void on_unlocked(void *userdata, int result, uint64_t sequence)
{
    struct unlocking *x = userdata;
    struct broker *b = x->broker;

    (void)sequence;
    FAILPOINT(UNLOCK_WRITTEN);
    if (result < 0) {
        control_store_unavailable(x->call, result);
    } else {
        taken_remove_lock(b->taken, x->lock.what.scope, x->lock.what.name, x->lock.serial);
        b->generation++;
        control_reply(x->call, json_pack("{so}", "was", control_taken(&x->lock)));
    }
    free(x);
}

static void take_back(struct broker *b, struct control_call *call, const struct taken_entry *lock,
                      const char *why)
{
    struct record r = control_record(call, EVENT_UNLOCK_TAKEN, 0, true);
    struct unlocking *x = calloc(1, sizeof(*x));
    struct store_txn *t = x ? ledger_txn(b) : NULL;

    if (!x) {
        control_store_unavailable(call, -ENOMEM);
        return;
    }
    *x = (struct unlocking){b, call, *lock};
    control_record_taken(&r, &x->lock.what);
    r.deadline = 0;
    r.detail = why;
    if (t) {
        store_txn_untaken(t, STORE_LOCK, x->lock.what.scope, x->lock.what.name);
        store_txn_record(t, &r);
    }
    ledger_submit(b, t, on_unlocked, x);
}

void control_unlock(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    const char *scope = NULL, *name = NULL, *why = NULL;
    const struct varlink_field fields[] = {{"scope", VARLINK_STRING, false, &scope},
                                           {"name", VARLINK_STRING, false, &name},
                                           {"why", VARLINK_STRING, false, &why}};
    struct store_taken x = {.kind = STORE_LOCK};
    const struct taken_entry *lock;
    when_t now = clock_wall();

    if (!control_read(call, parameters, fields, ARRAY_SIZE(fields)) || !read_target(call, scope, name, &x))
        return;
    lock = taken_find(b->taken, STORE_LOCK, x.scope, x.name, now);
    if (lock)
        take_back(b, call, lock, why);
    else if (taken_find(b->taken, STORE_TOMBSTONE, x.scope, x.name, now))
        control_refuse(
            call, x.scope == STORE_TAKEN_STAFF ? REASON_STAFF_REVOKED : REASON_VENDOR_REVOKED,
            N_("This is revoked, not locked, and a revocation is not taken back: it holds until its "
               "end. `hufuctl locks` shows it."));
    else
        control_refuse(call, REASON_BAD_REQUEST,
                       N_("This is not locked on this host. `hufuctl locks` shows what is."));
}

/* ---- list ---- */

static void add(void *userdata, const struct taken_entry *x)
{
    (void)json_array_append_new(userdata, control_taken(x));
}

void control_taken_list(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    json_t *list;

    if (!control_read(call, parameters, NULL, 0))
        return;
    list = json_array();
    taken_each(b->taken, clock_wall(), add, list);
    control_reply(call, json_pack("{so}", "taken", list));
}
