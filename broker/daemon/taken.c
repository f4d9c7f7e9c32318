#include "broker/daemon/taken.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* There are as many as operators have typed and revokers signed, and of the directory's unsigned ones 1024 at
 * most (DIRECTORY_UNSIGNED_MAX): to look through these costs some microseconds for each grant of the person
 * who logs in. A list is enough, and the common case, a host on which nothing was ever revoked, costs
 * nothing. */
struct taken {
    struct taken_entry *items;
    size_t n, capacity;
    uint64_t last_serial;
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

/* Room for one more at the end, or NULL. */
static struct taken_entry *append(struct taken *t)
{
    if (t->n == t->capacity) {
        size_t capacity = t->capacity ? 2 * t->capacity : 16;
        struct taken_entry *items = reallocarray(t->items, capacity, sizeof(*items));

        if (!items)
            return NULL;
        t->items = items;
        t->capacity = capacity;
    }
    return &t->items[t->n++];
}

static bool is_same(const struct taken_entry *x, const struct store_taken *asked)
{
    return !x->is_signed && !x->is_unsigned && x->what.kind == asked->kind && x->what.scope == asked->scope &&
           strcmp(x->what.name, asked->name) == 0;
}

int taken_put(struct taken *t, const struct store_taken *x, struct store_taken *effective)
{
    struct taken_entry *slot = NULL;

    for (size_t i = 0; i < t->n && !slot; i++)
        if (is_same(&t->items[i], x))
            slot = &t->items[i];
    if (!slot) {
        slot = append(t);
        if (!slot)
            return -ENOMEM;
        *slot = (struct taken_entry){.what = *x, .serial = ++t->last_serial};
    } else if (x->kind == STORE_LOCK || x->until > slot->what.until) {
        slot->what = *x;
        slot->serial = ++t->last_serial;
    }
    if (effective)
        *effective = slot->what;
    return 0;
}

const struct taken_entry *taken_find_document(const struct taken *t, const struct ident_id *revocation,
                                              const uint8_t sha256[static 32], uint32_t *free_row)
{
    *free_row = 1;
    for (size_t i = 0; i < t->n; i++) {
        const struct taken_entry *x = &t->items[i];

        if (!x->is_signed || !ident_id_equal(&x->revocation, revocation))
            continue;
        if (memcmp(x->sha256, sha256, sizeof(x->sha256)) == 0)
            return x;
        if (x->row >= *free_row)
            *free_row = x->row + 1;
    }
    return NULL;
}

int taken_put_signed(struct taken *t, const struct taken_entry *x)
{
    struct taken_entry *slot;
    uint32_t row;

    if (taken_find_document(t, &x->revocation, x->sha256, &row))
        return 0;
    slot = append(t);
    if (!slot)
        return -ENOMEM;
    *slot = *x;
    slot->is_signed = true;
    return 0;
}

static struct taken_entry *find_unsigned(const struct taken *t, const uint8_t sha256[static 32])
{
    for (size_t i = 0; i < t->n; i++)
        if (t->items[i].is_unsigned && memcmp(t->items[i].sha256, sha256, 32) == 0)
            return &t->items[i];
    return NULL;
}

const struct taken_entry *taken_find_unsigned(const struct taken *t, const uint8_t sha256[static 32])
{
    return find_unsigned(t, sha256);
}

int taken_put_unsigned(struct taken *t, const struct taken_entry *x)
{
    struct taken_entry *slot;

    if (find_unsigned(t, x->sha256))
        return 0;
    slot = append(t);
    if (!slot)
        return -ENOMEM;
    *slot = *x;
    slot->is_signed = false;
    slot->is_unsigned = true;
    return 0;
}

bool taken_remove_unsigned(struct taken *t, const uint8_t sha256[static 32], struct taken_entry *ret)
{
    struct taken_entry *x = find_unsigned(t, sha256);

    if (!x)
        return false;
    if (ret)
        *ret = *x;
    *x = t->items[--t->n];
    return true;
}

/* Whose word stands for it. */
static int rank(const struct taken_entry *x)
{
    if (x->is_signed)
        return 2;
    return x->is_unsigned ? 0 : 1;
}

static bool holds(const struct taken_entry *x, enum store_taken_kind kind, enum store_taken_scope scope,
                  const char *name, when_t now)
{
    return x->what.kind == kind && x->what.scope == scope && now < x->what.until &&
           strcmp(x->what.name, name) == 0;
}

const struct taken_entry *taken_find(const struct taken *t, enum store_taken_kind kind,
                                     enum store_taken_scope scope, const char *name, when_t now)
{
    const struct taken_entry *found = NULL;

