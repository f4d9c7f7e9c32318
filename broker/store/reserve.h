#ifndef HUFU_STORE_RESERVE_H
#define HUFU_STORE_RESERVE_H

#include "policy/base/cleanup.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Room on the disk that is set aside while there is some: a file beside the store, really allocated, which is
 * shortened when a commit finds no other. It goes piece by piece, and not all at once: whoever else fills the
 * disk takes what is let go of, too, and may have one piece so, not all.
 *
 * What is allocated is what the file system says (st_blocks), not the size of the file: a file with holes
 * holds nothing. Where nothing can be allocated ahead of writing, zeros are written.
 */
struct reserve;

/** Opens the file of the reserve, or makes an empty one, mode 0600; it allocates nothing yet. `wanted`: how
 * many octets it is to have. 0; -EPERM (not a regular file, or
 * one with another name); other -errno. */
int reserve_open(const char *path, uint64_t wanted, struct reserve **ret);
struct reserve *reserve_free(struct reserve *r);
DEFINE_CLEANUP(struct reserve, reserve_free);

/* Any thread. The first three look at the disk, and may wait for it; the others do not. */

/** Allocates at most so many octets more (0: none), up to what is wanted; lets go of what is beyond that. 0;
 * -ENOSPC; -EOPNOTSUPP (the file system allocates nothing ahead, and does not store zeros either); other
 * -errno. After an error what was there before is there still. */
int reserve_grow(struct reserve *r, uint64_t octets);
/** Lets go of so many octets, or of what is left. False: nothing was left, or it could not be shortened. */
bool reserve_give(struct reserve *r, uint64_t octets);
/** What is free beside it on its file system, for who runs this. 0 or -errno. */
int reserve_free_beside(const struct reserve *r, uint64_t *octets);

/** How many octets are allocated, and are wanted. */
uint64_t reserve_held(const struct reserve *r);
uint64_t reserve_wanted(const struct reserve *r);
void reserve_set_wanted(struct reserve *r, uint64_t wanted);

#endif
