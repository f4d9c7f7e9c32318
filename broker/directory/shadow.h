#ifndef HUFU_DIRECTORY_SHADOW_H
#define HUFU_DIRECTORY_SHADOW_H

#include "policy/base/cleanup.h"
#include "policy/base/ident.h"
#include "policy/base/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is present in the directory, as far as this host was told: for each entry which document it holds, and
 * what became of it here. It answers two questions: what is gone after a refresh that did not tell deletions
 * (mark and sweep), and whether any entry still holds the very octets of a document (then it is not
 * withdrawn).
 *
 * No input or output. Ids and digests come from a directory that is not trusted: the hash tables are keyed.
 */
struct shadow;

#define SHADOW_SEED_SIZE   16
#define SHADOW_UUID_SIZE   16
#define SHADOW_DIGEST_SIZE 32
#define SHADOW_ENTRIES_MAX \
    1000000 /* a host asks for a few thousand; each takes about 250 octets and its name */

struct shadow_record {
    uint8_t uuid[SHADOW_UUID_SIZE];     /* entryUUID */
    uint8_t digest[SHADOW_DIGEST_SIZE]; /* SHA-256 of its document */
    struct ident_id id;                 /* what the document says it is; the caller's, as all that follows */
    uint32_t version;
    uint8_t approvals[SHADOW_DIGEST_SIZE]; /* digest of those that it has beside the document */
    uint32_t serial;                       /* of what was told of it last */
    enum reason outcome;
    uint32_t under; /* which trust that is of */
    bool again;     /* it has to be told again: the reason may pass unseen */
    uint8_t type;
    const char *name; /* NULL: none. Put: copied. Found: the shadow's, until it changes */
};

/** `seed` is random octets (tests: any). 0 or -ENOMEM. */
int shadow_new(const uint8_t seed[static SHADOW_SEED_SIZE], struct shadow **ret);
struct shadow *shadow_free(struct shadow *s);
DEFINE_CLEANUP(struct shadow, shadow_free);

enum shadow_put {
    SHADOW_NEW = 0,
    SHADOW_REPLACED = 1,
};

/** The entry r->uuid is present, with this. *ret_was (may be NULL) gets what was there before, without its
 * name; it is clear if nothing was. enum shadow_put; or -ENOSPC (SHADOW_ENTRIES_MAX others are here),
 * -ENOMEM: then nothing has changed. */
int shadow_put(struct shadow *s, const struct shadow_record *r, struct shadow_record *ret_was);

/** What became of an entry's document is known now, or has changed. It does not count as seen by that.
 * Unknown: false. */
bool shadow_set_outcome(struct shadow *s, const uint8_t uuid[static SHADOW_UUID_SIZE], enum reason outcome,
                        uint32_t under, bool again);

/** The entry is gone. *ret_was as in shadow_put(). Unknown: false. */
bool shadow_remove(struct shadow *s, const uint8_t uuid[static SHADOW_UUID_SIZE],
                   struct shadow_record *ret_was);

/** Unknown: false, and *ret is clear. */
bool shadow_find(const struct shadow *s, const uint8_t uuid[static SHADOW_UUID_SIZE],
                 struct shadow_record *ret);

/** How many entries hold a document with this digest. */
size_t shadow_count_of(const struct shadow *s, const uint8_t digest[static SHADOW_DIGEST_SIZE]);
size_t shadow_count(const struct shadow *s);

typedef void shadow_visit(void *userdata, const struct shadow_record *r);

/** Visits all, in no particular order; `visit` must not change the shadow. */
void shadow_each(const struct shadow *s, shadow_visit *visit, void *userdata);

/** From here on an entry counts as seen only when it is put or marked. */
void shadow_begin(struct shadow *s);
/** It is there and unchanged. Unknown: false. */
bool shadow_mark(struct shadow *s, const uint8_t uuid[static SHADOW_UUID_SIZE]);
/** How many were not seen since shadow_begin(): what a sweep would remove. */
size_t shadow_count_unseen(const struct shadow *s);
/** Removes them. `gone` (may be NULL) is told each after it was removed, with its name, and must not change
 * the shadow. */
void shadow_sweep(struct shadow *s, shadow_visit *gone, void *userdata);

#endif
