#include "policy/engine/index.h"

#include "policy/base/siphash.h"

#include <errno.h>
#include <string.h>

/*
 * Two open-addressed tables of pointers, with linear probing and no tombstones (removal shifts back),
 * at most three quarters full: 11 to 21 octets a grant for both look-ups together with the entry's link.
 *
 *   by_id     each entry
 *   by_staff  the first entry of each person; the others hang on it by next_of_staff, ascending by id
 *
 * The key of a slot is read from the grant that its entry points to, so an entry must be out of the
 * tables before its grant's staff changes.
 */

enum {
    SLOTS_MIN = 16,
};

struct table {
    struct grant_entry **slots;
    size_t n_slots; /* power of two */
    size_t used;
};

struct grant_index {
    uint8_t seed[GRANT_INDEX_SEED_SIZE];
    struct table by_id;
    struct table by_staff;
};

/* What the two tables differ in. */
struct keying {
    uint64_t (*hash)(const uint8_t *seed, const struct grant *g);
    bool (*equal)(const struct grant *a, const struct grant *b);
};

static uint64_t hash_id(const uint8_t *seed, const struct grant *g)
{
    return siphash(seed, g->id.octets, sizeof g->id.octets);
}

static uint64_t hash_staff(const uint8_t *seed, const struct grant *g)
{
    return siphash(seed, g->staff, strlen(g->staff));
}

static bool equal_id(const struct grant *a, const struct grant *b)
{
    return ident_id_equal(&a->id, &b->id);
}

static bool equal_staff(const struct grant *a, const struct grant *b)
{
    return strcmp(a->staff, b->staff) == 0;
}

static const struct keying id_keying = {hash_id, equal_id};
static const struct keying staff_keying = {hash_staff, equal_staff};

/* Slot of the key that `g` has, or the empty slot where it belongs. The table is never full. */
static struct grant_entry **table_slot(const struct table *t, const struct keying *k, const uint8_t *seed,
                                       const struct grant *g)
{
    size_t mask = t->n_slots - 1;
    size_t i = (size_t)k->hash(seed, g) & mask;

    while (t->slots[i] && !k->equal(t->slots[i]->grant, g))
        i = (i + 1) & mask;
    return &t->slots[i];
}

static int table_init(struct table *t)
{
    t->slots = (struct grant_entry **)calloc(SLOTS_MIN, sizeof(struct grant_entry *));
    if (!t->slots)
        return -ENOMEM;
    t->n_slots = SLOTS_MIN;
    return 0;
}

/* Makes room for one more. */
static int table_reserve(struct table *t, const struct keying *k, const uint8_t *seed)
{
    struct table larger = {.n_slots = t->n_slots * 2, .used = t->used};

    if ((t->used + 1) * 4 <= t->n_slots * 3)
        return 0;
    larger.slots = (struct grant_entry **)calloc(larger.n_slots, sizeof(struct grant_entry *));
    if (!larger.slots)
        return -ENOMEM;
    for (size_t i = 0; i < t->n_slots; i++)
        if (t->slots[i])
            *table_slot(&larger, k, seed, t->slots[i]->grant) = t->slots[i];
    free((void *)t->slots);
    *t = larger;
    return 0;
}

/* Empties the slot and moves those back that had to probe over it. */
static void table_clear_slot(struct table *t, const struct keying *k, const uint8_t *seed,
                             struct grant_entry **slot)
{
    size_t mask = t->n_slots - 1;
    size_t hole = (size_t)(slot - t->slots);

    for (size_t i = (hole + 1) & mask; t->slots[i]; i = (i + 1) & mask) {
        size_t home = (size_t)k->hash(seed, t->slots[i]->grant) & mask;

        /* Its home lies at or before the hole, cyclically: it may move there. */
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            t->slots[hole] = t->slots[i];
            hole = i;
        }
    }
    t->slots[hole] = NULL;
    t->used--;
}

int grant_index_new(const uint8_t seed[static GRANT_INDEX_SEED_SIZE], struct grant_index **ret)
{
    cleanup(grant_index_free_p) struct grant_index *index =
        (struct grant_index *)calloc(1, sizeof(struct grant_index));
    int r;

    if (!index)
        return -ENOMEM;
    memcpy(index->seed, seed, GRANT_INDEX_SEED_SIZE);
    r = table_init(&index->by_id);
    if (r == 0)
        r = table_init(&index->by_staff);
    if (r < 0)
        return r;
    *ret = steal_pointer(&index);
    return 0;
}

static struct grant_entry *entry_free(struct grant_entry *entry)
{
    if (!entry)
        return NULL;
    grant_free(entry->grant);
    free(entry);
    return NULL;
}
DEFINE_CLEANUP(struct grant_entry, entry_free);

struct grant_index *grant_index_free(struct grant_index *index)
{
    if (!index)
        return NULL;
    for (size_t i = 0; i < index->by_id.n_slots; i++)
        entry_free(index->by_id.slots[i]);
    free((void *)index->by_id.slots);
    free((void *)index->by_staff.slots);
    free(index);
    return NULL;
}

