#include "broker/daemon/taking.h"

#include "broker/common/clock.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"

#include <errno.h>
#include <stdlib.h>

#define NOT_WRITTEN_YET 1

struct taking {
    struct operator_order *order;
    taking_done *done; /* NULL: it was answered */
    void *userdata;
    int result; /* of the commit */
};

enum reason taking_hits(struct broker *b, const struct session *s, when_t now)
{
    const struct grant_entry *e = life_entry(b, s);
    enum reason reason = taken_of_host(b->taken, now);

    if (reason == REASON_OK)
        reason = taken_of_staff(b->taken, s->staff, now);
    if (reason != REASON_OK || !e)
        return reason;
    return taken_of_grant(b->taken, e->grant, now);
}

void taking_end(struct broker *b, struct operator_order *order)
{
    when_t now = clock_wall();
    struct session *next;

    for (struct session *s = registry_first(b->registry); s; s = next) {
        enum reason reason = taking_hits(b, s, now);

        next = registry_next(s);
        if (reason == REASON_OK)
            continue;
        if (order && s->state != SESSION_RESERVED)
            (void)order_expect(order, s->number);
        life_end(b, s, reason);
    }
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
    x->result = result;
    if (!x->done)
        free(x); /* it was answered without waiting for this any longer */
    order_unhold(order);
}

int taking_begin(struct broker *b, struct store_txn *t, taking_done *done, void *userdata)
{
    struct taking *x = calloc(1, sizeof(*x));

    b->generation++;
    if (x)
        x->order = order_new(b, on_ended, x);
    if (!x || !x->order) {
        free(x);
        taking_end(b, NULL);
        ledger_submit(b, t, NULL, NULL);
        return -ENOMEM;
    }
    x->done = done;
    x->userdata = userdata;
    x->result = NOT_WRITTEN_YET;
    order_hold(x->order);
    taking_end(b, x->order);
    order_go(x->order);
    ledger_submit(b, t, on_written, x);
    return 0;
}
