#ifndef HUFU_LDAP_SEEN_H
#define HUFU_LDAP_SEEN_H

#include "broker/ldap/entry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Entries by entryUUID, with the modifyTimestamp that they had: what polling compares. */

struct seen_entry {
    uint8_t uuid[16];
    char modified[ENTRY_MODIFIED_SIZE];
};

struct seen {
    struct seen_entry *slots; /* open addressing; `used` says which count */
    bool *used;
    size_t n, n_slots;
};

/** Adds, or replaces the time. 0 or -ENOMEM. */
int seen_put(struct seen *s, const uint8_t uuid[static 16], const char *modified);
/** The time (as it was put), or NULL. */
const char *seen_find(const struct seen *s, const uint8_t uuid[static 16]);
void seen_clear(struct seen *s);

#endif
