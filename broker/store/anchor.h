#ifndef HUFU_STORE_ANCHOR_H
#define HUFU_STORE_ANCHOR_H

#include "broker/audit/record.h"
#include "policy/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A file beside the store, in a folder of its own, that says how far its ledger had come. A store that is put
 * back from a copy is behind it, or has another history; the file is what knows.
 *
 * It has two slots that are written in turns, each with a checksum, so that a write which is torn costs one
 * record at most. It is written after each commit and not synced: after a power cut it is behind the ledger,
 * which says nothing against the ledger.
 */
struct anchor;

#define ANCHOR_LEDGER_SIZE 33

struct anchor_mark {
    char ledger[ANCHOR_LEDGER_SIZE]; /* its id, 32 digits; empty: it had none yet */
    uint64_t sequence;
    uint8_t hash[RECORD_HASH_SIZE];
    int64_t at_us; /* wall clock, when it was written */
};

typedef int anchor_digest(const void *octets, size_t size, uint8_t out[static 32]);

/** Opens the file and reads the later of its sound slots. 0; -ENOENT; -EBADMSG (neither is sound); -EPERM
 * (not a regular file, or one that others may write); -errno. */
int anchor_open(const char *path, anchor_digest *sha256, struct anchor **ret, struct anchor_mark *mark);

/** Makes the file, or puts a new one in its place, on disk when this returns, and opens it. 0 or -errno. */
int anchor_make(const char *path, anchor_digest *sha256, const struct anchor_mark *mark, struct anchor **ret);

/** Takes the place of the earlier of both. 0 or -errno. */
int anchor_set(struct anchor *a, const struct anchor_mark *mark);

struct anchor *anchor_free(struct anchor *a);
DEFINE_CLEANUP(struct anchor, anchor_free);

#endif
