#include "broker/common/failpoint.h"
#include "broker/daemon/claiming.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"
#include "broker/daemon/orders.h"
#include "broker/daemon/waiting.h"
#include "broker/daemon/watch.h"

#include <stdio.h>

/* What comes of an ending: what could not be ended, or the proof that nothing is left, and what goes with
 * that. */

static void describe_survivors(const struct ending *e, char *text, size_t size)
{
    int n = snprintf(text, size, "%s",
                     e->away                          ? "hufu-reaper is away or silent"
                     : e->result == REAP_NOT_PROVABLE ? "root held: emptiness not provable"
                     : e->result == REAP_REFUSED      ? "hufu-reaper refused"
                     : e->result == REAP_FAILED ? "hufu-reaper cannot see all processes; its log says why"
                                                : "still there:");

    for (uint32_t i = 0; i < e->n_survivors && n > 0 && (size_t)n < size; i++) {
        int more =
            snprintf(text + n, size - (size_t)n, " %u (%s)", e->survivors[i].pid, e->survivors[i].name);

        n = more < 0 ? -1 : n + more;
    }
}

static void record_remains(struct broker *b, const struct session *s, const struct ending *e)
{
    struct record r = ledger_record(EVENT_SESSION_REMAINS, REASON_REMAINS, false);
    char address[ADDRESS_TEXT_SIZE], id[IDENT_ID_TEXT_SIZE], detail[1024];

    life_record(&r, s, address);
    ledger_grant(&r, life_entry(b, s), id);
    describe_survivors(e, detail, sizeof(detail));
    r.reference = s->reference;
    r.detail = detail;
    r.latency_us = e->took_us;
    ledger_write(b, &r);
    watch_tell(b, s, WATCH_REMAINS);
}

/* The last use has ended: the grant is closed for good. True: just now. */
static bool close_if_used_up(struct broker *b, const struct session *s, struct store_txn *t)
{
    struct grant_entry *e = life_entry(b, s);
    struct record r = ledger_record(EVENT_GRANT_CLOSE, REASON_CLOSED, true);
    char id[IDENT_ID_TEXT_SIZE];
    struct grant_uses uses;

    if (!e || s->job || e->closed || e->sessions_live > 0)
        return false;
    uses = grant_entry_grant(e).uses;
    if (uses.scope == GRANT_USES_UNLIMITED || e->uses_taken < uses.count)
        return false;
    e->closed = true;
    ledger_grant(&r, e, id);
    if (t)
        store_txn_record(t, &r);
    return true;
}

static void record_close(struct broker *b, const struct session *s, const struct ending *e,
                         struct store_txn *t)
{
    struct record r = ledger_record(EVENT_SESSION_CLOSE, s->end_reason, true);
    char address[ADDRESS_TEXT_SIZE], id[IDENT_ID_TEXT_SIZE], detail[64];

    life_record(&r, s, address);
    ledger_grant(&r, life_entry(b, s), id);
    (void)snprintf(detail, sizeof(detail), "%u processes ended, none left", e->processes);
    r.reference = s->reference;
    r.detail = detail;
    r.latency_us = e->took_us;
    store_txn_record(t, &r);
}

static void finalise(struct broker *b, struct session *s, const struct ending *e)
{
    struct claim *claim = claiming_of(b->claiming, s->number);
    struct store_txn *t = ledger_txn(b);
    uint32_t uid = s->uid;
    bool closed = false;

    life_count_back(b, s, !s->opened);
    if (t)
        record_close(b, s, e, t);
    if (s->opened && !s->released)
        closed = close_if_used_up(b, s, t);
    if (t && !s->released)
        life_write(b, s, s->opened ? STORE_SESSION_ENDED : STORE_SESSION_RELEASED, t);
    if (t && claim && s->opened)
        claiming_write_used(claim, t);
    ledger_submit(b, t, NULL, NULL);
    FAILPOINT(END_RECORDED);
    if (s->opened)
        claiming_used(claim);
    else
        claiming_give_back(claim);
    watch_tell(b, s, WATCH_ENDED);
    registry_remove(s);
    waiting_wake(b->waiting, uid);
    if (closed) { /* also for the jobs that it named */
        b->generation++;
        life_recheck_of(b, uid);
    }
}

void life_outcome(void *userdata, struct session *s, const struct ending *e)
{
    struct broker *b = userdata;
    uint64_t number = s->number;

    FAILPOINT(END_PROVEN);
    if (e->result == REAP_DONE)
        finalise(b, s, e);
    else if (e->first)
        record_remains(b, s, e);
    orders_tell(b, number, e);
}
