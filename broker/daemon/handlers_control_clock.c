#include "broker/common/clock.h"
#include "broker/daemon/handlers_control.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/timekeeper.h"

#include <stdio.h>
#include <stdlib.h>

/* What the clock guard knows, and root's word that the clock is right. */

static const char *standing_name(enum clock_standing standing)
{
    switch (standing) {
    case CLOCK_SURE:
        return "sure";
    case CLOCK_BEHIND:
        return "behind";
    case CLOCK_AHEAD:
        return "ahead";
    case CLOCK_NOT_LOOKED:
        break;
    }
    return "unknown";
}

void control_clock_show(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    struct timekeeper_view v;

    if (!control_read(call, parameters, NULL, 0))
        return;
    timekeeper_view(b->timekeeper, &v);
    if (v.standing == CLOCK_SURE)
        v.expected = v.found = 0;
    control_reply(call, json_pack("{ss so so sb so so}", "standing", standing_name(v.standing), "now",
                                  control_time(v.now), "highest", control_time(v.highest), "synchronised",
                                  (int)v.synchronised, "expected", control_time(v.expected), "found",
                                  control_time(v.found)));
}

struct confirming {
    struct broker *broker;
    struct control_call *call;
    struct timekeeper_confirmation confirmation;
};

static void on_confirmed(void *userdata, int result, uint64_t sequence)
{
    struct confirming *c = userdata;

    (void)sequence;
    if (result < 0) {
        timekeeper_take_back(c->broker->timekeeper, &c->confirmation);
        control_store_unavailable(c->call, result);
    } else {
        control_reply(c->call, json_pack("{so so}", "was", control_time(c->confirmation.was), "now",
                                         control_time(c->confirmation.now)));
    }
    free(c);
}

static void confirm(struct confirming *c, const char *why)
{
    struct record r = control_record(c->call, EVENT_CLOCK_CONFIRM, REASON_OK, true);
    char was[WHEN_TEXT_SIZE], now[WHEN_TEXT_SIZE], detail[300];
    struct store_txn *t;

    timekeeper_confirm(c->broker->timekeeper, &c->confirmation);
    r.at_us = clock_wall_us();
    when_format(c->confirmation.was, was);
    when_format(c->confirmation.now, now);
    (void)snprintf(detail, sizeof(detail), "highest seen %s, now %s: %.200s", was, now, why);
    r.detail = detail;
    t = ledger_txn(c->broker);
    if (t)
        store_txn_record(t, &r);
    ledger_submit(c->broker, t, on_confirmed, c);
}

void control_clock_confirm(void *userdata, struct control_call *call, json_t *parameters)
{
    const char *why = NULL;
    const struct varlink_field fields[] = {{"why", VARLINK_STRING, false, &why}};
    struct confirming *c;

    if (!control_read(call, parameters, fields, ARRAY_SIZE(fields)))
        return;
    c = calloc(1, sizeof(*c));
    if (!c) {
        control_reply(call, NULL);
        return;
    }
    *c = (struct confirming){.broker = userdata, .call = call};
    confirm(c, why);
}
