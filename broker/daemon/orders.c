#include "broker/daemon/orders.h"

#include "broker/common/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ORDER_PATIENCE_US ((uint64_t)10500000) /* the reaper itself gives up after 10 s */

struct operator_order {
    struct broker *broker;
    struct operator_order *next;
    uint64_t *expected;
    size_t n_expected;
    unsigned held;
    bool incomplete;
    bool unsure; /* it is not known yet who else is in */
    uint64_t postponed_us, since;
    sd_event_source *patience; /* from order_go() on: what comes before may take long, and holds it */
    struct order_result result;
    order_done *done;
    void *userdata;
};

static void unlink_order(struct operator_order *o)
{
    for (struct operator_order **at = &o->broker->orders; *at; at = &(*at)->next)
        if (*at == o) {
            *at = o->next;
            break;
        }
}

static void answer(struct operator_order *o)
{
    order_done *done = o->done;

    o->done = NULL;
    o->result.proven = o->n_expected == 0 && !o->incomplete && !o->unsure;
    if (done)
        done(o->userdata, &o->result);
}

void order_drop(struct operator_order *o)
{
    unlink_order(o);
    sd_event_source_disable_unref(o->patience);
    free(o->expected);
    free(o);
}

/* Answers; who still holds it keeps the memory until they let go. */
static void finish(struct operator_order *o)
{
    answer(o);
    if (o->held == 0)
        order_drop(o);
}

static int on_impatient(sd_event_source *source, uint64_t now, void *userdata)
{
    (void)source;
    (void)now;
    finish(userdata);
    return 0;
}

struct operator_order *order_new(struct broker *b, order_done *done, void *userdata)
{
    struct operator_order *o = calloc(1, sizeof(*o));

    if (!o)
        return NULL;
    o->broker = b;
    o->done = done;
    o->userdata = userdata;
    o->since = clock_boot_us();
    o->held = 1; /* until order_go() */
    o->next = b->orders;
    b->orders = o;
    return o;
}

void order_postpone(struct operator_order *o, uint32_t seconds)
{
    o->postponed_us = (uint64_t)seconds * 1000000;
}

int order_expect(struct operator_order *o, uint64_t session)
{
    uint64_t *more = reallocarray(o->expected, o->n_expected + 1, sizeof(*more));

    if (!more) {
        o->incomplete = true; /* what is not waited for is not proven */
        return -ENOMEM;
    }
    if (o->n_expected == 0)
        o->since = clock_boot_us() + o->postponed_us;
    o->expected = more;
    o->expected[o->n_expected++] = session;
    return 0;
}

void order_forget(struct operator_order *o, uint64_t session)
{
    for (size_t i = o->n_expected; i > 0; i--)
        if (o->expected[i - 1] == session) {
            o->expected[i - 1] = o->expected[--o->n_expected];
            return;
        }
}

void order_hold(struct operator_order *o)
{
    o->held++;
}

void order_unhold(struct operator_order *o)
{
    if (--o->held == 0 && (o->n_expected == 0 || !o->done))
        finish(o);
}

void order_await_strangers(struct operator_order *o)
{
    if (o->unsure)
        return;
    o->unsure = true;
    order_hold(o);
}

void orders_expect_stranger(struct broker *b, uint64_t session)
{
    for (struct operator_order *o = b->orders; o; o = o->next)
        if (o->unsure)
            (void)order_expect(o, session);
}

void orders_strangers_known(struct broker *b)
{
    struct operator_order *next;

    for (struct operator_order *o = b->orders; o; o = next) {
        next = o->next;
        if (!o->unsure)
            continue;
        o->unsure = false;
        order_unhold(o);
    }
}

void order_go(struct operator_order *o)
{
    if (sd_event_add_time_relative(o->broker->event, &o->patience, CLOCK_BOOTTIME,
                                   o->postponed_us + ORDER_PATIENCE_US, 1000, on_impatient, o) < 0) {
        o->incomplete = true; /* nobody would ever be impatient */
        answer(o);
    }
    order_unhold(o);
}

static void take_survivors(struct order_result *result, const struct ending *e)
{
    for (uint32_t i = 0; i < e->n_survivors && result->n_survivors < REAP_SURVIVORS_MAX; i++)
        result->survivors[result->n_survivors++] = e->survivors[i];
}

static void tell(struct operator_order *o, size_t at, const struct ending *e)
{
    o->result.root_held = o->result.root_held || e->result == REAP_NOT_PROVABLE;
    if (e->result != REAP_DONE) {
        if (e->first)
            take_survivors(&o->result, e);
        return; /* it is tried again, as long as anybody waits here */
    }
    o->expected[at] = o->expected[--o->n_expected];
    o->result.sessions++;
    o->result.processes += e->processes;
    if (clock_boot_us() > o->since) /* else it ended by itself before its time */
        o->result.took_us = clock_boot_us() - o->since;
    if (o->held == 0 && o->n_expected == 0)
        finish(o);
}

void orders_tell(struct broker *b, uint64_t session, const struct ending *e)
{
    struct operator_order *next;

    for (struct operator_order *o = b->orders; o; o = next) {
        next = o->next;
        for (size_t i = 0; i < o->n_expected; i++)
            if (o->expected[i] == session) {
                tell(o, i, e);
                break;
            }
    }
}

void orders_free(struct broker *b)
{
    while (b->orders) {
        b->orders->held = 0;
        finish(b->orders);
    }
}
