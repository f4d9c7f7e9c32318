#include "broker/ldap/seen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST ((size_t)256)

/* Whoever chooses uuids that collide makes us slow for themselves: a poll has as long as it takes. */
static size_t slot_of(const struct seen *s, const uint8_t *uuid)
{
    uint64_t a, b;
    size_t slot;

    memcpy(&a, uuid, sizeof(a));
    memcpy(&b, uuid + sizeof(a), sizeof(b));
    slot = (size_t)((a ^ (b * UINT64_C(0x9e3779b97f4a7c15))) * UINT64_C(0xff51afd7ed558ccd) >> 20);
    for (slot &= s->n_slots - 1; s->used[slot]; slot = (slot + 1) & (s->n_slots - 1))
        if (memcmp(s->slots[slot].uuid, uuid, sizeof(s->slots[slot].uuid)) == 0)
            break;
    return slot;
}

static int grow(struct seen *s)
{
    struct seen larger = {.n_slots = s->n_slots > 0 ? 2 * s->n_slots : SLOTS_FIRST, .n = s->n};

    larger.slots = calloc(larger.n_slots, sizeof(*larger.slots));
    larger.used = calloc(larger.n_slots, sizeof(*larger.used));
    if (!larger.slots || !larger.used) {
        free(larger.slots);
        free(larger.used);
        return -ENOMEM;
    }
    for (size_t i = 0; i < s->n_slots; i++) {
        size_t slot;

        if (!s->used[i])
            continue;
        slot = slot_of(&larger, s->slots[i].uuid);
        larger.slots[slot] = s->slots[i];
        larger.used[slot] = true;
    }
    free(s->slots);
    free(s->used);
    *s = larger;
    return 0;
}

int seen_put(struct seen *s, const uint8_t uuid[static 16], const char *modified)
{
    size_t slot;

    if (s->n * 4 >= s->n_slots * 3) {
        int r = grow(s);

        if (r < 0)
            return r;
    }
    slot = slot_of(s, uuid);
    s->n += !s->used[slot];
    s->used[slot] = true;
    memcpy(s->slots[slot].uuid, uuid, sizeof(s->slots[slot].uuid));
    memset(s->slots[slot].modified, 0, sizeof(s->slots[slot].modified));
    (void)strncpy(s->slots[slot].modified, modified, sizeof(s->slots[slot].modified) - 1);
    return 0;
}

const char *seen_find(const struct seen *s, const uint8_t uuid[static 16])
{
    size_t slot;

    if (s->n_slots == 0)
        return NULL;
    slot = slot_of(s, uuid);
    return s->used[slot] ? s->slots[slot].modified : NULL;
}

void seen_clear(struct seen *s)
{
    free(s->slots);
    free(s->used);
    *s = (struct seen){0};
}
