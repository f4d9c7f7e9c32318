#include "broker/trust/judge.h"
#include "broker/trust/trust_set.h"
#include "policy/engine/quorum.h"

#include <string.h>

/*
 * From approvals to a standing. Each approval is judged by itself (judge.h); what counts becomes a
 * vote, once a voter and role; the votes go to the engine's quorum. Whoever holds two certificates,
 * two names for one key, or two encodings of one signature is one voter all the same.
 */

struct votes {
    struct quorum_vote items[QUORUM_VOTES_MAX];
    when_t until[QUORUM_VOTES_MAX];
    size_t count;
};

static bool has_vote(const struct votes *v, const struct judgement *j)
{
    for (size_t i = 0; i < v->count; i++)
        if (v->items[i].person == j->voter && v->items[i].role == j->role)
            return true;
    return false;
}

/* Keeps the latest end first, so that any first n votes are the n that hold longest. */
static void add_vote(struct votes *v, const struct judgement *j)
{
    size_t at = v->count++;

    for (; at > 0 && v->until[at - 1] < j->until; at--) {
        v->items[at] = v->items[at - 1];
        v->until[at] = v->until[at - 1];
    }
    v->items[at] = (struct quorum_vote){.person = j->voter, .role = j->role};
    v->until[at] = j->until;
}

static int collect(const struct trust_set *t, const struct subject *subject, const struct octets *approvals,
                   size_t n_approvals, when_t now, struct votes *votes, struct grant_standing *ret)
{
    size_t n = n_approvals < QUORUM_VOTES_MAX ? n_approvals : QUORUM_VOTES_MAX;

    for (size_t i = 0; i < n; i++) {
        struct judgement j;
        int r = judge_approval(t, subject, approvals[i], now, &j);

        if (r < 0)
            return r;
        if (j.seen.outcome == SIGNATURE_COUNTED && has_vote(votes, &j))
            j.seen.outcome = SIGNATURE_DUPLICATE;
        else if (j.seen.outcome == SIGNATURE_COUNTED)
            add_vote(votes, &j);
        ret->seen[ret->n_seen++] = j.seen;
    }
    return 0;
}

/* Puts APPROVAL_MISSING, or OK with the end of the votes that hold the quorum longest. */
static void judge_quorum(const struct trust *d, enum grant_class class, const struct votes *v,
                         struct grant_standing *ret)
{
    const struct trust_quorum *needed = &d->quorum[class];

    ret->n_needed_more = quorum_missing(needed, d->n_roles, v->items, v->count);
    for (size_t n = 1; n <= v->count; n++) {
        if (!quorum_is_met(needed, d->n_roles, v->items, n))
            continue;
        ret->standing = REASON_OK;
        ret->votes_until = when_min(v->until[n - 1], d->valid.until);
        return;
    }
}

static int verify(const struct trust_set *t, const struct subject *subject, enum grant_class class,
                  const struct octets *approvals, size_t n_approvals, when_t now, struct grant_standing *ret)
{
    struct votes votes = {0};
    int r = collect(t, subject, approvals, n_approvals, now, &votes, ret);

    if (r == 0)
        judge_quorum(t->document, class, &votes, ret);
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
