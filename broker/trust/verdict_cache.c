#include "broker/trust/verdict_cache.h"

#include <errno.h>
#include <string.h>

#define SHARDS      64
#define FIRST_SLOTS 16 /* a power of two */

struct slot {
    struct trust_verdict_key key;
    struct trust_verdict verdict; /* outcome 0: the slot is empty */
};

/* Open addressing, never more than three quarters full; nothing is ever removed. Keys are SHA-256, which is
 * hash enough: who grinds for collisions pays a verification for each, and gets a probe that is some slots
 * longer. Each shard grows by itself, so that with millions nobody waits until all have moved.
 */
struct shard {
    struct slot *slots;
    size_t n, n_slots;
};

struct generation {
    struct shard shards[SHARDS];
    size_t n;
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

static void forget(struct generation *g)
{
    for (size_t i = 0; i < SHARDS; i++)
        free(g->shards[i].slots);
    *g = (struct generation){.n = 0};
}

struct verdict_cache *verdict_cache_free(struct verdict_cache *c)
{
    if (!c)
        return NULL;
    forget(&c->young);
    forget(&c->old);
    free(c);
    return NULL;
}

void verdict_cache_reserve(struct verdict_cache *c, size_t most)
{
    if (most / 2 > c->most)
        c->most = most / 2;
}

static bool let_go(struct generation *g)
{
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *s = &g->shards[i];

        if (!s->slots)
            continue;
        free(s->slots);
        g->n -= s->n;
        *s = (struct shard){.n = 0};
        return true;
    }
    return false;
}

bool verdict_cache_let_go(struct verdict_cache *c)
{
    return let_go(&c->old) || let_go(&c->young);
}

void verdict_cache_forget(struct verdict_cache *c, size_t most)
{
    forget(&c->young);
    forget(&c->old);
    c->most = most / 2;
}

/* By another octet than those that choose the slot. */
static size_t shard_of(const struct trust_verdict_key *key)
{
    return key->octets[sizeof(uint64_t)] % SHARDS;
}

/* The slot that holds it, or the empty one where it would go. */
static struct slot *find_slot(const struct shard *s, const struct trust_verdict_key *key)
{
    uint64_t at;

    memcpy(&at, key->octets, sizeof(at));
    at &= s->n_slots - 1;
    while (s->slots[at].verdict.outcome != 0 &&
           memcmp(s->slots[at].key.octets, key->octets, sizeof(key->octets)) != 0)
        at = (at + 1) & (s->n_slots - 1);
    return &s->slots[at];
}

static const struct slot *find(const struct generation *g, const struct trust_verdict_key *key)
{
    const struct shard *in = &g->shards[shard_of(key)];
    const struct slot *s = in->n > 0 ? find_slot(in, key) : NULL;

    return s && s->verdict.outcome != 0 ? s : NULL;
}

static bool grow(struct shard *s)
{
    struct shard larger = {.n = s->n, .n_slots = s->n_slots > 0 ? 2 * s->n_slots : FIRST_SLOTS};

    larger.slots = calloc(larger.n_slots, sizeof(*larger.slots));
    if (!larger.slots)
        return false;
    for (size_t i = 0; i < s->n_slots; i++)
        if (s->slots[i].verdict.outcome != 0)
            *find_slot(&larger, &s->slots[i].key) = s->slots[i];
    free(s->slots);
    *s = larger;
    return true;
}

void verdict_cache_put(struct verdict_cache *c, const struct trust_verdict_key *key,
                       const struct trust_verdict *v)
{
    struct generation *g = &c->young;
    struct shard *in = &g->shards[shard_of(key)];
    struct slot *s;

    if (v->outcome == 0)
        return;
    if (g->n >= c->most && !find(g, key)) {
        forget(&c->old);
        c->old = c->young;
        c->young = (struct generation){.n = 0};
    }
    if (4 * (in->n + 1) > 3 * in->n_slots && !grow(in))
        return;
    s = find_slot(in, key);
    in->n += s->verdict.outcome == 0;
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
