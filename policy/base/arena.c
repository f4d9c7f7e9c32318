#include "policy/base/arena.h"

#include <stdint.h>
#include <string.h>

#define ARENA_LATER_SIZE ((size_t)1024)

struct arena_block {
    struct arena_block *next;
    size_t used;
    size_t size;
    _Alignas(max_align_t) unsigned char data[];
};

struct arena {
    struct arena_block *current; /* the first block is the last of this list */
};

static struct arena_block *block_new(size_t size)
{
    struct arena_block *block;

    if (size > SIZE_MAX - sizeof(*block))
        return NULL;
    block = calloc(1, sizeof(*block) + size);
    if (block)
        block->size = size;
    return block;
}

/* The arena's own struct lies in its first block. */
struct arena *arena_new(size_t first_size)
{
    struct arena_block *block;
    struct arena *arena;

    if (first_size > SIZE_MAX - sizeof(*arena))
        return NULL;
    block = block_new(sizeof(*arena) + first_size);
    if (!block)
        return NULL;
    arena = (struct arena *)(void *)block->data;
    block->used = sizeof(*arena);
    arena->current = block;
    return arena;
}

struct arena *arena_free(struct arena *arena)
{
    struct arena_block *block = arena ? arena->current : NULL;

    while (block) {
        struct arena_block *next = block->next;

        free(block);
        block = next;
    }
    return NULL;
}

/* Memory in this block, or NULL if it does not fit. */
static void *block_take(struct arena_block *block, size_t size, size_t alignment)
{
    size_t start = (block->used + alignment - 1) & ~(alignment - 1);

    if (start > block->size || size > block->size - start)
        return NULL;
    block->used = start + size;
    return block->data + start;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size, size_t alignment)
{
    struct arena_block *block;
    void *memory;

    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    size *= count;
    memory = block_take(arena->current, size, alignment);
    if (memory)
        return memory;
    block = block_new(size > ARENA_LATER_SIZE ? size : ARENA_LATER_SIZE);
    if (!block)
        return NULL;
    block->next = arena->current;
    arena->current = block;
    return block_take(block, size, alignment);
}

const char *arena_copy_text(struct arena *arena, const char *text, size_t length)
{
    char *copy;

    if (length == SIZE_MAX)
        return NULL;
    copy = arena_new_array(arena, char, length + 1);
    if (copy)
        memcpy(copy, text, length);
    return copy;
}
