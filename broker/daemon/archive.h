#ifndef HUFU_DAEMON_ARCHIVE_H
#define HUFU_DAEMON_ARCHIVE_H

#include "broker/audit/segment.h"
#include "broker/store/store.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * Finds the oldest records that may leave the ledger, and writes them to a file in the archive. For a thread:
 * it reads the store and waits for the disk.
 */
#define ARCHIVE_NAME_SIZE 160

struct archive_job {
    /* borrowed until it is done */
    struct store *store;
    const char *folder; /* NULL: there is no archive */
    const char *host, *ledger;
    const char *key; /* PEM, or NULL */
    const struct sealed_segment *segments;
    size_t n_segments;
    const uint64_t *live; /* sessions whose records stay */
    size_t n_live;

    atomic_bool cancelled;
    uint64_t first, upto; /* of these at most */
    int64_t before_us;    /* only records from before; INT64_MAX: of any age */
    when_t now;

    /* filled */
    int result;    /* 0, or why the archive does not take them */
    uint64_t last; /* below `first`: there are none */
    uint8_t hash[RECORD_HASH_SIZE];
    int64_t first_us;
    char name[ARCHIVE_NAME_SIZE]; /* of the file; empty without an archive */
    uint8_t sha256[32];           /* of its content */
};

/** Finds first and last; writes nothing. 0 or -errno. */
int archive_find(struct archive_job *j);
/** Writes them: under another name first, synced, and never over a file that is there. 0 or -errno. */
int archive_write(struct archive_job *j);

#endif
