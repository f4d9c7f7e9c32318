#include "broker/daemon/taken.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* There are as many as operators have typed; a list is enough, but the common case, a host on which nothing
 * was ever revoked, costs nothing. */
struct taken {
    struct store_taken *items;
    size_t n, capacity;
};

int taken_new(struct taken **ret)
{
    *ret = calloc(1, sizeof(**ret));
    return *ret ? 0 : -ENOMEM;
}

struct taken *taken_free(struct taken *t)
{
    if (!t)
        return NULL;
    free(t->items);
    free(t);
    return NULL;
}

size_t taken_count(const struct taken *t)
{
    return t->n;
}

static bool is_same(const struct store_taken *a, const struct store_taken *b)
{
    return a->kind == b->kind && a->scope == b->scope && strcmp(a->name, b->name) == 0;
}

int taken_put(struct taken *t, const struct store_taken *x, struct store_taken *effective)
{
    struct store_taken *slot = NULL;

    for (size_t i = 0; i < t->n && !slot; i++)
        if (is_same(&t->items[i], x))
            slot = &t->items[i];
    if (!slot && t->n == t->capacity) {
        size_t capacity = t->capacity ? 2 * t->capacity : 16;
        struct store_taken *items = reallocarray(t->items, capacity, sizeof(*items));

        if (!items)
            return -ENOMEM;
        t->items = items;
        t->capacity = capacity;
    }
    if (!slot) {
        slot = &t->items[t->n++];
        *slot = *x;
    } else if (x->kind == STORE_LOCK || x->until > slot->until) {
        *slot = *x;
    }
    if (effective)
        *effective = *slot;
    return 0;
}

static bool hits(const struct taken *t, enum store_taken_kind kind, enum store_taken_scope scope,
                 const char *name, when_t now)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct store_taken *x = &t->items[i];

        if (x->kind == kind && x->scope == scope && now < x->until && strcmp(x->name, name) == 0)
            return true;
    }
    return false;
}

enum reason taken_of_grant(const struct taken *t, const struct grant *g, when_t now)
{
    char id[IDENT_ID_TEXT_SIZE];

    if (t->n == 0)
        return REASON_OK;
    ident_format_id(&g->id, id);
    if (hits(t, STORE_TOMBSTONE, STORE_TAKEN_GRANT, id, now) ||
        hits(t, STORE_LOCK, STORE_TAKEN_GRANT, id, now))
        return REASON_REVOKED;
    if (hits(t, STORE_TOMBSTONE, STORE_TAKEN_VENDOR, g->vendor, now))
        return REASON_VENDOR_REVOKED;
    if (hits(t, STORE_LOCK, STORE_TAKEN_VENDOR, g->vendor, now))
        return REASON_VENDOR_LOCKED;
    return REASON_OK;
}

enum reason taken_of_staff(const struct taken *t, const char *staff, when_t now)
{
    if (hits(t, STORE_TOMBSTONE, STORE_TAKEN_STAFF, staff, now))
        return REASON_STAFF_REVOKED;
    return hits(t, STORE_LOCK, STORE_TAKEN_STAFF, staff, now) ? REASON_STAFF_LOCKED : REASON_OK;
}

enum reason taken_of_host(const struct taken *t, when_t now)
{
    return hits(t, STORE_LOCK, STORE_TAKEN_HOST, "", now) ? REASON_HOST_LOCKED : REASON_OK;
}
