#include "policy/engine/quorum.h"

/* Who voted, once each, with the roles they signed in. */
struct voters {
    size_t persons[QUORUM_VOTES_MAX];
    uint16_t roles[QUORUM_VOTES_MAX];
    size_t count;
};

static void add_vote(struct voters *v, const struct quorum_vote *vote)
{
    size_t i = 0;

    while (i < v->count && v->persons[i] != vote->person)
        i++;
    if (i == v->count) {
        v->persons[i] = vote->person;
        v->roles[v->count++] = 0;
    }
    v->roles[i] = (uint16_t)(v->roles[i] | 1U << vote->role);
}

uint32_t quorum_missing(const struct trust_quorum *needed, size_t n_roles, const struct quorum_vote *votes,
                        size_t n_votes)
{
    struct voters v = {.count = 0};

    for (size_t i = 0; i < n_votes && i < QUORUM_VOTES_MAX; i++)
        if (votes[i].role < n_roles)
            add_vote(&v, &votes[i]);
    return trust_quorum_missing(needed, v.roles, v.count);
}

bool quorum_is_met(const struct trust_quorum *needed, size_t n_roles, const struct quorum_vote *votes,
                   size_t n_votes)
{
    if (needed->total == 0 || n_roles > TRUST_ROLES_MAX || n_votes > QUORUM_VOTES_MAX)
        return false;
    return quorum_missing(needed, n_roles, votes, n_votes) == 0;
}

when_t quorum_holds_until(const struct trust_quorum *needed, size_t n_roles,
                          const struct quorum_signature *signatures, size_t n)
{
    struct quorum_vote votes[QUORUM_VOTES_MAX];

    for (size_t i = 0; i < n && i < QUORUM_VOTES_MAX; i++) {
        votes[i] = signatures[i].vote;
        if (quorum_is_met(needed, n_roles, votes, i + 1))
            return signatures[i].until;
    }
    return 0;
}

/* What the grant leaves open, as enum trust_any bits. */
static unsigned left_open(const struct grant *g)
{
    return (g->any_command ? TRUST_ANY_COMMAND : 0u) | (g->any_hours ? TRUST_ANY_HOURS : 0u) |
           (g->max_session.unlimited ? TRUST_ANY_MAX_SESSION : 0u) |
           (g->sessions.unlimited ? TRUST_ANY_SESSIONS : 0u) | (g->any_source ? TRUST_ANY_SOURCE : 0u) |
           (g->uses.scope == GRANT_USES_UNLIMITED ? TRUST_ANY_USES : 0u);
}

bool quorum_within_limit(const struct trust_limit *limit, const struct grant *g)
{
    if (g->valid.until - g->valid.from > (when_t)limit->validity)
        return false;
    if (!g->max_session.unlimited && g->max_session.value > limit->session)
        return false;
    return (left_open(g) & ~(unsigned)limit->any) == 0;
}
