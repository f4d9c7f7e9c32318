#ifndef HUFU_CTL_MANIFEST_H
#define HUFU_CTL_MANIFEST_H

#include "policy/base/when.h"

#include <stddef.h>
#include <stdint.h>

/*
 * What a backup is: a file MANIFEST beside the others, of lines `name: value` in one order, each ended by LF:
 *
 *   hufu-backup: 1 · host · machine-id · ledger · sequence · hash · time · version · checkpoint ·
 *   file: NAME SIZE SHA-256 (one each) · end: number of files
 *
 * sequence and hash are those of the last record in the copy; checkpoint is the last one before it, as
 * broker/audit has it; a dash where there is none. Read strictly: anything else is no manifest.
 */
#define MANIFEST_NAME      "MANIFEST"
#define MANIFEST_SIZE      16384
#define MANIFEST_FILES_MAX 8
#define MANIFEST_DIGEST    65 /* 64 digits and a NUL */

struct manifest_file {
    char name[32];
    uint64_t size;
    char sha256[MANIFEST_DIGEST];
};

struct manifest {
    char host[65];
    char machine_id[33]; /* 32 digits, or empty */
    char ledger[33];     /* the same */
    uint64_t sequence;
    char hash[MANIFEST_DIGEST];
    when_t time;
    char version[65];
    char checkpoint[1024]; /* or empty */
    struct manifest_file files[MANIFEST_FILES_MAX];
    size_t n_files;
};

/** Its text, the caller's; NULL without memory. */
char *manifest_format(const struct manifest *m);

/** 0; -EBADMSG, and *line (from 1) is where. */
int manifest_parse(const char *octets, size_t size, struct manifest *ret, unsigned *line);

const struct manifest_file *manifest_find(const struct manifest *m, const char *name);

/** Adds a file; -ENOSPC if there are too many, -EINVAL for a name that is none of a backup's. */
int manifest_add(struct manifest *m, const char *name, uint64_t size, const uint8_t sha256[static 32]);

#endif
