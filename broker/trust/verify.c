#include "broker/trust/judge.h"
#include "broker/trust/trust_set.h"
#include "policy/engine/quorum.h"

#include <string.h>

/*
 * From approvals to a standing. Each approval is judged by itself (judge.h); what counts becomes a
 * vote, once a voter and role; the votes go to the engine's quorum. Whoever holds two certificates,
 * two names for one key, or two encodings of one signature is one voter all the same.
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

static int collect(const struct trust_set *t, const struct subject *subject, const struct octets *approvals,
                   size_t n_approvals, when_t now, struct grant_standing *ret)
{
    size_t n = n_approvals < QUORUM_VOTES_MAX ? n_approvals : QUORUM_VOTES_MAX;

    for (size_t i = 0; i < n; i++) {
        struct judgement j;
        int r = judge_approval(t, subject, approvals[i], now, &j);

        if (r < 0)
            return r;
        if (j.seen.outcome == SIGNATURE_COUNTED && has_vote(ret, &j.signature.vote))
            j.seen.outcome = SIGNATURE_DUPLICATE;
        else if (j.seen.outcome == SIGNATURE_COUNTED)
            add_vote(ret, &j.signature);
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

static int verify(const struct trust_set *t, const struct subject *subject, enum grant_class class,
                  const struct octets *approvals, size_t n_approvals, when_t now, struct grant_standing *ret)
{
    int r = collect(t, subject, approvals, n_approvals, now, ret);

    if (r == 0)
        judge_quorum(t->document, class, ret);
    return r;
}

int trust_verify_grant(const struct trust_set *t, const struct grant *g, struct octets grant_octets,
                       const struct octets *approvals, size_t n_approvals, when_t now,
                       struct grant_standing *ret)
{
    const struct trust *d = t->document;
    struct grant_standing s = {.standing = REASON_APPROVAL_MISSING};
    struct subject subject;
    int r = subject_of_grant(g, grant_octets, &subject);

    *ret = s;
    if (r < 0)
        return r;
    s.requester_known = trust_find_requester(d, g->requester) != NULL;
    r = verify(t, &subject, g->class, approvals, n_approvals, now, &s);
    if (r < 0)
        return r;
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

int trust_verify_trust(const struct trust_set *t, const struct trust *next, struct octets next_octets,
                       const struct octets *approvals, size_t n_approvals, when_t now,
                       struct grant_standing *ret)
{
    const struct trust *d = t->document;
    struct grant_standing s = {.standing = REASON_APPROVAL_MISSING, .requester_known = true};
    struct subject subject;
    int r = subject_of_trust(next, next_octets, &subject);

    *ret = s;
    if (r < 0)
        return r;
    r = verify(t, &subject, GRANT_CLASS_PRIVILEGED, approvals, n_approvals, now, &s);
    if (r < 0)
        return r;
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
static int verify_one(const struct trust_set *t, const char *site, const struct subject *subject,
                      const struct octets *approvals, size_t n_approvals, when_t now,
                      struct grant_standing *ret)
{
    const struct trust *d = t->document;
    int r = collect(t, subject, approvals, n_approvals, now, ret);

    if (r < 0)
        return r;
    ret->n_needed_more = ret->n_votes == 0;
    if (!when_interval_contains(d->valid, now))
        ret->standing = REASON_TRUST_EXPIRED;
    else if (strcmp(site, d->site) != 0)
        ret->standing = REASON_WRONG_SITE;
    else if (ret->n_votes > 0) {
        ret->standing = REASON_OK;
        ret->votes_until = when_min(ret->votes[0].until, d->valid.until);
    }
    return 0;
}

int trust_verify_revocation(const struct trust_set *t, const struct revocation *x, struct octets octets,
                            const struct octets *approvals, size_t n_approvals, when_t now,
                            struct grant_standing *ret)
{
    struct subject subject;
    int r = subject_of_revocation(x, octets, &subject);

    *ret = (struct grant_standing){.standing = REASON_APPROVAL_MISSING, .requester_known = true};
    return r < 0 ? r : verify_one(t, x->site, &subject, approvals, n_approvals, now, ret);
}

int trust_verify_status(const struct trust_set *t, const struct status *s, struct octets octets,
                        const struct octets *approvals, size_t n_approvals, when_t now,
                        struct grant_standing *ret)
{
    struct subject subject;
    int r = subject_of_status(s, octets, &subject);

    *ret = (struct grant_standing){.standing = REASON_APPROVAL_MISSING, .requester_known = true};
    if (r == 0)
        r = verify_one(t, s->site, &subject, approvals, n_approvals, now, ret);
    if (r == 0 && ret->standing == REASON_OK && s->trust_epoch > t->document->epoch) {
        ret->standing = REASON_APPROVAL_MISSING;
        ret->votes_until = 0;
    }
    return r;
}
