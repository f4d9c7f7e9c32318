#include "broker/trust/voters.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

static bool is_same_voter(const struct signer *a, const struct signer *b)
{
    return strcmp(a->line->person, b->line->person) == 0 ||
           EVP_PKEY_eq(a->certificate->key, b->certificate->key) == 1;
}

static void renumber(struct signers *approvers, size_t from, size_t to)
{
    for (size_t i = 0; i < approvers->count; i++)
        if (approvers->items[i].voter == from)
            approvers->items[i].voter = to;
}

void voters_number(struct signers *approvers)
{
    for (size_t i = 0; i < approvers->count; i++) {
        struct signer *s = &approvers->items[i];

        s->voter = i;
        for (size_t j = 0; j < i; j++)
            if (is_same_voter(s, &approvers->items[j]))
                renumber(approvers, s->voter, approvers->items[j].voter);
    }
    ERR_clear_error();
}

/* Which role's slot each voter fills: a maximum matching, found by augmenting paths. */
struct filling {
    const uint16_t *roles;
    size_t n;
    int fills[VOTERS_MAX]; /* NO_ROLE: none */
    bool tried[VOTERS_MAX];
};

enum {
    NO_ROLE = -1,
};

static bool fill(struct filling *f, unsigned role)
{
    for (size_t v = 0; v < f->n; v++) {
        if (f->tried[v] || !(f->roles[v] & (1U << role)))
            continue;
        f->tried[v] = true;
        if (f->fills[v] == NO_ROLE || fill(f, (unsigned)f->fills[v])) {
            f->fills[v] = (int)role;
            return true;
        }
    }
    return false;
}

static size_t unfilled(struct filling *f, const struct trust_quorum *needed, unsigned role)
{
    for (uint32_t i = 0; i < needed->role[role]; i++) {
        memset(f->tried, 0, sizeof(f->tried));
        if (!fill(f, role))
            return needed->role[role] - i;
    }
    return 0;
}

size_t voters_missing(const struct trust_quorum *needed, size_t n_roles, const uint16_t *roles, size_t n)
{
    struct filling f = {.roles = roles, .n = n < VOTERS_MAX ? n : VOTERS_MAX};
    size_t for_roles = 0;
    size_t for_total = needed->total > f.n ? needed->total - f.n : 0;

    for (size_t v = 0; v < f.n; v++)
        f.fills[v] = NO_ROLE;
    for (unsigned role = 0; role < n_roles && role < TRUST_ROLES_MAX; role++)
        for_roles += unfilled(&f, needed, role);
    return for_roles > for_total ? for_roles : for_total;
}

bool voters_can_meet(const struct signers *approvers, const struct trust_quorum *needed, size_t n_roles,
                     const when_t *now)
{
    uint16_t roles[VOTERS_MAX];
    size_t voters[VOTERS_MAX];
    size_t n = 0;
    when_t until;

    for (size_t i = 0; i < approvers->count; i++) {
        const struct signer *s = &approvers->items[i];
        size_t v = 0;

        if (now && !signer_valid_until(s, *now, &until))
            continue;
        while (v < n && voters[v] != s->voter)
            v++;
        if (v == VOTERS_MAX)
            break;
        if (v == n) {
            voters[n] = s->voter;
            roles[n++] = 0;
        }
        roles[v] = (uint16_t)(roles[v] | s->line->roles);
    }
    return needed->total >= 1 && needed->total <= QUORUM_VOTES_MAX &&
           voters_missing(needed, n_roles, roles, n) == 0;
}
