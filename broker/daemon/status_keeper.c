#include "broker/daemon/status_keeper.h"

#include "broker/common/i18n.h"
#include "broker/daemon/broker.h"
#include "broker/daemon/documents.h"
#include "broker/daemon/timekeeper.h"
#include "broker/daemon/verifier.h"
#include "policy/engine/status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define JUDGE_AGAIN 60 /* seconds */

/* Row of the store. Statuses have no id; the version says which of those that are kept it is. */
#define ROW_CURRENT 1

static const struct ident_id no_id;

void status_keeper_free(struct broker *b)
{
    kept_status_forget(&b->status.current);
    status_waiting_free(&b->status.waiting);
}

/* ---- on disk ---- */

static void put_row(const struct kept_status *x, struct store_txn *t)
{
    struct store_blob approvals[QUORUM_VOTES_MAX];
    struct store_document d = {.type = DOCUMENT_STATUS,
                               .id = no_id,
                               .version = x->row,
                               .octets = x->papers->document.data,
                               .size = x->papers->document.size,
                               .approvals = approvals,
                               .n_approvals = x->papers->n_approvals};

    for (size_t i = 0; i < x->papers->n_approvals; i++)
        approvals[i] = (struct store_blob){x->papers->approvals[i].data, x->papers->approvals[i].size};
    store_txn_document(t, &d);
}

static int parse(struct octets document, const struct octets *approvals, size_t n, struct kept_status *ret)
{
    cleanup(status_free_p) struct status *s = NULL;
    int r = status_parse(document.data, document.size, &s, NULL);

    if (r == 0)
        r = papers_make(&no_id, s->epoch, document, NULL, approvals, n, &ret->papers);
    if (r == 0)
        ret->document = steal_pointer(&s);
    return r;
}

static bool is_row(uint32_t row)
{
    return row == ROW_CURRENT || (STATUS_WAITING_ROW <= row && row < STATUS_WAITING_ROW + STATUS_WAITING_MAX);
}

int status_keeper_load(struct broker *b, const struct store_document *d)
{
    struct octets approvals[QUORUM_VOTES_MAX];
    size_t n = documents_approvals(d, approvals);
    struct kept_status x = {.row = d->version};
    int r = is_row(d->version) ? 0 : -EBADMSG;

    if (r == 0)
        r = parse((struct octets){d->octets, d->size}, approvals, n, &x);
    if (r < 0)
        return r == -EINVAL ? -EBADMSG : r;
    if (x.row == ROW_CURRENT)
        b->status.current = x;
    else
        (void)status_waiting_put(&b->status.waiting, &x);
    return 0;
}

/* ---- under the trust in force ---- */

static const struct signature_seen *counted(const struct grant_standing *standing)
{
    for (size_t i = 0; i < standing->n_seen; i++)
        if (standing->seen[i].outcome == SIGNATURE_COUNTED)
            return &standing->seen[i];
    return NULL;
}

static void note_signer(struct kept_status *x, const struct grant_standing *standing)
{
    const struct signature_seen *seen = counted(standing);

    if (seen)
        (void)snprintf(x->signer, sizeof(x->signer), "%s", seen->approver);
}

static void judge(const struct broker *b, struct kept_status *x, when_t now)
{
    struct grant_standing standing = {.standing = REASON_APPROVAL_MISSING};

    x->votes_until = 0;
    x->judged_at = now;
    if (b->trust && verifier_status(b->verifier, b->trust, x->document, x->papers->document,
                                    x->papers->approvals, x->papers->n_approvals, now, &standing) < 0)
        return;
    if (standing.standing != REASON_OK)
        return;
    x->votes_until = standing.votes_until;
    note_signer(x, &standing);
}

static bool is_newer(const struct status *s, const struct kept_status *than)
{
    return !than->document || status_compare(s, than->document) > 0;
}

/* It is later than the status was issued. */
static void tell_the_time(struct broker *b)
{
    const struct status *s = b->status.current.document;

    timekeeper_trust_status(b->timekeeper, s->issued, s->expires);
}