/* Room for the person must be reserved. */
static void link_staff(struct grant_index *index, struct grant_entry *entry)
{
    struct grant_entry **slot = table_slot(&index->by_staff, &staff_keying, index->seed, entry->grant);
    struct grant_entry **p = slot;

    if (!*slot)
        index->by_staff.used++;
    while (*p && memcmp((*p)->grant->id.octets, entry->grant->id.octets, IDENT_ID_SIZE) < 0)
        p = &(*p)->next_of_staff;
    entry->next_of_staff = *p;
    *p = entry;
}

static void unlink_staff(struct grant_index *index, struct grant_entry *entry)
{
    struct grant_entry **slot = table_slot(&index->by_staff, &staff_keying, index->seed, entry->grant);
    struct grant_entry **p = slot;

    if (*slot == entry && !entry->next_of_staff) {
        table_clear_slot(&index->by_staff, &staff_keying, index->seed, slot);
        return;
    }
    while (*p != entry)
        p = &(*p)->next_of_staff;
    *p = entry->next_of_staff;
    entry->next_of_staff = NULL;
}

/* 0, or why this version may not take the place of the one that is there. */
static int may_replace(const struct grant_entry *entry, const struct grant *g, enum reason standing)
{
    if (entry->verified_version == 0)
        return standing != REASON_OK && g->version < entry->grant->version ? -ESTALE : 0;
    if (entry->grant->version == entry->verified_version && !grant_same_identity(entry->grant, g))
        return -EINVAL;
    if (g->version < entry->verified_version)
        return -EPERM;
    if (g->version == entry->verified_version && entry->standing == REASON_OK)
        return -ESTALE;
    return standing == REASON_OK ? 0 : -EPERM;
}

static void drop_state_of_other_vendor(struct grant_entry *entry, const struct grant *g)
{
    bool of_vendor = entry->taken_away == REASON_VENDOR_REVOKED || entry->taken_away == REASON_VENDOR_LOCKED;

    if (of_vendor && strcmp(entry->grant->vendor, g->vendor) != 0)
        entry->taken_away = REASON_OK;
}

static int replace(struct grant_index *index, struct grant_entry *entry, struct grant **g,
                   enum reason standing)
{
    int r = may_replace(entry, *g, standing);

    if (r < 0)
        return r;
    drop_state_of_other_vendor(entry, *g);
    unlink_staff(index, entry);
    grant_free(entry->grant);
    entry->grant = steal_pointer(g);
    link_staff(index, entry);
    return 0;
}

static int insert(struct grant_index *index, struct grant **g, struct grant_entry **ret)
{
    struct grant_entry *entry = (struct grant_entry *)calloc(1, sizeof(struct grant_entry));

    if (!entry)
        return -ENOMEM;
    entry->grant = steal_pointer(g);
    entry->taken_away = REASON_OK;
    entry->by_status = REASON_OK;
    entry->by_status_until = WHEN_NEVER;
    *table_slot(&index->by_id, &id_keying, index->seed, entry->grant) = entry;
    index->by_id.used++;
    link_staff(index, entry);
    *ret = entry;
    return 0;
}

int grant_index_put(struct grant_index *index, struct grant *grant, enum reason standing, when_t votes_until,
                    uint32_t session_max, struct grant_entry **ret)
{
    cleanup(grant_free_p) struct grant *g = grant;
    struct grant_entry *entry;
    int r;

    /* First, so that nothing is half done when there is no memory. */
    r = table_reserve(&index->by_id, &id_keying, index->seed);
    if (r == 0)
        r = table_reserve(&index->by_staff, &staff_keying, index->seed);
    if (r < 0)
        return r;
    entry = grant_index_find(index, &g->id);
    r = entry ? replace(index, entry, &g, standing) : insert(index, &g, &entry);
    if (r < 0)
        return r;
    grant_entry_judge(entry, standing, votes_until, session_max);
    if (ret)
        *ret = entry;
    return 0;
}

void grant_entry_judge(struct grant_entry *entry, enum reason standing, when_t votes_until,
                       uint32_t session_max)
{
    entry->standing = standing;
    entry->votes_until = votes_until;
    entry->session_max = session_max;
    if (standing == REASON_OK && entry->verified_version < entry->grant->version)
        entry->verified_version = entry->grant->version;
}

void grant_index_remove(struct grant_index *index, const struct ident_id *id)
{
    struct grant key = {.id = *id};
    struct grant_entry **slot = table_slot(&index->by_id, &id_keying, index->seed, &key);
    cleanup(entry_free_p) struct grant_entry *entry = *slot;

    if (!entry)
        return;
    table_clear_slot(&index->by_id, &id_keying, index->seed, slot);
    unlink_staff(index, entry);
}

struct grant_entry *grant_index_find(const struct grant_index *index, const struct ident_id *id)
{
    struct grant key = {.id = *id};

    return *table_slot(&index->by_id, &id_keying, index->seed, &key);
}

struct grant_entry *grant_index_first_of(const struct grant_index *index, const char *staff)
{
    struct grant key = {.staff = staff};

    return *table_slot(&index->by_staff, &staff_keying, index->seed, &key);
}

size_t grant_index_count(const struct grant_index *index)
{
    return index->by_id.used;
}

void grant_index_each(const struct grant_index *index, void (*f)(struct grant_entry *, void *),
                      void *userdata)
{
    for (size_t i = 0; i < index->by_id.n_slots; i++)
        if (index->by_id.slots[i])
            f(index->by_id.slots[i], userdata);
}
