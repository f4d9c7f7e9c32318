#include "broker/directory/shadow.h"

#include "policy/base/siphash.h"

#include <errno.h>
#include <string.h>

/*
 * Two open-addressed tables of pointers, with linear probing and no tombstones (removal shifts back), at most
 * three quarters full: entries by uuid, and documents by digest. A document counts the entries that hold it,
 * and lives as long as there are any; that many entries hold the same one costs nothing.
 */

enum {
    SLOTS_MIN = 16,
};

/* Both begin with their key. */
struct document {
    uint8_t digest[SHADOW_DIGEST_SIZE];
    uint32_t holders;
};

struct entry {
    struct shadow_record record; /* its name is below */
    struct document *document;
    uint64_t generation; /* in which it was seen last */
    char name[];
};

struct table {
    void **slots;
    size_t n_slots; /* power of two */
    size_t used;
    size_t key_size;
};

struct shadow {
    uint8_t seed[SHADOW_SEED_SIZE];
    struct table entries;
    struct table documents;
    uint64_t generation; /* never comes round: an entry of an old one would count as seen */
    size_t seen;         /* entries of this generation */
};

static size_t home_of(const struct table *t, const uint8_t *seed, const void *key)
{
    return (size_t)siphash(seed, key, t->key_size) & (t->n_slots - 1);
}

/* Slot of the key, or the empty slot where it belongs. The table is never full. */
static void **find_slot(const struct table *t, const uint8_t *seed, const void *key)
{
    size_t i = home_of(t, seed, key);

    while (t->slots[i] && memcmp(t->slots[i], key, t->key_size) != 0)
        i = (i + 1) & (t->n_slots - 1);
    return &t->slots[i];
}

static int table_init(struct table *t, size_t key_size)
{
    *t = (struct table){
        .slots = (void **)calloc(SLOTS_MIN, sizeof(void *)), .n_slots = SLOTS_MIN, .key_size = key_size};
    return t->slots ? 0 : -ENOMEM;
}

static int table_resize(struct table *t, const uint8_t *seed, size_t n_slots)
{
    struct table other = {.n_slots = n_slots, .used = t->used, .key_size = t->key_size};

    other.slots = (void **)calloc(n_slots, sizeof(void *));
    if (!other.slots)
        return -ENOMEM;
    for (size_t i = 0; i < t->n_slots; i++)
        if (t->slots[i])
            *find_slot(&other, seed, t->slots[i]) = t->slots[i];
    free((void *)t->slots);
    *t = other;
    return 0;
}

/* Makes room for one more. */
static int table_reserve(struct table *t, const uint8_t *seed)
{
    if ((t->used + 1) * 4 <= t->n_slots * 3)
        return 0;
    return table_resize(t, seed, t->n_slots * 2);
}

/* Gives room back after a purge. Without memory for that it stays as it is. */
static void table_shrink(struct table *t, const uint8_t *seed)
{
    size_t n_slots = t->n_slots;

    while (n_slots > SLOTS_MIN && t->used * 4 < n_slots)
        n_slots /= 2;
    if (n_slots < t->n_slots)
        (void)table_resize(t, seed, n_slots);
}

/* Empties the slot and moves those back that had to probe over it. */
static void clear_slot(struct table *t, const uint8_t *seed, void **slot)
{
    size_t mask = t->n_slots - 1;
    size_t hole = (size_t)(slot - t->slots);

    for (size_t i = (hole + 1) & mask; t->slots[i]; i = (i + 1) & mask) {
        size_t home = home_of(t, seed, t->slots[i]);

        /* Its home lies at or before the hole, cyclically: it may move there. */
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            t->slots[hole] = t->slots[i];
            hole = i;
        }
    }
    t->slots[hole] = NULL;
    t->used--;
}

static void table_done(struct table *t)
{
    for (size_t i = 0; t->slots && i < t->n_slots; i++)
        free(t->slots[i]);
    free((void *)t->slots);
}

int shadow_new(const uint8_t seed[static SHADOW_SEED_SIZE], struct shadow **ret)
{
    cleanup(shadow_free_p) struct shadow *s = (struct shadow *)calloc(1, sizeof(*s));
    int r;

    if (!s)
        return -ENOMEM;
    memcpy(s->seed, seed, sizeof(s->seed));
    r = table_init(&s->entries, SHADOW_UUID_SIZE);
    if (r == 0)
        r = table_init(&s->documents, SHADOW_DIGEST_SIZE);
    if (r < 0)
        return r;
    *ret = steal_pointer(&s);
    return 0;
}

struct shadow *shadow_free(struct shadow *s)
{
    if (!s)
        return NULL;
    table_done(&s->entries);
    table_done(&s->documents);
    free(s);
    return NULL;
}

static struct entry *find_entry(const struct shadow *s, const uint8_t *uuid)
{
    return (struct entry *)*find_slot(&s->entries, s->seed, uuid);
}

/* What was, for a caller who may not want to know; the name goes with the entry. */
static void tell_was(const struct entry *e, struct shadow_record *ret)
{
    if (!ret)
        return;
    *ret = (struct shadow_record){0};
    if (e)
        *ret = e->record;
    ret->name = NULL;
}

static struct entry *entry_new(const struct shadow_record *r)
{
    size_t room = r->name ? strlen(r->name) + 1 : 0;
    struct entry *e = (struct entry *)calloc(1, sizeof(*e) + room);

    if (!e)
        return NULL;
    e->record = *r;
    e->record.name = r->name ? e->name : NULL;
    if (r->name)
        memcpy(e->name, r->name, room);
    return e;
}

