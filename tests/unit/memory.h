#ifndef HUFU_TESTS_UNIT_MEMORY_H
#define HUFU_TESTS_UNIT_MEMORY_H

/*
 * Memory that is counted, and runs out when a test says so. For one file of a test, whose first line is
 *   // LINK: -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc -Wl,--wrap=free
 */
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

static struct {
    unsigned left; /* allocations until one fails; UINT_MAX: none does */
    unsigned asked;
    bool failed;
    long held; /* pieces that were not given back */
} memory = {.left = UINT_MAX};

/* The allocation after the next `n` fails, and those behind it have memory again. UINT_MAX: none fails. */
static inline void memory_fail_after(unsigned n)
{
    memory.left = n;
    memory.asked = 0;
    memory.failed = false;
}

static inline bool memory_is_there(void)
{
    memory.asked++;
    if (memory.left == UINT_MAX)
        return true;
    if (memory.left-- > 0)
        return true;
    memory.left = UINT_MAX;
    memory.failed = true;
    return false;
}

static inline void *memory_held(void *piece)
{
    memory.held += piece ? 1 : 0;
    return piece;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *piece);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *piece);

void *__wrap_malloc(size_t size)
{
    return memory_is_there() ? memory_held(__real_malloc(size)) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return memory_is_there() ? memory_held(__real_calloc(count, size)) : NULL;
}

void *__wrap_realloc(void *old, size_t size)
{
    void *piece = memory_is_there() ? __real_realloc(old, size) : NULL;

    return old ? piece : memory_held(piece);
}

void __wrap_free(void *piece)
{
    memory.held -= piece ? 1 : 0;
    __real_free(piece);
}

#endif
