#include "broker/daemon/papers.h"

#include <errno.h>
#include <string.h>

/* Open addressing, never more than half full. */
struct papers {
    uint64_t seed;
    struct grant_papers **slots;
    size_t n, n_slots; /* n_slots: a power of two */
};

#define PAPERS_FIRST_SLOTS 64

int papers_new(uint64_t seed, struct papers **ret)
{
    cleanup(papers_free_p) struct papers *p = calloc(1, sizeof(*p));

    if (!p)
        return -ENOMEM;
    p->seed = seed;
    p->n_slots = PAPERS_FIRST_SLOTS;
    p->slots = calloc(p->n_slots, sizeof(struct grant_papers *));
    if (!p->slots)
        return -ENOMEM;
    *ret = steal_pointer(&p);
    return 0;
}

struct grant_papers *papers_free_one(struct grant_papers *x)
{
    if (x)
        free(x->votes);
    free(x);
    return NULL;
}

struct papers *papers_free(struct papers *p)
{
    if (!p)
        return NULL;
    for (size_t i = 0; p->slots && i < p->n_slots; i++)
        papers_free_one(p->slots[i]);
    free(p->slots);
    free(p);
    return NULL;
}

static size_t first_slot(const struct papers *p, const struct ident_id *id)
{
    uint64_t a, b;

    memcpy(&a, id->octets, sizeof(a));
    memcpy(&b, id->octets + sizeof(a), sizeof(b));
    a = (a ^ p->seed) * 0x9E3779B97F4A7C15U;
    a = (a ^ (a >> 32) ^ b) * 0xD6E8FEB86659FD93U;
    return (size_t)(a ^ (a >> 32)) & (p->n_slots - 1);
}

/* The slot that holds it, or the empty one where it would go. */
static struct grant_papers **find_slot(const struct papers *p, const struct ident_id *id)
{
    size_t i = first_slot(p, id);

    while (p->slots[i] && !ident_id_equal(&p->slots[i]->id, id))
        i = (i + 1) & (p->n_slots - 1);
    return &p->slots[i];
}

struct grant_papers *papers_find(const struct papers *p, const struct ident_id *id)
{
    return *find_slot(p, id);
}

static int grow(struct papers *p)
{
    struct papers larger = *p;

    larger.n_slots = 2 * p->n_slots;
    larger.slots = calloc(larger.n_slots, sizeof(struct grant_papers *));
    if (!larger.slots)
        return -ENOMEM;
    for (size_t i = 0; i < p->n_slots; i++)
        if (p->slots[i])
            *find_slot(&larger, &p->slots[i]->id) = p->slots[i];
    free(p->slots);
    *p = larger;
    return 0;
}

int papers_put(struct papers *p, struct grant_papers *x)
{
    struct grant_papers **slot = find_slot(p, &x->id);

    if (!*slot && 2 * (p->n + 1) > p->n_slots) {
        if (grow(p) < 0) {
            papers_free_one(x);
            return -ENOMEM;
        }
        slot = find_slot(p, &x->id);
    }
    p->n += !*slot;
    papers_free_one(*slot);
    *slot = x;
    return 0;
}

/* Whoever stands behind the gap and would be looked for from before it moves into it. */
static void close_gap(struct papers *p, size_t gap)
{
    size_t mask = p->n_slots - 1;

    for (size_t i = (gap + 1) & mask; p->slots[i]; i = (i + 1) & mask) {
        size_t home = first_slot(p, &p->slots[i]->id);

        if (((i - home) & mask) < ((i - gap) & mask))
            continue;
        p->slots[gap] = p->slots[i];
        p->slots[i] = NULL;
        gap = i;
    }
}

void papers_remove(struct papers *p, const struct ident_id *id)
{
    struct grant_papers **slot = find_slot(p, id);

    if (!*slot)
        return;
    *slot = papers_free_one(*slot);
    p->n--;
    close_gap(p, (size_t)(slot - p->slots));
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

int papers_keep_votes(struct grant_papers *x, const struct quorum_signature *votes, size_t n)
{
    free(x->votes);
    x->votes = NULL;
    x->n_votes = 0;
    if (n == 0)
        return 0;
    x->votes = calloc(n, sizeof(*votes));
    if (!x->votes)
        return -ENOMEM;
    memcpy(x->votes, votes, n * sizeof(*votes));
    x->n_votes = n;
    return 0;
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
