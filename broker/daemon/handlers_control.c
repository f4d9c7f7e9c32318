#include "broker/daemon/handlers_control.h"

#include "broker/common/i18n.h"
#include "broker/daemon/ledger.h"

#include <stdio.h>
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

struct by_prefix {
    const char *prefix, *staff;
    struct grant_entry *found;
    unsigned n;
};

static void look_at(struct grant_entry *e, void *userdata)
{
    struct by_prefix *p = userdata;
    char id[IDENT_ID_TEXT_SIZE];

    ident_format_id(&e->id, id);
    if (strncmp(id, p->prefix, strlen(p->prefix)) != 0 ||
        (p->staff && strcmp(grant_entry_staff(e), p->staff) != 0))
        return;
    p->found = e;
    p->n++;
}

struct grant_entry *control_find_grant(struct broker *b, struct control_call *call, const char *text,
                                       const char *staff)
{
    struct by_prefix p = {.prefix = text, .staff = staff};
    struct grant_entry *e;
    struct ident_id id;

    if (ident_parse_id(text, strlen(text), &id) == 0) {
        e = grant_index_find(grants_index(b->grants), &id);
        if (e)
            look_at(e, &p);
    } else if (strlen(text) >= PREFIX_MIN && strlen(text) < IDENT_ID_TEXT_SIZE) {
        grant_index_each(grants_index(b->grants), look_at, &p);
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
