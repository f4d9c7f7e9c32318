#include "broker/trust/judge.h"
#include "broker/trust/trust_set.h"
#include "broker/trust/verdict.h"
#include "policy/engine/quorum.h"

#include <errno.h>
#include <string.h>

/*
 * From approvals to a standing. Each approval is judged by itself (judge.h); what counts becomes a
 * vote, and the votes go to the engine's quorum, where a voter is one however often. Whoever holds two
 * certificates, two names for one key, or two encodings of one signature is one voter all the same. All
 * votes are kept, as of two certificates either may end or be revoked before the other.
 */

static bool has_vote(const struct grant_standing *s, const struct quorum_vote *vote)
{
    for (size_t i = 0; i < s->n_votes; i++)
        if (s->votes[i].vote.person == vote->person && s->votes[i].vote.role == vote->role)
            return true;
    return false;
}

/* Keeps the latest end first. */
static void add_vote(struct grant_standing *s, const struct quorum_signature *vote)
{
    size_t at = s->n_votes++;

    for (; at > 0 && s->votes[at - 1].until < vote->until; at--)
        s->votes[at] = s->votes[at - 1];
    s->votes[at] = *vote;
}

/* What a question is about. */
struct question {
    const struct trust_set *trust;
    enum approval_subject kind;
    const struct grant *grant; /* or NULL */
    const struct trust_verdicts *verdicts;
    when_t now;
};

static int collect(const struct question *q, struct grant_standing *ret)
{
    size_t n = q->verdicts->n < QUORUM_VOTES_MAX ? q->verdicts->n : QUORUM_VOTES_MAX;

    for (size_t i = 0; i < n; i++) {
        struct judgement j;
        int r = judge_approval(q->trust, q->kind, q->grant, q->verdicts->approvals[i], &q->verdicts->items[i],
                               q->now, &j);

        if (r < 0)
            return r;
        if (j.seen.outcome == SIGNATURE_COUNTED) {
            if (has_vote(ret, &j.signature.vote))
                j.seen.outcome = SIGNATURE_DUPLICATE;
            add_vote(ret, &j.signature);
        }
        ret->seen[ret->n_seen++] = j.seen;
    }
    return 0;
}

/* Puts APPROVAL_MISSING, or OK with the end of the votes that hold the quorum longest. */
static void judge_quorum(const struct trust *d, enum grant_class class, struct grant_standing *ret)
{
    struct quorum_vote votes[QUORUM_VOTES_MAX];
    when_t until = quorum_holds_until(&d->quorum[class], d->n_roles, ret->votes, ret->n_votes);

    for (size_t i = 0; i < ret->n_votes; i++)
        votes[i] = ret->votes[i].vote;
    ret->n_needed_more = quorum_missing(&d->quorum[class], d->n_roles, votes, ret->n_votes);
    if (until == 0)
        return;
    ret->standing = REASON_OK;
    ret->votes_until = when_min(until, d->valid.until);
}

int trust_judge_grant(const struct trust_set *t, const struct grant *g, const struct trust_verdicts *v,
                      when_t now, struct grant_standing *ret)
{
    const struct question q = {t, APPROVAL_SUBJECT_GRANT, g, v, now};
    const struct trust *d = t->document;
    struct grant_standing s = {.standing = REASON_APPROVAL_MISSING};
    int r;

    *ret = s;
    s.requester_known = trust_find_requester(d, g->requester) != NULL;
    r = collect(&q, &s);
    if (r < 0)
        return r;
    judge_quorum(d, g->class, &s);
    if (!when_interval_contains(d->valid, now))
        s.standing = REASON_TRUST_EXPIRED;
    else if (strcmp(g->site, d->site) != 0)
        s.standing = REASON_WRONG_SITE;
    else if (!s.requester_known)
        s.standing = REASON_APPROVAL_MISSING;
    else if (s.standing == REASON_OK && !quorum_within_limit(&d->limit[g->class], g))
        s.standing = REASON_CLASS_LIMIT;
    if (s.standing != REASON_OK && s.standing != REASON_CLASS_LIMIT)
        s.votes_until = 0;
    *ret = s;
    return 0;
}

int trust_judge_trust(const struct trust_set *t, const struct trust *next, const struct trust_verdicts *v,
                      when_t now, struct grant_standing *ret)
{
    const struct question q = {t, APPROVAL_SUBJECT_TRUST, NULL, v, now};
    const struct trust *d = t->document;
    struct grant_standing s = {.standing = REASON_APPROVAL_MISSING, .requester_known = true};
    int r;

    *ret = s;
    r = collect(&q, &s);
    if (r < 0)
        return r;
    judge_quorum(d, GRANT_CLASS_PRIVILEGED, &s);
    if (!when_interval_contains(d->valid, now))
        s.standing = REASON_TRUST_EXPIRED;
    else if (strcmp(next->site, d->site) != 0)
        s.standing = REASON_WRONG_SITE;
    else if (next->epoch < d->epoch || next->epoch - d->epoch > 1)
        s.standing = REASON_APPROVAL_MISSING;
    if (s.standing != REASON_OK)
        s.votes_until = 0;
    *ret = s;
    return 0;
}

