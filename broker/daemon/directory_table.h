#ifndef HUFU_DAEMON_DIRECTORY_TABLE_H
#define HUFU_DAEMON_DIRECTORY_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* A hash table over 16 octets that somebody else chose: entryUUIDs and ids of grants. Items are the caller's,
 * and begin with their key. */
#define TABLE_KEY_SIZE 16
struct table_item {
    uint8_t key[TABLE_KEY_SIZE];
};

struct table {
    uint8_t seed[16];
    struct table_item **slots;
    size_t n, n_slots; /* n_slots: a power of two, or 0 */
};

/** `seed` is random octets (tests: any). */
void table_init(struct table *t, const uint8_t seed[static 16]);
/** Frees each item with `drop`. */
void table_done(struct table *t, void (*drop)(void *item));

void *table_find(const struct table *t, const uint8_t key[static TABLE_KEY_SIZE]);
/** Its key is not in the table. 0 or -ENOMEM. */
int table_put(struct table *t, struct table_item *item);
/** The item with this key, which is not in the table any more; NULL: there is none. */
void *table_take(struct table *t, const uint8_t key[static TABLE_KEY_SIZE]);
/** The first from slot *at on, which moves behind it; NULL: no more. Nothing may be put or taken meanwhile.
 */
void *table_next(const struct table *t, size_t *at);

#endif
