#ifndef HUFU_TESTS_FUZZ_SHORTAGE_H
#define HUFU_TESTS_FUZZ_SHORTAGE_H

#include "tests/fuzz/stage/input.h"

/** An operation: the disk is full, nearly or wholly, and stays so while up to seven things happen; then there
 * is room again, and all that happened is on record, or hufud was killed, and nothing of it is. */
void shortage_operate(struct input *in);

#endif
