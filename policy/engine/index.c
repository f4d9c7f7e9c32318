#include "policy/engine/index.h"

#include "policy/base/siphash.h"
#include "policy/engine/order.h"
#include "policy/engine/terms.h"

#include <errno.h>
#include <string.h>

/*
 *   by_id     each entry
 *   by_staff  the first entry of each person; the others hang on it by next_of_staff. What was put since
 * somebody asked is in front, as it came; who asks finds all of it ascending by id. So many grants of one
 * person that come together are ordered once
 *
 * The key of a slot is read from its entry, so an entry must be out of by_staff before its version changes.
 */
struct grant_index {
    uint8_t seed[GRANT_INDEX_SEED_SIZE];
    struct hash_table by_id;
    struct hash_table by_staff;
    struct terms_pool terms;
};

/* The fields that are a grant's own, in one piece with what is attached to it: texts with their ends, then
 * keys, then the attached octets. */
struct grant_own {
    struct grant_terms *terms;
    struct when_interval valid;
    uint32_t n_attached;
    uint16_t ticket, purpose, keys; /* where they begin; staff is the first */
    uint8_t n_keys;
    bool password;
    char octets[];
};

/* ---- own fields ---- */

/* Where attached octets begin. */
static size_t own_end(const struct grant_own *own)
{
    return own->keys + own->n_keys * sizeof(struct ident_fingerprint);
}

static size_t own_size(size_t n_octets)
{
    return offsetof(struct grant_own, octets) + n_octets;
}

static size_t put_octets(struct grant_own *own, size_t at, const void *octets, size_t size)
{
    if (size > 0)
        memcpy(own->octets + at, octets, size);
    return at + size;
}

static int own_new(struct grant_index *index, const struct grant *g, struct grant_own **ret)
{
    size_t staff = strlen(g->staff) + 1, ticket = strlen(g->ticket) + 1, purpose = strlen(g->purpose) + 1;
    size_t keys = g->n_keys * sizeof(*g->keys), at;
    cleanup_free struct grant_own *own =
        (struct grant_own *)calloc(1, own_size(staff + ticket + purpose + keys));
    int r;

    if (!own)
        return -ENOMEM;
    own->valid = g->valid;
    own->n_keys = (uint8_t)g->n_keys;
    own->password = g->password;
    /* A document is far smaller than what these can count. */
    own->ticket = (uint16_t)(at = put_octets(own, 0, g->staff, staff));
    own->purpose = (uint16_t)(at = put_octets(own, at, g->ticket, ticket));
    own->keys = (uint16_t)(at = put_octets(own, at, g->purpose, purpose));
    (void)put_octets(own, at, g->keys, keys);
    r = terms_take(&index->terms, g, &own->terms);
    if (r != 0)
        return r;
    *ret = steal_pointer(&own);
    return 0;
}

static void own_free(struct grant_index *index, struct grant_own *own)
{
    terms_release(&index->terms, own->terms);
    free(own);
}

struct grant grant_entry_grant(const struct grant_entry *entry)
{
    const struct grant_own *own = entry->own;
    struct grant g = *own->terms->grant;

    g.id = entry->id;
    g.version = entry->version;
    g.staff = own->octets;
    g.ticket = own->octets + own->ticket;
    g.purpose = own->octets + own->purpose;
    g.keys = (const struct ident_fingerprint *)(const void *)(own->octets + own->keys);
    g.n_keys = own->n_keys;
    g.password = own->password;
    g.valid = own->valid;
    g.arena = NULL;
    return g;
}

const char *grant_entry_staff(const struct grant_entry *entry)
{
    return entry->own->octets;
}

const char *grant_entry_vendor(const struct grant_entry *entry)
{
    return entry->own->terms->grant->vendor;
}

int grant_entry_attach(struct grant_entry *entry, const void *octets, size_t size)
{
    struct grant_own *own =
        size > UINT32_MAX ? NULL
                          : (struct grant_own *)realloc(entry->own, own_size(own_end(entry->own) + size));

    if (!own)
        return -ENOMEM;
    entry->own = own;
    own->n_attached = (uint32_t)size;
    (void)put_octets(own, own_end(own), octets, size);
    return 0;
}

