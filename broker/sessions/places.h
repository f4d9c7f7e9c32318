#ifndef HUFU_SESSIONS_PLACES_H
#define HUFU_SESSIONS_PLACES_H

#include <stddef.h>
#include <stdint.h>

struct session;

/*
 * Sessions by a number that they have, their own or their person's: a hash table, whose links are in the
 * sessions. Nobody from outside chooses these numbers, so they are not hashed with a key.
 */
struct place {
    struct place *next, **at; /* at: what points to this one; NULL: it is in no table */
    struct session *session;
    uint64_t key;
};

struct places {
    struct place **chains; /* a power of two */
    size_t n_chains, count;
};

/** 0 or -ENOMEM. */
int places_init(struct places *p);
void places_done(struct places *p);

/** In front of others with this key. Without memory to grow it takes longer to find. */
void places_put(struct places *p, struct place *x, uint64_t key, struct session *s);
/** One that is in no table is fine. */
void places_take_out(struct places *p, struct place *x);

/** The one that came last, and that before it; or NULL. */
struct session *places_first(const struct places *p, uint64_t key);
struct session *places_next(const struct place *x);

#endif
