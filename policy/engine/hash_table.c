#include "policy/engine/hash_table.h"

#include <errno.h>
#include <stdlib.h>

#define SLOTS_MIN 16

/* Any number of slots will do: the upper half of a product instead of a remainder. */
static size_t home_of(const struct hash_table *t, const void *key)
{
    return (size_t)(((unsigned __int128)t->keying->hash(t->seed, key) * t->n_slots) >> 64);
}

static size_t after(const struct hash_table *t, size_t i)
{
    return i + 1 < t->n_slots ? i + 1 : 0;
}

int hash_table_init(struct hash_table *t, const struct hash_keying *keying, const uint8_t *seed)
{
    void **slots = (void **)calloc(SLOTS_MIN, sizeof(void *));

    if (!slots)
        return -ENOMEM;
    *t = (struct hash_table){.keying = keying, .seed = seed, .slots = slots, .n_slots = SLOTS_MIN};
    return 0;
}

void hash_table_done(struct hash_table *t)
{
    free((void *)t->slots);
}

void **hash_table_slot(const struct hash_table *t, const void *key)
{
    size_t i = home_of(t, key);

    while (t->slots[i] && !t->keying->equal(t->keying->key_of(t->slots[i]), key))
        i = after(t, i);
    return &t->slots[i];
}

static int grow(struct hash_table *t, size_t n_slots)
{
    struct hash_table larger = *t;

    larger.n_slots = n_slots;
    larger.slots = (void **)calloc(larger.n_slots, sizeof(void *));
    if (!larger.slots)
        return -ENOMEM;
    for (size_t i = 0; i < t->n_slots; i++)
        if (t->slots[i])
            *hash_table_slot(&larger, t->keying->key_of(t->slots[i])) = t->slots[i];
    free((void *)t->slots);
    *t = larger;
    return 0;
}

int hash_table_reserve(struct hash_table *t)
{
    return (t->used + 1) * 4 <= t->n_slots * 3 ? 0 : grow(t, t->n_slots + t->n_slots / 2);
}

int hash_table_expect(struct hash_table *t, size_t n)
{
    size_t n_slots = n + n / 3 + 2;

    return n_slots <= t->n_slots ? 0 : grow(t, n_slots);
}

void hash_table_fill_slot(struct hash_table *t, void **slot, void *item)
{
    *slot = item;
    t->used++;
}

/* How many slots behind `from`, cyclically. */
static size_t distance(const struct hash_table *t, size_t from, size_t to)
{
    return to >= from ? to - from : to + t->n_slots - from;
}

/* Empties the slot and moves those back that had to probe over it. */
void hash_table_clear_slot(struct hash_table *t, void **slot)
{
    size_t hole = (size_t)(slot - t->slots);

    for (size_t i = after(t, hole); t->slots[i]; i = after(t, i)) {
        size_t home = home_of(t, t->keying->key_of(t->slots[i]));

        /* Its home lies at or before the hole: it may move there. */
        if (distance(t, home, i) >= distance(t, hole, i)) {
            t->slots[hole] = t->slots[i];
            hole = i;
        }
    }
    t->slots[hole] = NULL;
    t->used--;
}
