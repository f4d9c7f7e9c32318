#include "broker/trust/verdict_cache.h"

#include <errno.h>
#include <string.h>

#define FIRST_SLOTS 64 /* a power of two */

struct slot {
    struct trust_verdict_key key;
    struct trust_verdict verdict; /* outcome 0: the slot is empty */
};

/* Open addressing, never more than half full; nothing is ever removed. Keys are SHA-256, which is hash
 * enough: who grinds for collisions pays a verification for each, and gets a probe that is some slots longer.
 */
struct generation {
    struct slot *slots;
    size_t n, n_slots;
};

struct verdict_cache {
    size_t most; /* in one generation; of 0 there is room for one */
    struct generation young, old;
};

int verdict_cache_new(size_t most, struct verdict_cache **ret)
{
    *ret = calloc(1, sizeof(**ret));
    if (!*ret)
        return -ENOMEM;
    (*ret)->most = most / 2;
    return 0;
}

struct verdict_cache *verdict_cache_free(struct verdict_cache *c)
{
    if (!c)
        return NULL;
    free(c->young.slots);
    free(c->old.slots);
    free(c);
    return NULL;
}

void verdict_cache_reserve(struct verdict_cache *c, size_t most)
{
    if (most / 2 > c->most)
        c->most = most / 2;
}

void verdict_cache_forget(struct verdict_cache *c, size_t most)
{
    free(c->young.slots);
    free(c->old.slots);
    *c = (struct verdict_cache){.most = most / 2};
}

/* The slot that holds it, or the empty one where it would go. */
static struct slot *find_slot(const struct generation *g, const struct trust_verdict_key *key)
{
    uint64_t at;

    memcpy(&at, key->octets, sizeof(at));
    at &= g->n_slots - 1;
    while (g->slots[at].verdict.outcome != 0 &&
           memcmp(g->slots[at].key.octets, key->octets, sizeof(key->octets)) != 0)
        at = (at + 1) & (g->n_slots - 1);
    return &g->slots[at];
}

static const struct slot *find(const struct generation *g, const struct trust_verdict_key *key)
{
    const struct slot *s = g->n > 0 ? find_slot(g, key) : NULL;

    return s && s->verdict.outcome != 0 ? s : NULL;
}

static bool grow(struct generation *g)
{
    struct generation larger = {.n = g->n, .n_slots = g->n_slots > 0 ? 2 * g->n_slots : FIRST_SLOTS};

    larger.slots = calloc(larger.n_slots, sizeof(*larger.slots));
    if (!larger.slots)
        return false;
    for (size_t i = 0; i < g->n_slots; i++)
        if (g->slots[i].verdict.outcome != 0)
            *find_slot(&larger, &g->slots[i].key) = g->slots[i];
    free(g->slots);
    *g = larger;
    return true;
}

void verdict_cache_put(struct verdict_cache *c, const struct trust_verdict_key *key,
                       const struct trust_verdict *v)
{
    struct generation *g = &c->young;
    struct slot *s;

    if (v->outcome == 0)
        return;
    if (g->n >= c->most && !find(g, key)) {
        free(c->old.slots);
        c->old = c->young;
        c->young = (struct generation){0};
    }
    if (2 * (g->n + 1) > g->n_slots && !grow(g))
        return;
    s = find_slot(g, key);
    g->n += s->verdict.outcome == 0;
    *s = (struct slot){.key = *key, .verdict = *v};
}

bool verdict_cache_find(struct verdict_cache *c, const struct trust_verdict_key *key,
                        struct trust_verdict *ret)
{
    const struct slot *s = find(&c->young, key);

    *ret = (struct trust_verdict){0};
    if (!s) {
        s = find(&c->old, key);
        if (!s)
            return false;
        *ret = s->verdict;
        verdict_cache_put(c, key, ret);
        return true;
    }
    *ret = s->verdict;
    return true;
}

size_t verdict_cache_count(const struct verdict_cache *c)
{
    return c->young.n + c->old.n;
}