    for (size_t i = 0; i < t->n; i++)
        if (holds(&t->items[i], kind, scope, name, now) && (!found || rank(&t->items[i]) > rank(found)))
            found = &t->items[i];
    return found;
}

void taken_remove_lock(struct taken *t, enum store_taken_scope scope, const char *name, uint64_t serial)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct taken_entry *x = &t->items[i];

        if (x->serial == serial && x->what.kind == STORE_LOCK && x->what.scope == scope &&
            strcmp(x->what.name, name) == 0) {
            t->items[i] = t->items[--t->n];
            return;
        }
    }
}

void taken_each(const struct taken *t, when_t now, void (*visit)(void *userdata, const struct taken_entry *x),
                void *userdata)
{
    for (size_t i = 0; i < t->n; i++)
        if (now < t->items[i].what.until)
            visit(userdata, &t->items[i]);
}

static const struct taken_entry *find_any(const struct taken *t, enum store_taken_scope scope,
                                          const char *name, when_t now)
{
    const struct taken_entry *found = taken_find(t, STORE_TOMBSTONE, scope, name, now);

    return found ? found : taken_find(t, STORE_LOCK, scope, name, now);
}

const struct taken_entry *taken_why_grant(const struct taken *t, const struct grant *g, when_t now)
{
    const struct taken_entry *found;
    char id[IDENT_ID_TEXT_SIZE];

    if (t->n == 0)
        return NULL;
    ident_format_id(&g->id, id);
    found = find_any(t, STORE_TAKEN_GRANT, id, now);
    return found ? found : find_any(t, STORE_TAKEN_VENDOR, g->vendor, now);
}

const struct taken_entry *taken_why_staff(const struct taken *t, const char *staff, when_t now)
{
    return find_any(t, STORE_TAKEN_STAFF, staff, now);
}

const struct taken_entry *taken_why_host(const struct taken *t, when_t now)
{
    return taken_find(t, STORE_LOCK, STORE_TAKEN_HOST, "", now);
}

enum reason taken_of_grant(const struct taken *t, const struct grant *g, when_t now)
{
    const struct taken_entry *x = taken_why_grant(t, g, now);

    if (!x)
        return REASON_OK;
    if (x->what.scope == STORE_TAKEN_GRANT)
        return REASON_REVOKED;
    return x->what.kind == STORE_TOMBSTONE ? REASON_VENDOR_REVOKED : REASON_VENDOR_LOCKED;
}

enum reason taken_of_staff(const struct taken *t, const char *staff, when_t now)
{
    const struct taken_entry *x = taken_why_staff(t, staff, now);

    if (!x)
        return REASON_OK;
    return x->what.kind == STORE_TOMBSTONE ? REASON_STAFF_REVOKED : REASON_STAFF_LOCKED;
}

enum reason taken_of_host(const struct taken *t, when_t now)
{
    return taken_why_host(t, now) ? REASON_HOST_LOCKED : REASON_OK;
}

size_t taken_holding(const struct taken *t, when_t now, size_t *n_signed)
{
    size_t n = 0;

    *n_signed = 0;
    for (size_t i = 0; i < t->n; i++) {
        if (now >= t->items[i].what.until)
            continue;
        n++;
        *n_signed += t->items[i].is_signed;
    }
    return n;
}
