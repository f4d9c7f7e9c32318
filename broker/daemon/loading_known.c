#include "broker/daemon/loading_known.h"

#include "policy/base/siphash.h"

#include <errno.h>
#include <string.h>

static const void *itself(const void *item)
{
    return item;
}

static uint64_t hash_id(const uint8_t *seed, const void *id)
{
    return siphash(seed, id, IDENT_ID_SIZE);
}

static bool equal_id(const void *a, const void *b)
{
    return ident_id_equal(a, b);
}

static uint64_t hash_name(const uint8_t *seed, const void *name)
{
    return siphash(seed, name, strlen(name));
}

static bool equal_name(const void *a, const void *b)
{
    return strcmp(a, b) == 0;
}

static const struct hash_keying id_keying = {itself, hash_id, equal_id};
static const struct hash_keying name_keying = {itself, hash_name, equal_name};

int loading_known_init(struct loading_known *k, const uint8_t seed[static GRANT_INDEX_SEED_SIZE])
{
    int r;

    memcpy(k->seed, seed, sizeof(k->seed));
    r = hash_table_init(&k->ids, &id_keying, k->seed);
    return r < 0 ? r : hash_table_init(&k->names, &name_keying, k->seed);
}

static void done(struct hash_table *t)
{
    for (size_t i = 0; i < t->n_slots; i++)
        free(t->slots[i]);
    hash_table_done(t);
}

void loading_known_done(struct loading_known *k)
{
    done(&k->ids);
    done(&k->names);
}

bool loading_known_has_id(const struct loading_known *k, const struct ident_id *id)
{
    return *hash_table_slot(&k->ids, id) != NULL;
}

bool loading_known_has_name(const struct loading_known *k, const char *name)
{
    return *hash_table_slot(&k->names, name) != NULL;
}

static int put(struct hash_table *t, const void *key, size_t size)
{
    void **slot, *copy;
    int r = hash_table_reserve(t);

    if (r < 0)
        return r;
    slot = hash_table_slot(t, key);
    if (*slot)
        return 0;
    copy = malloc(size);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, key, size);
    hash_table_fill_slot(t, slot, copy);
    return 0;
}

int loading_known_put_id(struct loading_known *k, const struct ident_id *id)
{
    return put(&k->ids, id, sizeof(*id));
}

int loading_known_put_name(struct loading_known *k, const char *name)
{
    return put(&k->names, name, strlen(name) + 1);
}
