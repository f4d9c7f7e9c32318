#ifndef HUFU_TESTS_FUZZ_SHORTAGE_H
#define HUFU_TESTS_FUZZ_SHORTAGE_H

#include "tests/fuzz/stage/input.h"

/** An operation: the disk is full, nearly or wholly, perhaps since hufud was stopped, and stays so while up
 * to seven things happen, of which some may be that hufud starts on it; then there is room again, and all
 * that happened since it started last is on record, or hufud was killed, and nothing of it is. */
void shortage_operate(struct input *in);

#endif
