#include "broker/daemon/directory_table.h"

#include "policy/base/siphash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 64

void table_init(struct table *t, const uint8_t seed[static 16])
{
    *t = (struct table){.slots = NULL};
    memcpy(t->seed, seed, sizeof(t->seed));
}

void table_done(struct table *t, void (*drop)(void *item))
{
    for (size_t i = 0; i < t->n_slots; i++)
        if (t->slots[i])
            drop(t->slots[i]);
    free(t->slots);
    t->slots = NULL;
    t->n = t->n_slots = 0;
}

static size_t home_of(const struct table *t, const uint8_t *key)
{
    return (size_t)siphash(t->seed, key, TABLE_KEY_SIZE) & (t->n_slots - 1);
}

/* The slot that holds it, or the empty one where it would go. */
static struct table_item **slot_of(const struct table *t, const uint8_t *key)
{
    size_t i = home_of(t, key);

    while (t->slots[i] && memcmp(t->slots[i]->key, key, TABLE_KEY_SIZE) != 0)
        i = (i + 1) & (t->n_slots - 1);
    return &t->slots[i];
}

void *table_find(const struct table *t, const uint8_t key[static TABLE_KEY_SIZE])
{
    return t->n_slots > 0 ? *slot_of(t, key) : NULL;
}

static int grow(struct table *t)
{
    struct table larger = *t;

    larger.n_slots = t->n_slots > 0 ? 2 * t->n_slots : FIRST_SLOTS;
    larger.slots = calloc(larger.n_slots, sizeof(struct table_item *));
    if (!larger.slots)
        return -ENOMEM;
    for (size_t i = 0; i < t->n_slots; i++)
        if (t->slots[i])
            *slot_of(&larger, t->slots[i]->key) = t->slots[i];
    free(t->slots);
    *t = larger;
    return 0;
}

int table_put(struct table *t, struct table_item *item)
{
    if (2 * (t->n + 1) > t->n_slots && grow(t) < 0)
        return -ENOMEM;
    *slot_of(t, item->key) = item;
    t->n++;
    return 0;
}

/* Whoever stands behind the gap and would be looked for from before it moves into it. */
static void close_gap(struct table *t, size_t gap)
{
    size_t mask = t->n_slots - 1;

    for (size_t i = (gap + 1) & mask; t->slots[i]; i = (i + 1) & mask) {
        if (((i - home_of(t, t->slots[i]->key)) & mask) < ((i - gap) & mask))
            continue;
        t->slots[gap] = t->slots[i];
        t->slots[i] = NULL;
        gap = i;
    }
}

void *table_take(struct table *t, const uint8_t key[static TABLE_KEY_SIZE])
{
    struct table_item **slot = t->n_slots > 0 ? slot_of(t, key) : NULL;
    struct table_item *item = slot ? *slot : NULL;

    if (!item)
        return NULL;
    *slot = NULL;
    t->n--;
    close_gap(t, (size_t)(slot - t->slots));
    return item;
}

void *table_next(const struct table *t, size_t *at)
{
    while (*at < t->n_slots) {
        struct table_item *item = t->slots[(*at)++];

        if (item)
            return item;
    }
    return NULL;
}