/* The document of this digest, held by one more; there is room for it. NULL without memory. */
static struct document *hold_document(struct shadow *s, const uint8_t *digest)
{
    void **slot = find_slot(&s->documents, s->seed, digest);
    struct document *d = (struct document *)*slot;

    if (!d) {
        d = (struct document *)calloc(1, sizeof(*d));
        if (!d)
            return NULL;
        memcpy(d->digest, digest, sizeof(d->digest));
        *slot = d;
        s->documents.used++;
    }
    d->holders++;
    return d;
}

static void let_go_of_document(struct shadow *s, struct document *d)
{
    if (--d->holders > 0)
        return;
    clear_slot(&s->documents, s->seed, find_slot(&s->documents, s->seed, d->digest));
    free(d);
}

/* Takes the entry, which is in no table any more, out of the counts. */
static void drop_entry(struct shadow *s, struct entry *e)
{
    if (e->generation == s->generation)
        s->seen--;
    let_go_of_document(s, e->document);
    e->document = NULL;
}

/* First all that may fail. */
static int make_entry(struct shadow *s, const struct shadow_record *r, struct entry **ret)
{
    cleanup_free struct entry *e = NULL;
    int error = table_reserve(&s->entries, s->seed);

    if (error == 0)
        error = table_reserve(&s->documents, s->seed);
    if (error < 0)
        return error;
    e = entry_new(r);
    if (!e)
        return -ENOMEM;
    e->document = hold_document(s, r->digest);
    if (!e->document)
        return -ENOMEM;
    *ret = steal_pointer(&e);
    return 0;
}

int shadow_put(struct shadow *s, const struct shadow_record *r, struct shadow_record *ret_was)
{
    struct entry *e, *was = find_entry(s, r->uuid);
    void **slot;
    int error;

    tell_was(NULL, ret_was);
    if (!was && s->entries.used >= SHADOW_ENTRIES_MAX)
        return -ENOSPC;
    error = make_entry(s, r, &e);
    if (error < 0)
        return error;
    e->generation = s->generation;
    s->seen++;
    slot = find_slot(&s->entries, s->seed, r->uuid);
    *slot = e;
    if (!was) {
        s->entries.used++;
        return SHADOW_NEW;
    }
    tell_was(was, ret_was);
    drop_entry(s, was);
    free(was);
    return SHADOW_REPLACED;
}

bool shadow_set_outcome(struct shadow *s, const uint8_t uuid[static SHADOW_UUID_SIZE], enum reason outcome,
                        uint32_t under, bool again)
{
    struct entry *e = find_entry(s, uuid);

    if (!e)
        return false;
    e->record.outcome = outcome;
    e->record.under = under;
    e->record.again = again;
    return true;
}

bool shadow_remove(struct shadow *s, const uint8_t uuid[static SHADOW_UUID_SIZE],
                   struct shadow_record *ret_was)
{
    void **slot = find_slot(&s->entries, s->seed, uuid);
    cleanup_free struct entry *e = (struct entry *)*slot;

    tell_was(e, ret_was);
    if (!e)
        return false;
    clear_slot(&s->entries, s->seed, slot);
    drop_entry(s, e);
    return true;
}

bool shadow_find(const struct shadow *s, const uint8_t uuid[static SHADOW_UUID_SIZE],
                 struct shadow_record *ret)
{
    const struct entry *e = find_entry(s, uuid);

    *ret = (struct shadow_record){0};
    if (e)
        *ret = e->record;
    return e != NULL;
}

size_t shadow_count_of(const struct shadow *s, const uint8_t digest[static SHADOW_DIGEST_SIZE])
{
    const struct document *d = (const struct document *)*find_slot(&s->documents, s->seed, digest);

    return d ? d->holders : 0;
}

size_t shadow_count(const struct shadow *s)
{
    return s->entries.used;
}

void shadow_each(const struct shadow *s, shadow_visit *visit, void *userdata)
{
    for (size_t i = 0; i < s->entries.n_slots; i++)
        if (s->entries.slots[i])
            visit(userdata, &((const struct entry *)s->entries.slots[i])->record);
}

void shadow_begin(struct shadow *s)
{
    s->generation++;
    s->seen = 0;
}

bool shadow_mark(struct shadow *s, const uint8_t uuid[static SHADOW_UUID_SIZE])
{
    struct entry *e = find_entry(s, uuid);

    if (!e)
        return false;
    if (e->generation != s->generation)
        s->seen++;
    e->generation = s->generation;
    return true;
}

size_t shadow_count_unseen(const struct shadow *s)
{
    return s->entries.used - s->seen;
}

static void sweep_slot(struct shadow *s, void **slot, shadow_visit *gone, void *userdata)
{
    cleanup_free struct entry *e = (struct entry *)*slot;

    clear_slot(&s->entries, s->seed, slot);
    drop_entry(s, e);
    if (gone)
        gone(userdata, &e->record);
}

void shadow_sweep(struct shadow *s, shadow_visit *gone, void *userdata)
{
    size_t i = 0;

    while (i < s->entries.n_slots) {
        const struct entry *e = (const struct entry *)s->entries.slots[i];

        /* A slot that was emptied is looked at again: another may have moved there. What moves over the end
         * of the table, to the slots still ahead, was looked at and stays. */
        if (e && e->generation != s->generation)
            sweep_slot(s, &s->entries.slots[i], gone, userdata);
        else
            i++;
    }
    table_shrink(&s->entries, s->seed);
    table_shrink(&s->documents, s->seed);
}