/* One signature is enough: what it signs can only narrow. */
static int judge_one(const struct question *q, const char *site, struct grant_standing *ret)
{
    const struct trust *d = q->trust->document;
    struct grant_standing s = {.standing = REASON_APPROVAL_MISSING, .requester_known = true};
    int r;

    *ret = s;
    r = collect(q, &s);
    if (r < 0)
        return r;
    s.n_needed_more = s.n_votes == 0;
    if (!when_interval_contains(d->valid, q->now))
        s.standing = REASON_TRUST_EXPIRED;
    else if (strcmp(site, d->site) != 0)
        s.standing = REASON_WRONG_SITE;
    else if (s.n_votes > 0) {
        s.standing = REASON_OK;
        s.votes_until = when_min(s.votes[0].until, d->valid.until);
    }
    *ret = s;
    return 0;
}

int trust_judge_revocation(const struct trust_set *t, const struct revocation *x,
                           const struct trust_verdicts *v, when_t now, struct grant_standing *ret)
{
    const struct question q = {t, APPROVAL_SUBJECT_REVOCATION, NULL, v, now};

    return judge_one(&q, x->site, ret);
}

int trust_judge_status(const struct trust_set *t, const struct status *s, const struct trust_verdicts *v,
                       when_t now, struct grant_standing *ret)
{
    const struct question q = {t, APPROVAL_SUBJECT_STATUS, NULL, v, now};
    int r = judge_one(&q, s->site, ret);

    if (r == 0 && ret->standing == REASON_OK && s->trust_epoch > t->document->epoch) {
        ret->standing = REASON_APPROVAL_MISSING;
        ret->votes_until = 0;
    }
    return r;
}

/* ---- both halves ---- */

struct verified {
    struct trust_verdict items[QUORUM_VOTES_MAX];
    struct trust_verdicts verdicts;
};

static int verify(const struct trust_set *t, const struct subject *subject, const struct octets *approvals,
                  size_t n_approvals, struct verified *ret)
{
    size_t n = n_approvals < QUORUM_VOTES_MAX ? n_approvals : QUORUM_VOTES_MAX;

    ret->verdicts = (struct trust_verdicts){.approvals = approvals, .items = ret->items, .n = n};
    for (size_t i = 0; i < n; i++) {
        int r = trust_verdict_make(t, subject, approvals[i], &ret->items[i]);

        if (r < 0)
            return r;
    }
    return 0;
}

int trust_verify_grant(const struct trust_set *t, const struct grant *g, struct octets grant_octets,
                       const struct octets *approvals, size_t n_approvals, when_t now,
                       struct grant_standing *ret)
{
    struct subject subject;
    struct verified v;
    int r = subject_of_grant(g, grant_octets, &subject);

    *ret = (struct grant_standing){.standing = REASON_APPROVAL_MISSING};
    if (r == 0)
        r = verify(t, &subject, approvals, n_approvals, &v);
    return r != 0 ? r : trust_judge_grant(t, g, &v.verdicts, now, ret);
}

int trust_verify_trust(const struct trust_set *t, const struct trust *next, struct octets next_octets,
                       const struct octets *approvals, size_t n_approvals, when_t now,
                       struct grant_standing *ret)
{
    struct subject subject;
    struct verified v;
    int r = subject_of_trust(next, next_octets, &subject);

    *ret = (struct grant_standing){.standing = REASON_APPROVAL_MISSING};
    if (r == 0)
        r = verify(t, &subject, approvals, n_approvals, &v);
    return r != 0 ? r : trust_judge_trust(t, next, &v.verdicts, now, ret);
}

int trust_verify_revocation(const struct trust_set *t, const struct revocation *x, struct octets octets,
                            const struct octets *approvals, size_t n_approvals, when_t now,
                            struct grant_standing *ret)
{
    struct subject subject;
    struct verified v;
    int r = subject_of_revocation(x, octets, &subject);

    *ret = (struct grant_standing){.standing = REASON_APPROVAL_MISSING};
    if (r == 0)
        r = verify(t, &subject, approvals, n_approvals, &v);
    return r != 0 ? r : trust_judge_revocation(t, x, &v.verdicts, now, ret);
}

int trust_verify_status(const struct trust_set *t, const struct status *s, struct octets octets,
                        const struct octets *approvals, size_t n_approvals, when_t now,
                        struct grant_standing *ret)
{
    struct subject subject;
    struct verified v;
    int r = subject_of_status(s, octets, &subject);

    *ret = (struct grant_standing){.standing = REASON_APPROVAL_MISSING};
    if (r == 0)
        r = verify(t, &subject, approvals, n_approvals, &v);
    return r != 0 ? r : trust_judge_status(t, s, &v.verdicts, now, ret);
}
