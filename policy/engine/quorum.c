#include "policy/engine/quorum.h"

/*
 * Counting votes role by role is wrong both ways: one person who holds two roles would fill two slots,
 * and a person counted in the first role that fits may be missing in the only other one. So this is a
 * maximum matching of slots to persons (augmenting paths). With at most eight votes there are at most
 * eight persons, and more slots than that cannot be filled.
 */

enum {
    NOBODY = -1,
};

struct person {
    size_t number;
    uint32_t roles; /* bit i: signed in role i */
    int slot;       /* that this person fills, or NOBODY */
};

struct matching {
    struct person persons[QUORUM_VOTES_MAX];
    size_t n_persons;
    unsigned slots[QUORUM_VOTES_MAX]; /* role that each slot asks for */
    size_t n_slots;
};

static void add_vote(struct matching *m, const struct quorum_vote *v)
{
    size_t i;

    for (i = 0; i < m->n_persons; i++)
        if (m->persons[i].number == v->person)
            break;
    if (i == m->n_persons)
        m->persons[m->n_persons++] = (struct person){.number = v->person, .slot = NOBODY};
    m->persons[i].roles |= UINT32_C(1) << v->role;
}

/* False if there are more slots than votes could ever fill. A need of a role that does not exist stays a
 * slot, which nobody fills. */
static bool add_slots(struct matching *m, const struct trust_quorum *needed)
{
    for (unsigned role = 0; role < TRUST_ROLES_MAX; role++) {
        if (needed->role[role] > QUORUM_VOTES_MAX - m->n_slots)
            return false;
        for (uint32_t i = 0; i < needed->role[role]; i++)
            m->slots[m->n_slots++] = role;
    }
    return true;
}

/* Fills `slot`, moving persons who fill other slots where that helps. `tried` is a bit a person. */
static bool fill_slot(struct matching *m, int slot, unsigned *tried)
{
    for (size_t i = 0; i < m->n_persons; i++) {
        struct person *p = &m->persons[i];

        if (!(p->roles & (UINT32_C(1) << m->slots[slot])) || (*tried & (1u << i)))
            continue;
        *tried |= 1u << i;
        if (p->slot == NOBODY || fill_slot(m, p->slot, tried)) {
            p->slot = slot;
            return true;
        }
    }
    return false;
}

bool quorum_is_met(const struct trust_quorum *needed, size_t n_roles, const struct quorum_vote *votes,
                   size_t n_votes)
{
    struct matching m = {0};

    if (needed->total == 0 || n_roles > TRUST_ROLES_MAX || n_votes > QUORUM_VOTES_MAX)
        return false;
    for (size_t i = 0; i < n_votes; i++)
        if (votes[i].role < n_roles)
            add_vote(&m, &votes[i]);
    if (m.n_persons < needed->total || !add_slots(&m, needed))
        return false;
    for (size_t i = 0; i < m.n_slots; i++) {
        unsigned tried = 0;

        if (!fill_slot(&m, (int)i, &tried))
            return false;
    }
    return true;
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
