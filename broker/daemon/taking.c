#include "broker/daemon/taking.h"

#include "broker/common/clock.h"
#include "broker/common/failpoint.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"
#include "broker/daemon/strangers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NOT_WRITTEN_YET 1

struct taking {
    struct operator_order *order;
    taking_done *done; /* NULL: it was answered */
    void *userdata;
    int result; /* of the commit */
};

/* REASON_OK, or why what is taken away on this host hits this session. */
static enum reason hits(struct broker *b, const struct session *s, when_t now)
{
    const struct grant_entry *e = life_entry(b, s);
    enum reason reason = taken_of_host(b->taken, now);
    struct grant g;

    if (reason == REASON_OK)
        reason = taken_of_staff(b->taken, s->staff, now);
    if (reason != REASON_OK || !e)
        return reason;
    g = grant_entry_grant(e);
    return taken_of_grant(b->taken, &g, now);
}

static bool is_signed(struct broker *b, const struct session *s, when_t now)
{
    const struct grant_entry *e = life_entry(b, s);
    const struct taken_entry *why = taken_why_staff(b->taken, s->staff, now);

    if (!why && e) {
        const struct grant g = grant_entry_grant(e);

        why = taken_why_grant(b->taken, &g, now);
    }
    return why && why->is_signed;
}

static bool is_hit_by(struct broker *b, const struct session *s, const struct store_taken *what)
{
    const struct grant_entry *e = life_entry(b, s);
    char id[IDENT_ID_TEXT_SIZE];

    switch (what->scope) {
    case STORE_TAKEN_GRANT:
        ident_format_id(&s->grant, id);
        return strcmp(id, what->name) == 0;
    case STORE_TAKEN_STAFF:
        return strcmp(s->staff, what->name) == 0;
    case STORE_TAKEN_VENDOR:
        return e && strcmp(grant_entry_vendor(e), what->name) == 0;
    case STORE_TAKEN_HOST:
        return true;
    }
    return true;
}

static enum reason why(struct broker *b, const struct taking_how *how, const struct session *s, when_t now)
{
    enum reason reason;

    if (s->stranger)
        return REASON_OK; /* it is being ended */
    if (how->grant)
        return ident_id_equal(&s->grant, how->grant) ? REASON_CLOSED : REASON_OK;
    if (how->what && !is_hit_by(b, s, how->what))
        return REASON_OK;
    reason = hits(b, s, now);
    if (!how->what && reason == s->grace_reason && s->grace_until > now && !is_signed(b, s, now))
        return REASON_OK;
    return reason;
}

void taking_end_as(struct broker *b, const struct taking_how *how, struct operator_order *order)
{
    when_t now = clock_wall();
    struct session *next;

    if (order)
        strangers_expect(b, order);
    for (struct session *s = registry_first(b->registry); s; s = next) {
        enum reason reason = why(b, how, s, now);

        next = registry_next(s);
        if (reason == REASON_OK)
            continue;
        if (order && s->state != SESSION_RESERVED)
            (void)order_expect(order, s->number);
        if (how->grace > 0 && s->state == SESSION_OPEN)
            life_end_after(b, s, how->grace, reason, how->reference);
        else
            life_end_as(b, s, reason, how->reference);
    }
}

void taking_end(struct broker *b, struct operator_order *order)
{
    const struct taking_how all = {.grace = 0};

    taking_end_as(b, &all, order);
}

static void on_ended(void *userdata, const struct order_result *ending)
{
    struct taking *x = userdata;
    taking_done *done = x->done;

    x->done = NULL;
    done(x->userdata, x->result == NOT_WRITTEN_YET ? -ETIMEDOUT : x->result, ending);
    if (x->result != NOT_WRITTEN_YET)
        free(x);
}

static void on_written(void *userdata, int result, uint64_t sequence)
{
    struct taking *x = userdata;
    struct operator_order *order = x->order;

    (void)sequence;
    FAILPOINT(TAKING_WRITTEN);
    x->result = result;
    if (!x->done)
        free(x); /* it was answered without waiting for this any longer */
    order_unhold(order);
}

/* Closes the grant on disk: behind what ends, which may have given uses back. */
static void write_closed(struct broker *b, const struct taking_how *how, struct store_txn *t)
{
    const struct grant_entry *e = how->grant ? grants_find(b->grants, how->grant) : NULL;

    if (t && e)
        life_write_books(b, e, t);
}

int taking_begin(struct broker *b, const struct taking_how *how, struct store_txn *t, taking_done *done,
                 void *userdata)
{
    struct taking *x = calloc(1, sizeof(*x));

    b->generation++;
    if (x)
        x->order = order_new(b, on_ended, x);
    if (!x || !x->order) {
        free(x);
        taking_end_as(b, how, NULL);
        write_closed(b, how, t);
        ledger_submit(b, t, NULL, NULL);
        return -ENOMEM;
    }
    x->done = done;
    x->userdata = userdata;
    x->result = NOT_WRITTEN_YET;
    order_hold(x->order);
    if (how->grace > 0)
        order_postpone(x->order, how->grace);
    taking_end_as(b, how, x->order);
    order_go(x->order);
    FAILPOINT(TAKING_BEGUN);
    write_closed(b, how, t);
    ledger_submit(b, t, on_written, x);
    return 0;
}
