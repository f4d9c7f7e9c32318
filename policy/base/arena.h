#ifndef HUFU_BASE_ARENA_H
#define HUFU_BASE_ARENA_H

#include "policy/base/cleanup.h"

#include <stddef.h>

/*
 * Memory that is given back all at once: what a document consists of is allocated piece by piece and never
 * freed by the piece. A first block of the right size makes the whole document one allocation.
 */
struct arena;

/** An arena whose first block holds `first_size` octets; later blocks are added as needed. NULL without
 * memory. */
struct arena *arena_new(size_t first_size);

struct arena *arena_free(struct arena *arena);
DEFINE_CLEANUP(struct arena, arena_free);

/** `count` items of `size` octets, zeroed, aligned to `alignment` (a power of two, at most that of
 * max_align_t). Valid until arena_free(). NULL without memory or when count * size overflows. */
void *arena_alloc(struct arena *arena, size_t count, size_t size, size_t alignment);

/** Typed arena_alloc(). */
#define arena_new_array(arena, type, count) \
    ((type *)arena_alloc((arena), (count), sizeof(type), _Alignof(type)))

/** A NUL-terminated copy of `length` octets. NULL without memory. */
const char *arena_copy_text(struct arena *arena, const char *text, size_t length);

#endif