const uint8_t *grant_entry_attached(const struct grant_entry *entry, size_t *size)
{
    *size = entry->own->n_attached;
    return *size > 0 ? (const uint8_t *)entry->own->octets + own_end(entry->own) : NULL;
}

/* ---- the tables ---- */

static const void *id_of(const void *item)
{
    return &((const struct grant_entry *)item)->id;
}

static uint64_t hash_id(const uint8_t *seed, const void *id)
{
    return siphash(seed, ((const struct ident_id *)id)->octets, IDENT_ID_SIZE);
}

static bool equal_id(const void *a, const void *b)
{
    return ident_id_equal(a, b);
}

static const void *staff_of(const void *item)
{
    return grant_entry_staff(item);
}

static uint64_t hash_staff(const uint8_t *seed, const void *staff)
{
    return siphash(seed, staff, strlen(staff));
}

static bool equal_staff(const void *a, const void *b)
{
    return strcmp(a, b) == 0;
}

static const struct hash_keying id_keying = {id_of, hash_id, equal_id};
static const struct hash_keying staff_keying = {staff_of, hash_staff, equal_staff};

int grant_index_new(const uint8_t seed[static GRANT_INDEX_SEED_SIZE], struct grant_index **ret)
{
    cleanup(grant_index_free_p) struct grant_index *index = (struct grant_index *)calloc(1, sizeof(*index));
    int r;

    if (!index)
        return -ENOMEM;
    memcpy(index->seed, seed, GRANT_INDEX_SEED_SIZE);
    r = hash_table_init(&index->by_id, &id_keying, index->seed);
    if (r == 0)
        r = hash_table_init(&index->by_staff, &staff_keying, index->seed);
    if (r == 0)
        r = terms_pool_init(&index->terms, index->seed);
    if (r != 0)
        return r;
    *ret = steal_pointer(&index);
    return 0;
}

static void entry_free(struct grant_entry *entry, void *index)
{
    own_free(index, entry->own);
    free(entry);
}

struct grant_index *grant_index_free(struct grant_index *index)
{
    if (!index)
        return NULL;
    grant_index_each(index, entry_free, index);
    hash_table_done(&index->by_id);
    hash_table_done(&index->by_staff);
    terms_pool_done(&index->terms);
    free(index);
    return NULL;
}

/* Room for the person must be reserved. */
static void link_staff(struct grant_index *index, struct grant_entry *entry)
{
    void **slot = hash_table_slot(&index->by_staff, grant_entry_staff(entry));

    entry->next_of_staff = *slot;
    entry->unordered = true;
    if (*slot)
        *slot = entry;
    else
        hash_table_fill_slot(&index->by_staff, slot, entry);
}

static void unlink_staff(struct grant_index *index, struct grant_entry *entry)
{
    void **slot = hash_table_slot(&index->by_staff, grant_entry_staff(entry));
    struct grant_entry *first = *slot, **p = &first;

    if (first == entry && !entry->next_of_staff) {
        hash_table_clear_slot(&index->by_staff, slot);
        return;
    }
    while (*p != entry)
        p = &(*p)->next_of_staff;
    *p = entry->next_of_staff;
    entry->next_of_staff = NULL;
    *slot = first;
}

/* ---- putting ---- */

/* 0, or why this version may not take the place of the one that is there. */
static int may_replace(const struct grant_entry *entry, const struct grant *g, enum reason standing)
{
    const struct grant before = grant_entry_grant(entry);

    if (entry->verified_version == 0)
        return standing != REASON_OK && g->version < before.version ? -ESTALE : 0;
    if (before.version == entry->verified_version && !grant_same_identity(&before, g))
        return -EINVAL;
    if (g->version < entry->verified_version)
        return -ESTALE;
    if (g->version == entry->verified_version && entry->standing == REASON_OK)
        return -ESTALE;
    return standing == REASON_OK ? 0 : -EPERM;
}