/* Its epoch has arrived: it is the status, or nothing. */
static void settle_one(struct broker *b, struct kept_status *x, when_t now)
{
    struct status_keeper *k = &b->status;

    judge(b, x, now);
    if (x->votes_until != 0 && is_newer(x->document, &k->current)) {
        kept_status_forget(&k->current);
        k->current = *x;
        k->current.row = ROW_CURRENT;
        tell_the_time(b);
    } else {
        kept_status_forget(x);
    }
}

/* Those whose epoch has arrived come first. */
static void settle_waiting(struct broker *b, when_t now, struct store_txn *t)
{
    struct status_keeper *k = &b->status;
    uint32_t epoch = trust_set_document(b->trust)->epoch;
    size_t before = k->waiting.n;

    while (k->waiting.n > 0 && k->waiting.items[0].document->trust_epoch <= epoch) {
        struct kept_status x = status_waiting_take(&k->waiting);

        settle_one(b, &x, now);
    }
    if (!t || k->waiting.n == before)
        return;
    store_txn_drop_documents(t, DOCUMENT_STATUS, &no_id, ROW_CURRENT);
    if (k->current.document)
        put_row(&k->current, t);
    for (size_t i = 0; i < k->waiting.n; i++)
        put_row(&k->waiting.items[i], t);
}

void status_keeper_trust_changed(struct broker *b, struct store_txn *t)
{
    struct status_keeper *k = &b->status;
    when_t now = timekeeper_now(b->timekeeper);

    if (k->current.document)
        judge(b, &k->current, now);
    if (b->trust)
        settle_waiting(b, now, t);
}

void status_keeper_reset(struct broker *b, struct store_txn *t)
{
    status_keeper_free(b);
    if (t)
        store_txn_drop_documents(t, DOCUMENT_STATUS, &no_id, 0);
}

void status_keeper_look(struct broker *b, when_t now)
{
    struct kept_status *x = &b->status.current;

    if (x->document && x->votes_until == 0 && (now < x->judged_at || now - x->judged_at >= JUDGE_AGAIN))
        judge(b, x, now);
}

when_t status_keeper_holds_until(const struct broker *b)
{
    const struct kept_status *x = &b->status.current;
    when_t max_age = b->config->status_required ? (when_t)b->config->status_max_age : WHEN_NEVER;

    if (!x->document)
        return 0;
    return when_min(status_holds_until(x->document, max_age), x->votes_until);
}

void status_keeper_apply(const struct broker *b, struct grant_entry *e)
{
    const struct status *s = b->status.current.document;
    struct quorum_signature votes[QUORUM_VOTES_MAX];
    struct grant g;

    e->by_status = REASON_OK;
    e->by_status_until = WHEN_NEVER;
    if (!s || !b->trust)
        return;
    g = grant_entry_grant(e);
    e->by_status = status_of_grant(s, trust_set_document(b->trust), &g, votes,
                                   grants_votes(b->grants, e, votes), &e->by_status_until);
}

/* ---- handed in ---- */

void status_offer_done(struct status_offer *s)
{
    s->document = status_free(s->document);
}

static bool same_octets(const struct kept_status *x, struct octets document)
{
    return x->papers->document.size == document.size &&
           memcmp(x->papers->document.data, document.data, document.size) == 0;
}

static int refuse_signature(enum reason standing, struct offer_refusal *refusal)
{
    if (standing == REASON_TRUST_EXPIRED)
        return offer_refuse(refusal, standing,
                            N_("The trust file is not valid at this time, so nobody's signature counts."));
    return offer_refuse(refusal, REASON_APPROVAL_MISSING,
                        N_("No status key of the trust file signed this status, so it changes nothing."));
}

