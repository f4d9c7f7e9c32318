#ifndef HUFU_ENGINE_TERMS_H
#define HUFU_ENGINE_TERMS_H

#include "policy/document/grant.h"
#include "policy/engine/hash_table.h"

#include <stdint.h>

/*
 * What grants have in common is kept once: the grants of a contract say the same but for person, time, ticket
 * and purpose. Terms are a grant whose own fields are empty (grant_common_copy), counted by whom they are
 * used.
 */
struct grant_terms {
    struct grant *grant;
    uint32_t users;
};

struct terms_pool {
    struct hash_table table;
};

/** `seed` must outlive the pool. 0 or -ENOMEM. */
int terms_pool_init(struct terms_pool *pool, const uint8_t *seed);
/** Nobody must use any terms any more. */
void terms_pool_done(struct terms_pool *pool);

/** The terms of `g`, with one user more. `g` was parsed. 0 or -ENOMEM. */
int terms_take(struct terms_pool *pool, const struct grant *g, struct grant_terms **ret);
/** One user less; the last one's are gone. */
void terms_release(struct terms_pool *pool, struct grant_terms *terms);

#endif
