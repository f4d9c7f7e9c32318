#include "policy/engine/hash_table.h"

#include <errno.h>
#include <stdlib.h>

#define SLOTS_MIN 16

/* Any number of slots will do: the upper half of a product instead of a remainder. Homes so lie in the order
 * of the hashes. */
static size_t home_of_hash(const struct hash_table *t, uint64_t hash)
{
    return (size_t)(((unsigned __int128)hash * t->n_slots) >> 64);
}

static size_t home_of(const struct hash_table *t, const void *key)
{
    return home_of_hash(t, t->keying->hash(t->seed, key));
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

/* ---- walking ---- */

static uint64_t hash_of(const struct hash_table *t, const void *item)
{
    return t->keying->hash(t->seed, t->keying->key_of(item));
}

/* Slots are counted on past the end, which a run may go round: who stands there has its home before the end.
 */
static bool is_of_run(const struct hash_table *t, uint64_t hash, size_t at)
{
    return (home_of_hash(t, hash) > at % t->n_slots) == (at >= t->n_slots);
}

/* In a run items stand as they came; the first run that has any has the lowest. */
static bool find_lowest(const struct hash_table *t, uint64_t from, uint64_t *ret)
{
    bool found = false;

    for (size_t at = home_of_hash(t, from);; at++) {
        const void *item = t->slots[at % t->n_slots];
        uint64_t hash;

        if (!item && (found || at >= t->n_slots))
            return found;
        if (!item)
            continue;
        hash = hash_of(t, item);
        if (hash < from || (found && hash > *ret) || !is_of_run(t, hash, at))
            continue;
        *ret = hash;
        found = true;
    }
}

bool hash_table_next(const struct hash_table *t, struct hash_walk *walk,
                     void (*visit)(void *item, void *userdata), void *userdata)
{
    uint64_t lowest = 0;

    if (walk->over || !find_lowest(t, walk->from, &lowest)) {
        walk->over = true;
        return false;
    }
    walk->from = lowest + 1;
    walk->over = lowest == UINT64_MAX;
    for (size_t at = home_of_hash(t, lowest); t->slots[at % t->n_slots]; at++)
        if (hash_of(t, t->slots[at % t->n_slots]) == lowest)
            visit(t->slots[at % t->n_slots], userdata);
    return true;
}