/* Which of those that cannot be verified yet are genuine, nobody can tell. */
static int judge_waiting(const struct broker *b, const struct offer *offer, struct status_offer *s,
                         struct offer_refusal *refusal)
{
    s->waits = true;
    s->newer = true;
    if (offer->n_approvals == 0)
        return refuse_signature(REASON_APPROVAL_MISSING, refusal);
    if (!status_waiting_has_room(&b->status.waiting, s->document))
        return offer_refuse(
            refusal, REASON_STATUS_STALE,
            N_("Statuses wait here already that are newer, or whose trust epoch comes sooner, "
               "and no more are kept. Hand in the trust file first."));
    return 0;
}

static int judge_order(const struct broker *b, const struct offer *offer, struct status_offer *s,
                       struct offer_refusal *refusal)
{
    const struct kept_status *there = &b->status.current;
    int order = there->document ? status_compare(s->document, there->document) : 1;

    s->newer = order > 0;
    if (order < 0)
        return offer_refuse(
            refusal, REASON_STATUS_STALE,
            N_("This host has seen a newer status, and never goes back behind it. Ask for the "
               "latest one."));
    if (order == 0 && !same_octets(there, offer->document))
        return offer_refuse(refusal, REASON_BAD_REQUEST,
                            N_("Another status of the same epoch is known here: its signer used a number "
                               "twice. The next status needs a higher epoch."));
    return 0;
}

static int judge_offer(const struct broker *b, const struct offer *offer, when_t now, struct status_offer *s,
                       struct offer_refusal *refusal)
{
    const struct trust *trust = trust_set_document(b->trust);
    int r;

    if (strcmp(s->document->site, trust->site) != 0)
        return offer_refuse(refusal, REASON_WRONG_SITE,
                            N_("The status is for another site than the trust file."));
    if (s->document->issued > now + (when_t)b->config->tolerance)
        return offer_refuse(
            refusal, REASON_CLOCK_UNSURE,
            N_("The status was issued in the future by the clock of this host: one of the two "
               "clocks is wrong. Check both, then hand it in again."));
    if (s->document->trust_epoch > trust->epoch)
        return judge_waiting(b, offer, s, refusal);
    r = verifier_status(b->verifier, b->trust, s->document, offer->document, offer->approvals,
                        offer->n_approvals, now, &s->standing);
    if (r < 0)
        return r;
    if (s->standing.standing != REASON_OK)
        return refuse_signature(s->standing.standing, refusal);
    return judge_order(b, offer, s, refusal);
}

int status_keeper_judge(const struct broker *b, const struct offer *offer, when_t now,
                        struct status_offer *ret, struct offer_refusal *refusal)
{
    int r;

    *ret = (struct status_offer){.document = NULL};
    *refusal = (struct offer_refusal){.reason = REASON_OK};
    r = status_parse(offer->document.data, offer->document.size, &ret->document, &refusal->error);
    if (r == 0)
        r = judge_offer(b, offer, now, ret, refusal);
    if (r < 0)
        status_offer_done(ret);
    return r;
}

/* All that are looked at. One that does not count now may do so when another ends: of two certificates of one
 * signer either may be the one that is left, and another key may be the next trust file's. */
static size_t n_kept(const struct offer *offer)
{
    return offer->n_approvals < QUORUM_VOTES_MAX ? offer->n_approvals : QUORUM_VOTES_MAX;
}

int status_keeper_take(struct broker *b, struct status_offer *s, const struct offer *offer, when_t now,
                       struct store_txn *t)
{
    struct status_keeper *k = &b->status;
    struct kept_status x = {.judged_at = now, .votes_until = s->waits ? 0 : s->standing.votes_until};

    if (papers_make(&no_id, s->document->epoch, offer->document, NULL, offer->approvals, n_kept(offer),
                    &x.papers) < 0)
        return -ENOMEM;
    x.document = steal_pointer(&s->document);
    note_signer(&x, &s->standing);
    if (s->waits) {
        s->kept = status_waiting_put(&k->waiting, &x);
    } else {
        x.row = ROW_CURRENT;
        kept_status_forget(&k->current);
        k->current = x;
        s->kept = &k->current;
    }
    if (s->newer && !s->waits)
        tell_the_time(b);
    if (t)
        put_row(s->kept, t);
    return 0;
}
