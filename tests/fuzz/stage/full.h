#ifndef HUFU_TESTS_FUZZ_FULL_H
#define HUFU_TESTS_FUZZ_FULL_H

#include <stdbool.h>

/*
 * A disk that others fill, and on which nothing is free until they make room again. Stands in by --wrap for
 * what the broker sees of it, and looks in the loop, not on a thread: so that the same octets always are the
 * same sequence.
 */
enum full_depth {
    FULL_ROOM,   /* there is room */
    FULL_NEARLY, /* none beside the reserve; what is written still fits */
    FULL_WHOLLY, /* whoever lets go of a piece of the reserve has it taken by others; nothing can be written
                  */
};

/** Once, before any store is opened. */
void full_install(void);
void full_set(enum full_depth depth);
/** A commit found no room, and that was not told yet: has the loop tell it. */
void full_ring(void);

#endif