static void drop_state_of_other_vendor(struct grant_entry *entry, const struct grant *g)
{
    bool of_vendor = entry->taken_away == REASON_VENDOR_REVOKED || entry->taken_away == REASON_VENDOR_LOCKED;

    if (of_vendor && strcmp(grant_entry_vendor(entry), g->vendor) != 0)
        entry->taken_away = REASON_OK;
}

static int replace(struct grant_index *index, struct grant_entry *entry, const struct grant *g,
                   enum reason standing)
{
    struct grant_own *own = NULL;
    int r = may_replace(entry, g, standing);

    if (r != 0)
        return r;
    drop_state_of_other_vendor(entry, g);
    r = own_new(index, g, &own);
    if (r != 0)
        return r;
    unlink_staff(index, entry);
    own_free(index, entry->own);
    entry->own = own;
    entry->version = g->version;
    link_staff(index, entry);
    return 0;
}

static int insert(struct grant_index *index, const struct grant *g, struct grant_entry **ret)
{
    cleanup_free struct grant_entry *entry = (struct grant_entry *)calloc(1, sizeof(struct grant_entry));
    int r;

    if (!entry)
        return -ENOMEM;
    entry->id = g->id;
    entry->version = g->version;
    entry->taken_away = REASON_OK;
    entry->by_status = REASON_OK;
    entry->by_status_until = WHEN_NEVER;
    r = own_new(index, g, &entry->own);
    if (r != 0)
        return r;
    hash_table_fill_slot(&index->by_id, hash_table_slot(&index->by_id, &entry->id), entry);
    link_staff(index, entry);
    *ret = steal_pointer(&entry);
    return 0;
}

int grant_index_put(struct grant_index *index, struct grant *grant, enum reason standing, when_t votes_until,
                    uint32_t session_max, struct grant_entry **ret)
{
    cleanup(grant_free_p) struct grant *g = grant;
    struct grant_entry *entry;
    int r;

    if (!g->common.text)
        return -EINVAL;
    /* First, so that nothing is half done when there is no memory. */
    r = hash_table_reserve(&index->by_id);
    if (r == 0)
        r = hash_table_reserve(&index->by_staff);
    if (r != 0)
        return r;
    entry = grant_index_find(index, &g->id);
    r = entry ? replace(index, entry, g, standing) : insert(index, g, &entry);
    if (r != 0)
        return r;
    grant_entry_judge(entry, standing, votes_until, session_max);
    if (ret)
        *ret = entry;
    return 0;
}

int grant_index_expect(struct grant_index *index, size_t n)
{
    return hash_table_expect(&index->by_id, n);
}

void grant_entry_judge(struct grant_entry *entry, enum reason standing, when_t votes_until,
                       uint32_t session_max)
{
    entry->standing = standing;
    entry->votes_until = votes_until;
    entry->session_max = session_max;
    if (standing == REASON_OK && entry->verified_version < entry->version)
        entry->verified_version = entry->version;
}

void grant_index_remove(struct grant_index *index, const struct ident_id *id)
{
    void **slot = hash_table_slot(&index->by_id, id);
    struct grant_entry *entry = *slot;

    if (!entry)
        return;
    hash_table_clear_slot(&index->by_id, slot);
    unlink_staff(index, entry);
    entry_free(entry, index);
}

struct grant_entry *grant_index_find(const struct grant_index *index, const struct ident_id *id)
{
    return *hash_table_slot(&index->by_id, id);
}

struct grant_entry *grant_index_first_of(const struct grant_index *index, const char *staff)
{
    void **slot = hash_table_slot(&index->by_staff, staff);
    struct grant_entry *first = *slot;

    if (first && first->unordered)
        *slot = first = grant_order(first);
    return first;
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

struct visit {
    void (*f)(struct grant_entry *, void *);
    void *userdata;
};

static void visit_entry(void *item, void *userdata)
{
    const struct visit *v = userdata;

    v->f(item, v->userdata);
}

bool grant_index_next(const struct grant_index *index, struct hash_walk *walk,
                      void (*f)(struct grant_entry *, void *), void *userdata)
{
    return hash_table_next(&index->by_id, walk, visit_entry, &(struct visit){f, userdata});
}
