#ifndef HUFU_ENGINE_HASH_TABLE_H
#define HUFU_ENGINE_HASH_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * An open-addressed table of pointers to items that bear their key, with linear probing and no tombstones
 * (removal shifts back). It is at most three quarters full and grows by half, so that it takes 11 to 16
 * octets an item. Keys may come from outside, so the hash is seeded.
 */
struct hash_keying {
    const void *(*key_of)(const void *item);
    uint64_t (*hash)(const uint8_t *seed, const void *key);
    bool (*equal)(const void *a, const void *b); /* keys */
};

struct hash_table {
    const struct hash_keying *keying;
    const uint8_t *seed;
    void **slots;
    size_t n_slots;
    size_t used;
};

/** `keying` and `seed` must outlive the table. 0 or -ENOMEM. */
int hash_table_init(struct hash_table *t, const struct hash_keying *keying, const uint8_t *seed);
/** Frees the table, not the items. */
void hash_table_done(struct hash_table *t);

/** Makes room for one more. 0 or -ENOMEM. */
int hash_table_reserve(struct hash_table *t);
/** Makes room for `n` in all, so that it need not grow on the way there. 0 or -ENOMEM. */
int hash_table_expect(struct hash_table *t, size_t n);

/** The slot of the item with that key, or the empty one where it belongs: there must be room for it. Valid
 * until the table changes. */
void **hash_table_slot(const struct hash_table *t, const void *key);

/** How far a walk through all items has come; all zeros at its beginning. */
struct hash_walk {
    uint64_t from; /* the lowest hash that is still to come */
    bool over;
};
/** Visits the item that comes next, or several whose hashes are the same. The order is that of the hashes, so
 * that between two calls any may come and go, and the table grow: what is there all the while is visited
 * exactly once. `visit` may not change the table. False: there is none left. */
bool hash_table_next(const struct hash_table *t, struct hash_walk *walk,
                     void (*visit)(void *item, void *userdata), void *userdata);

/** Puts an item into the empty slot where it belongs, or takes it out; its key must still be what it was. */
void hash_table_fill_slot(struct hash_table *t, void **slot, void *item);
void hash_table_clear_slot(struct hash_table *t, void **slot);

#endif
