#include "broker/daemon/documents_prepare.h"

#include "broker/common/clock.h"
#include "broker/daemon/grants_verdicts.h"

#include <errno.h>

static void prepare(struct broker *b, struct trust_set *t, const struct subject *subject,
                    const struct offer *offer, verifier_done *done, void *userdata)
{
    verifier_prepare(b->verifier, t, subject, offer->approvals, offer->n_approvals, done, userdata);
}

static int subject_of(struct broker *b, enum document_type type, struct octets document, struct subject *ret)
{
    cleanup(grant_free_p) struct grant *g = NULL;
    cleanup(revocation_free_p) struct revocation *x = NULL;
    cleanup(status_free_p) struct status *s = NULL;
    int r = -EINVAL;

    switch (type) {
    case DOCUMENT_GRANT:
        r = grant_parse(document.data, document.size, &g, NULL);
        if (r == 0)
            r = subject_of_grant(g, document, ret);
        if (r == 0)
            grants_recall(b->grants, b->verifier, b->trust, ret);
        ret->grant = NULL;
        return r;
    case DOCUMENT_REVOCATION:
        r = revocation_parse(document.data, document.size, &x, NULL);
        return r < 0 ? r : subject_of_revocation(x, document, ret);
    case DOCUMENT_STATUS:
        r = status_parse(document.data, document.size, &s, NULL);
        return r < 0 ? r : subject_of_status(s, document, ret);
    case DOCUMENT_TRUST:
    case DOCUMENT_APPROVAL:
        break;
    }
    return r;
}

/* ---- a trust file: its approvals under the old, then under itself, then all grants under itself ---- */

struct succession {
    struct broker *broker;
    struct trust_set *now, *next; /* references */
    struct offer offer;
    struct octets approvals[QUORUM_VOTES_MAX];
    struct subject subject;
    verifier_done *done;
    void *userdata;
};

static void succession_end(void *userdata, int result)
{
    struct succession *s = userdata;

    s->done(s->userdata, result);
    trust_set_free(s->now);
    trust_set_free(s->next);
    free(s);
}

static bool is_signed(const struct succession *s, const struct trust_set *by)
{
    struct grant_standing standing;

    return verifier_trust(s->broker->verifier, by, trust_set_document(s->next), s->offer.document,
                          s->offer.approvals, s->offer.n_approvals, clock_wall(), &standing) == 0 &&
           standing.standing == REASON_OK;
}

static void on_next_verified(void *userdata, int result)
{
    struct succession *s = userdata;

    if (result < 0 || !is_signed(s, s->now) || !is_signed(s, s->next))
        succession_end(s, result);
    else
        grants_prepare(s->broker->grants, s->broker->verifier, s->next, succession_end, s);
}

static void on_now_verified(void *userdata, int result)
{
    struct succession *s = userdata;

    if (result < 0)
        succession_end(s, result);
    else
        prepare(s->broker, s->next, &s->subject, &s->offer, on_next_verified, s);
}

static int succession_new(struct broker *b, const struct offer *offer, struct succession **ret)
{
    struct succession *s = calloc(1, sizeof(*s));
    int r;

    *ret = s;
    if (!s)
        return -ENOMEM;
    s->broker = b;
    s->offer = *offer;
    s->offer.approvals = s->approvals;
    if (s->offer.n_approvals > QUORUM_VOTES_MAX)
        s->offer.n_approvals = QUORUM_VOTES_MAX;
    for (size_t i = 0; i < s->offer.n_approvals; i++)
        s->approvals[i] = offer->approvals[i];
    r = trust_set_new(offer->document.data, offer->document.size, &s->next, NULL);
    if (r == 0)
        r = subject_of_trust(trust_set_document(s->next), offer->document, &s->subject);
    s->now = trust_set_ref(b->trust);
    return r;
}

static void prepare_trust(struct broker *b, const struct offer *offer, verifier_done *done, void *userdata)
{
    struct succession *s;
    int r = succession_new(b, offer, &s);

    if (!s) {
        done(userdata, r);
        return;
    }
    s->done = done;
    s->userdata = userdata;
    if (r < 0)
        succession_end(s, r == -EINVAL ? 0 : r);
    else
        prepare(b, s->now, &s->subject, &s->offer, on_now_verified, s);
}

void documents_prepare(struct broker *b, enum document_type type, const struct offer *offer,
                       verifier_done *done, void *userdata)
{
    struct subject subject;
    int r;

    if (type == DOCUMENT_TRUST) {
        prepare_trust(b, offer, done, userdata);
        return;
    }
    r = subject_of(b, type, offer->document, &subject);
    if (r < 0)
        done(userdata, r == -EINVAL ? 0 : r);
    else
        prepare(b, b->trust, &subject, offer, done, userdata);
}
