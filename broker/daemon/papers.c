#include "broker/daemon/papers.h"

#include <errno.h>
#include <string.h>

struct grant_papers *papers_free_one(struct grant_papers *x)
{
    free(x);
    return NULL;
}

bool papers_have_verdicts(const struct grant_papers *x, const struct trust_set *trust)
{
    return memcmp(x->basis, trust_set_basis(trust), sizeof(x->basis)) == 0;
}

void papers_drop_useless(struct grant_papers *x)
{
    size_t n = 0;

    for (size_t i = 0; i < x->n_approvals; i++) {
        if (x->verdicts[i].outcome == SIGNATURE_MALFORMED ||
            x->verdicts[i].outcome == SIGNATURE_OTHER_SUBJECT)
            continue;
        x->approvals[n] = x->approvals[i];
        x->verdicts[n++] = x->verdicts[i];
    }
    x->n_approvals = n;
}

void papers_keep_votes(struct grant_papers *x, const struct quorum_signature *votes, size_t n)
{
    x->n_votes = n;
    memcpy(x->votes, votes, n * sizeof(*votes));
}

static bool is_among(const struct octets *items, size_t n, struct octets x)
{
    for (size_t i = 0; i < n; i++)
        if (items[i].size == x.size && memcmp(items[i].data, x.data, x.size) == 0)
            return true;
    return false;
}

static uint8_t *copy_octets(uint8_t *to, struct octets from, struct octets *ret)
{
    memcpy(to, from.data, from.size);
    *ret = (struct octets){.data = to, .size = from.size};
    return to + from.size;
}

bool papers_have_approvals_of(const struct grant_papers *x, const struct grant_papers *other)
{
    for (size_t i = 0; i < other->n_approvals; i++)
        if (!is_among(x->approvals, x->n_approvals, other->approvals[i]))
            return false;
    return true;
}

/* Adds what is not among `all` yet; `all` has room for QUORUM_VOTES_MAX. */
static size_t merge(struct octets *all, size_t n, const struct octets *more, size_t n_more)
{
    for (size_t i = 0; i < n_more && n < QUORUM_VOTES_MAX; i++)
        if (!is_among(all, n, more[i]))
            all[n++] = more[i];
    return n;
}

int papers_make(const struct ident_id *id, uint32_t version, struct octets document,
                const struct grant_papers *known, const struct octets *more, size_t n_more,
                struct grant_papers **ret)
{
    struct octets all[QUORUM_VOTES_MAX];
    size_t n = 0, size = document.size;
    struct grant_papers *x;
    uint8_t *at;

    /* New ones first: eight useless ones from before must not keep a good one out. */
    n = merge(all, n, more, n_more);
    if (known)
        n = merge(all, n, known->approvals, known->n_approvals);
    for (size_t i = 0; i < n; i++)
        size += all[i].size;
    x = calloc(1, sizeof(*x) + n * sizeof(*x->approvals) + size);
    if (!x)
        return -ENOMEM;
    x->id = *id;
    x->version = version;
    x->approvals = (struct octets *)(x + 1);
    x->n_approvals = n;
    at = copy_octets((uint8_t *)(x->approvals + n), document, &x->document);
    for (size_t i = 0; i < n; i++)
        at = copy_octets(at, all[i], &x->approvals[i]);
    *ret = x;
    return 0;
}
