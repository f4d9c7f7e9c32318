#ifndef HUFU_TRUST_VERDICT_CACHE_H
#define HUFU_TRUST_VERDICT_CACHE_H

#include "broker/trust/verdict.h"
#include "policy/base/cleanup.h"

#include <stdbool.h>

/*
 * Verdicts by key, in bounded memory. What was asked for or put lately stays; junk pushes out what nobody has
 * asked for since, and at most has something verified once more: a verdict that is not here is made, never
 * guessed.
 *
 * Two generations: everything goes into the young one; when it is full it becomes the old one, and what was
 * the old one is gone. Who is found in the old one moves to the young.
 */
struct verdict_cache;

/** Holds between `most` / 2 and `most`. 0 or -ENOMEM. */
int verdict_cache_new(size_t most, struct verdict_cache **ret);
struct verdict_cache *verdict_cache_free(struct verdict_cache *c);
DEFINE_CLEANUP(struct verdict_cache, verdict_cache_free);

/** Lets it hold as many, if that is more than before. */
void verdict_cache_reserve(struct verdict_cache *c, size_t most);

/** Lets go of a part of what it holds: of very much this takes its time. False: nothing is left. */
bool verdict_cache_let_go(struct verdict_cache *c);

/** Lets go of all, and may hold `most` from now on. */
void verdict_cache_forget(struct verdict_cache *c, size_t most);

bool verdict_cache_find(struct verdict_cache *c, const struct trust_verdict_key *key,
                        struct trust_verdict *ret);

/** Adds or replaces. Out of memory it is not remembered, and nothing else happens. */
void verdict_cache_put(struct verdict_cache *c, const struct trust_verdict_key *key,
                       const struct trust_verdict *v);

size_t verdict_cache_count(const struct verdict_cache *c);

#endif
