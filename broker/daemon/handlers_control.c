#include "broker/daemon/handlers_control.h"

#include "broker/common/i18n.h"
#include "broker/daemon/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The table of methods, and what their handlers share. */

#define PREFIX_MIN 8

const struct control_method broker_control_methods[] = {
    {.name = "Status", .needs = CONTROL_READ, .blind = true, .handle = control_status},
    {.name = "DocumentAdd", .needs = CONTROL_CHANGE, .handle = control_document_add},
    {.name = "GrantList", .needs = CONTROL_READ, .handle = control_grant_list},
    {.name = "GrantShow", .needs = CONTROL_READ, .handle = control_grant_show},
    {.name = "GrantFinish", .needs = CONTROL_CHANGE, .own = true, .handle = control_grant_finish},
    {.name = "Revoke", .needs = CONTROL_CHANGE, .blind = true, .handle = control_revoke},
    {.name = "Lock", .needs = CONTROL_CHANGE, .blind = true, .handle = control_lock},
    {.name = "Unlock", .needs = CONTROL_CHANGE, .handle = control_unlock},
    {.name = "TakenList", .needs = CONTROL_READ, .handle = control_taken_list},
    {.name = "SessionList", .needs = CONTROL_READ, .handle = control_session_list},
    {.name = "SessionShow", .needs = CONTROL_READ, .own = true, .handle = control_session_show},
    {.name = "SessionWatch", .needs = CONTROL_READ, .handle = control_session_watch},
    {.name = "SessionEnd", .needs = CONTROL_CHANGE, .blind = true, .handle = control_session_end},
    {.name = "Explain", .needs = CONTROL_READ, .handle = control_explain},
    {.name = "TrustShow", .needs = CONTROL_READ, .handle = control_trust_show},
    {.name = "TrustReset", .needs = CONTROL_ROOT, .handle = control_trust_reset},
    {.name = "SyncShow", .needs = CONTROL_READ, .handle = control_sync_show},
    {.name = "SyncRefresh", .needs = CONTROL_CHANGE, .handle = control_sync_refresh},
    {.name = "Audit", .needs = CONTROL_READ, .handle = control_audit},
    {.name = "LedgerRead", .needs = CONTROL_READ, .handle = control_ledger_read},
    {.name = "LedgerKey", .needs = CONTROL_READ, .handle = control_ledger_key},
    {.name = "LedgerCheckpoint", .needs = CONTROL_READ, .handle = control_ledger_checkpoint},
    {.name = "ClockShow", .needs = CONTROL_READ, .blind = true, .handle = control_clock_show},
    {.name = "ClockConfirm", .needs = CONTROL_ROOT, .handle = control_clock_confirm},
    {.name = "HostShow", .needs = CONTROL_READ, .blind = true, .handle = control_host_show},
    {.name = "ReviewSign", .needs = CONTROL_AUDIT, .handle = control_review_sign},
    {.name = "HostConfirm", .needs = CONTROL_ROOT, .handle = control_host_confirm},
    {.name = "Backup", .needs = CONTROL_ROOT, .handle = control_backup},
};
const size_t broker_n_control_methods = ARRAY_SIZE(broker_control_methods);

bool control_read(struct control_call *call, json_t *parameters, const struct varlink_field *fields, size_t n)
{
    const char *wrong;

    if (varlink_read(parameters, fields, n, &wrong) == 0)
        return true;
    control_invalid(call, wrong);
    return false;
}

json_t *control_time(when_t t)
{
    char text[WHEN_TEXT_SIZE];

    if (t == 0 || t == WHEN_NEVER)
        return json_null();
    when_format(t, text);
    return json_string(text);
}

json_t *control_text(const char *text)
{
    return text && text[0] != '\0' ? json_string(text) : json_null();
}

json_t *control_number(uint32_t n)
{
    return n == UINT32_MAX ? json_null() : json_integer((json_int_t)n);
}

json_t *control_process(const struct reap_process *p)
{
    return json_pack("{sI sI so ss}", "pid", (json_int_t)p->pid, "uid", (json_int_t)p->uid, "login_uid",
                     control_number(p->login_uid), "name", p->name);
}

bool control_when(struct control_call *call, const char *name, const char *text, when_t *ret)
{
    if (!text || when_parse(text, strlen(text), ret) == 0)
        return true;
    control_invalid(call, name);
    return false;
}

void control_not_found(struct control_call *call, const char *what)
{
    control_error(call, "NotFound", json_pack("{ss}", "what", what));
}

/* The sentence goes out as it is: hufuctl has it in the language of whoever calls. */
void control_refuse(struct control_call *call, enum reason reason, const char *sentence)
{
    control_error(call, "Refused", json_pack("{ss ss}", "reason", reason_name(reason), "message", sentence));
}

