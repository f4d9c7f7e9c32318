#include "tests/fuzz/stage/dice.h"

#include <string.h>
#include <sys/random.h>
#include <sys/types.h>

static uint64_t state;

ssize_t __wrap_getrandom(void *buffer, size_t size, unsigned flags);

void dice_reset(void)
{
    state = 1;
}

/* As Knuth has it; the upper bits are the good ones. */
ssize_t __wrap_getrandom(void *buffer, size_t size, unsigned flags)
{
    uint8_t *at = buffer;

    (void)flags;
    for (size_t i = 0; i < size; i++) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        at[i] = (uint8_t)(state >> 56);
    }
    return (ssize_t)size;
}
