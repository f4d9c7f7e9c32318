#include "policy/engine/terms.h"

#include "policy/base/siphash.h"

#include <errno.h>
#include <string.h>

/* The common lines say all that terms are (grant_common.h), and so are their key. */

static const void *key_of(const void *item)
{
    return &((const struct grant_terms *)item)->grant->common;
}

static uint64_t hash(const uint8_t *seed, const void *key)
{
    const struct grant_common *c = key;

    return siphash(seed, c->text, c->size);
}

static bool equal(const void *a, const void *b)
{
    const struct grant_common *x = a, *y = b;

    return x->size == y->size && memcmp(x->text, y->text, x->size) == 0;
}

static const struct hash_keying keying = {key_of, hash, equal};

int terms_pool_init(struct terms_pool *pool, const uint8_t *seed)
{
    return hash_table_init(&pool->table, &keying, seed);
}

void terms_pool_done(struct terms_pool *pool)
{
    hash_table_done(&pool->table);
}

int terms_take(struct terms_pool *pool, const struct grant *g, struct grant_terms **ret)
{
    struct grant_terms *terms;
    void **slot;
    int r = hash_table_reserve(&pool->table);

    if (r != 0)
        return r;
    slot = hash_table_slot(&pool->table, &g->common);
    terms = *slot;
    if (!terms) {
        terms = (struct grant_terms *)calloc(1, sizeof(*terms));
        if (!terms)
            return -ENOMEM;
        if (grant_common_copy(g, &terms->grant) != 0) {
            free(terms);
            return -ENOMEM;
        }
        hash_table_fill_slot(&pool->table, slot, terms);
    }
    terms->users++;
    *ret = terms;
    return 0;
}

void terms_release(struct terms_pool *pool, struct grant_terms *terms)
{
    if (!terms || --terms->users > 0)
        return;
    hash_table_clear_slot(&pool->table, hash_table_slot(&pool->table, &terms->grant->common));
    grant_free(terms->grant);
    free(terms);
}