void control_store_unavailable(struct control_call *call, int result)
{
    control_error(call, "StoreUnavailable", json_pack("{ss}", "message", strerror(-result)));
}

/* ---- grants ---- */

struct held_call {
    struct broker *broker;
    struct control_call *call;
    json_t *parameters;
    control_handler *handle;
};

static void on_whole(void *userdata, int result)
{
    struct held_call *x = userdata;

    if (result < 0)
        control_store_unavailable(x->call, result);
    else
        x->handle(x->broker, x->call, x->parameters);
    json_decref(x->parameters);
    free(x);
}

bool control_waits_for_grants(struct broker *b, struct control_call *call, json_t *parameters,
                              control_handler *handle)
{
    struct held_call *x;

    if (grants_are_whole(b->grants))
        return false;
    x = calloc(1, sizeof(*x));
    if (!x) {
        control_store_unavailable(call, -ENOMEM);
        return true;
    }
    *x = (struct held_call){b, call, json_incref(parameters), handle};
    grants_when_whole(b->grants, on_whole, x);
    return true;
}

struct by_prefix {
    struct ident_id first, last; /* whole ids */
    struct grant_entry *found;
    unsigned n;
};

static void look_at(struct grant_entry *e, void *userdata)
{
    struct by_prefix *p = userdata;

    if (memcmp(&e->id, &p->first, sizeof(e->id)) < 0 || memcmp(&e->id, &p->last, sizeof(e->id)) > 0)
        return;
    p->found = e;
    p->n++;
}

static bool fill_up(const char *text, char with, struct ident_id *id)
{
    char whole[IDENT_ID_TEXT_SIZE];
    size_t n = strlen(text);

    memset(whole, with, sizeof(whole) - 1);
    memcpy(whole, text, n);
    return ident_parse_id(whole, sizeof(whole) - 1, id) == 0;
}

static int look_at_staff(struct broker *b, const char *staff, struct by_prefix *p)
{
    int r = grants_know_staff(b->grants, staff);
    struct grant_entry *e = r == 0 ? grant_index_first_of(grants_index(b->grants), staff) : NULL;

    for (; e; e = e->next_of_staff)
        look_at(e, p);
    return r;
}

static int look_at_one(struct broker *b, struct by_prefix *p)
{
    int r = grants_know(b->grants, &p->first);
    struct grant_entry *e = r == 0 ? grant_index_find(grants_index(b->grants), &p->first) : NULL;

    if (e)
        look_at(e, p);
    return r;
}

/* Those that begin so. Only who may see all, and does not say which, has all of them gone through: an id and
 * a person have theirs found. 0, or why they cannot be read. */
static int look_at_those(struct broker *b, const char *text, const char *staff, struct by_prefix *p)
{
    int r;

    if (strlen(text) < PREFIX_MIN || strlen(text) >= IDENT_ID_TEXT_SIZE || !fill_up(text, '0', &p->first) ||
        !fill_up(text, 'f', &p->last))
        return 0;
    if (staff)
        return look_at_staff(b, staff, p);
    if (ident_id_equal(&p->first, &p->last))
        return look_at_one(b, p);
    r = grants_know_between(b->grants, &p->first, &p->last);
    if (r == 0)
        grant_index_each(grants_index(b->grants), look_at, p);
    return r;
}

struct grant_entry *control_find_grant(struct broker *b, struct control_call *call, const char *text,
                                       const char *staff)
{
    struct by_prefix p = {.n = 0};
    int r = look_at_those(b, text, staff, &p);

    if (r < 0) {
        control_store_unavailable(call, r);
        return NULL;
    }
    if (p.n == 1)
        return p.found;
    if (p.n == 0)
        control_not_found(call, text);
    else
        control_refuse(call, REASON_BAD_REQUEST,
                       N_("More than one grant begins with these digits; give more of them."));
    return NULL;
}

struct record control_record(const struct control_call *call, const char *event, enum reason reason,
                             bool success)
{
    struct record r = ledger_record(event, reason, success);

    r.actor = control_call_actor(call);
    return r;
}

json_t *control_ending(const struct order_result *result)
{
    json_t *survivors = json_array();

    for (uint32_t i = 0; !result->proven && i < result->n_survivors; i++)
        (void)json_array_append_new(survivors, control_process(&result->survivors[i]));
    return json_pack("{si sI sI sb so}", "sessions", (int)result->sessions, "processes",
                     (json_int_t)result->processes, "took_us", (json_int_t)result->took_us, "proven",
                     (int)result->proven, "survivors", survivors);
}
