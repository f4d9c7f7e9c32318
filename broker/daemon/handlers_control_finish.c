#include "broker/common/clock.h"
#include "broker/daemon/handlers_control.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"
#include "broker/daemon/taking.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * grant finish: "cancelled as soon as no longer used". The grant is closed on this host for good, by an
 * operator or by its own person from inside their session. An operator waits for the proof that nothing of it
 * is left; the person, whom that would end together with the one who asks, is answered first and has a moment
 * to read it.
 */

#define OWN_GRACE 2 /* seconds */

struct finishing {
    struct broker *broker;
    struct control_call *call;
    struct ident_id grant;
    bool was_closed;
};

/* A session of this person, who they are by it. */
static const struct session *session_of(const struct broker *b, uint32_t person)
{
    const struct session *s = registry_first(b->registry);

    while (s && (s->uid != person || s->job || s->released || s->state != SESSION_OPEN))
        s = registry_next(s);
    return s;
}

/* The grant, if the caller may finish it. NULL: the call has been answered. */
static struct grant_entry *grant_to_finish(struct broker *b, struct control_call *call, const char *id)
{
    uint32_t person = control_call_person(call);
    const struct session *s;
    struct grant_entry *e;

    if (person == CONTROL_NO_PERSON && id)
        return control_find_grant(b, call, id, NULL);
    if (person == CONTROL_NO_PERSON) {
        control_invalid(call, "id");
        return NULL;
    }
    s = id ? session_of(b, person) : registry_find_current(b->registry, person, UINT32_MAX);
    if (s && id)
        return control_find_grant(b, call, id, s->staff);
    e = s ? life_entry(b, s) : NULL;
    if (!e)
        control_not_found(call, id ? id : "session");
    return e;
}

static void answer(struct finishing *x, int result, json_t *ending)
{
    struct grant_entry *e = grants_find(x->broker->grants, &x->grant);
    char id[IDENT_ID_TEXT_SIZE];

    if (e && result == 0)
        e->finish_unwritten = false;
    ident_format_id(&x->grant, id);
    if (result == 0)
        control_reply(x->call,
                      json_pack("{ss sb sO}", "id", id, "was_closed", (int)x->was_closed, "ending", ending));
    else
        control_store_unavailable(x->call, result);
    json_decref(ending);
    free(x);
}

static void on_ended(void *userdata, int result, const struct order_result *ending)
{
    answer(userdata, result, control_ending(ending));
}

static void on_written(void *userdata, int result, uint64_t sequence)
{
    (void)sequence;
    answer(userdata, result, json_null());
}

static struct store_txn *closing(struct broker *b, const struct control_call *call,
                                 const struct grant_entry *e, const char *why, const char *reference)
{
    struct record r = control_record(call, EVENT_GRANT_FINISH, REASON_CLOSED, true);
    struct store_txn *t = ledger_txn(b);
    char id[IDENT_ID_TEXT_SIZE];

    ledger_grant(&r, e, id);
    r.detail = why;
    r.reference = reference;
    /* Once is on record; asking again changes nothing, but that the first time may not have got to the disk.
     */
    if (t && e->finish_unwritten)
        store_txn_record(t, &r);
    return t;
}

static void finish(struct broker *b, struct finishing *x, struct grant_entry *e, const char *why)
{
    bool own = control_call_person(x->call) != CONTROL_NO_PERSON;
    char reference[LEDGER_REFERENCE_SIZE];
    const struct taking_how how = {.grant = &x->grant, .grace = own ? OWN_GRACE : 0, .reference = reference};
    struct store_txn *t;

    ledger_reference(reference);
    e->finish_unwritten = e->finish_unwritten || !e->closed;
    e->closed = true;
    t = closing(b, x->call, e, why, reference);
    if (own) {
        b->generation++;
        taking_end_as(b, &how, NULL);
        if (t)
            life_write_books(b, e, t);
        ledger_submit(b, t, on_written, x);
    } else if (taking_begin(b, &how, t, on_ended, x) < 0) {
        answer(x, -ENOMEM, json_null());
    }
}

void control_grant_finish(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    const char *id = NULL, *why = "";
    const struct varlink_field fields[] = {{"id", VARLINK_STRING, true, &id},
                                           {"why", VARLINK_STRING, true, &why}};
    struct grant_entry *e;
    struct finishing *x;

    if (!control_read(call, parameters, fields, ARRAY_SIZE(fields)))
        return;
    e = grant_to_finish(b, call, id);
    if (!e)
        return;
    x = calloc(1, sizeof(*x));
    if (!x) {
        control_store_unavailable(call, -ENOMEM);
        return;
    }
    *x = (struct finishing){.broker = b, .call = call, .grant = e->id, .was_closed = e->closed};
    finish(b, x, e, why);
}
