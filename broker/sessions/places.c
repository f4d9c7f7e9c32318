#include "broker/sessions/places.h"

#include <errno.h>
#include <stdlib.h>

#define LEAST 64

int places_init(struct places *p)
{
    *p = (struct places){.chains = calloc(LEAST, sizeof(struct place *)), .n_chains = LEAST};
    return p->chains ? 0 : -ENOMEM;
}

void places_done(struct places *p)
{
    free(p->chains);
    *p = (struct places){0};
}

/* Numbers follow each other, and uids nearly do. */
static struct place **chain_of(const struct places *p, uint64_t key)
{
    return &p->chains[(size_t)(key ^ key >> 32) & (p->n_chains - 1)];
}

static void put_in_front(struct place **chain, struct place *x)
{
    x->next = *chain;
    x->at = chain;
    if (x->next)
        x->next->at = &x->next;
    *chain = x;
}

/* The last first, so that each comes to stand in front of those that were behind it. */
static void move(struct places *p, struct place *chain)
{
    struct place *reversed = NULL, *next;

    for (; chain; chain = next) {
        next = chain->next;
        chain->next = reversed;
        reversed = chain;
    }
    for (; reversed; reversed = next) {
        next = reversed->next;
        put_in_front(chain_of(p, reversed->key), reversed);
    }
}

static void grow(struct places *p)
{
    struct places bigger = {.chains = calloc(p->n_chains * 2, sizeof(struct place *)),
                            .n_chains = p->n_chains * 2,
                            .count = p->count};

    if (!bigger.chains)
        return;
    for (size_t i = 0; i < p->n_chains; i++)
        move(&bigger, p->chains[i]);
    free(p->chains);
    *p = bigger;
}

void places_put(struct places *p, struct place *x, uint64_t key, struct session *s)
{
    x->key = key;
    x->session = s;
    if (++p->count > p->n_chains)
        grow(p);
    put_in_front(chain_of(p, key), x);
}

void places_take_out(struct places *p, struct place *x)
{
    if (!x->at)
        return;
    *x->at = x->next;
    if (x->next)
        x->next->at = x->at;
    x->at = NULL;
    p->count--;
}

static struct session *with_key(const struct place *x, uint64_t key)
{
    while (x && x->key != key)
        x = x->next;
    return x ? x->session : NULL;
}

struct session *places_first(const struct places *p, uint64_t key)
{
    return with_key(*chain_of(p, key), key);
}

struct session *places_next(const struct place *x)
{
    return with_key(x->next, x->key);
}
