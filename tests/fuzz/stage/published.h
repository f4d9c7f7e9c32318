#ifndef HUFU_TESTS_FUZZ_PUBLISHED_H
#define HUFU_TESTS_FUZZ_PUBLISHED_H

#include "tests/fuzz/stage/input.h"

/** An operation: the directory is read anew, and holds a trust file, a status, both or nothing, of these or
 * other epochs, each signed by some. */
void published_operate(struct input *in);

#endif
