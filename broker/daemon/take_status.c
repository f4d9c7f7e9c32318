#include "broker/daemon/documents.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"
#include "broker/daemon/status_keeper.h"
#include "broker/daemon/timekeeper.h"

#include <stdio.h>

/* A status that comes in. */

static void record(const struct addition *a, const struct kept_status *x, bool waits, struct store_txn *t)
{
    struct record r = addition_record(a, REASON_OK, true);
    const struct status *s = x->document;
    char detail[320], text[ADDITION_DETAIL_SIZE];

    if (waits)
        (void)snprintf(detail, sizeof(detail),
                       "trust epoch %u, epoch %u: kept until that trust epoch arrives, not verified",
                       s->trust_epoch, s->epoch);
    else
        (void)snprintf(
            detail, sizeof(detail),
            "trust epoch %u, epoch %u, signed by %s: %zu revoked, %zu certificates, %zu minimum versions",
            s->trust_epoch, s->epoch, x->signer, s->n_revoked, s->n_revoked_certificates,
            s->n_minimum_versions);
    r.detail = addition_detail(a, detail, text);
    if (!waits)
        r.deadline = s->expires;
    store_txn_record(t, &r);
}

static void accept(struct addition *a, const struct status_offer *s, when_t now, struct store_txn *t)
{
    struct broker *b = a->broker;
    const struct kept_status *x = s->kept;
    bool stale = now >= status_keeper_holds_until(b);

    if (t)
        record(a, x, s->waits, t);
    if (!s->waits) {
        b->generation++;
        life_recheck_under(b, a->order);
    }
    addition_accept(a,
                    &(struct addition_answer){.version = x->document->epoch,
                                              .state = stale ? REASON_STATUS_STALE : REASON_OK,
                                              .state_text = s->waits ? "status-waiting" : NULL,
                                              .standing = &s->standing},
                    t);
}

void documents_take_status(struct addition *a, const struct offer *offer)
{
    cleanup(status_offer_done) struct status_offer s;
    /* Also while the wall clock is behind: what takes access away is not refused as too new. */
    when_t now = timekeeper_now(a->broker->timekeeper);
    struct offer_refusal refusal = {0};
    struct store_txn *t;
    int r = status_keeper_judge(a->broker, offer, now, &s, &refusal);

    if (r == -EINVAL) {
        addition_refuse(a, &refusal);
        return;
    }
    t = r == 0 ? ledger_txn(a->broker) : NULL;
    if (r == 0)
        r = status_keeper_take(a->broker, &s, offer, now, t);
    if (r == 0) {
        accept(a, &s, now, t);
        return;
    }
    store_txn_free(t);
    addition_fail(a, r);
}
