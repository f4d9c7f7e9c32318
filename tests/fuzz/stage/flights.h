#ifndef HUFU_TESTS_FUZZ_FLIGHTS_H
#define HUFU_TESTS_FUZZ_FLIGHTS_H

#include "tests/fuzz/stage/input.h"

/** An operation: while what was decided waits for the disk, up to three things happen; then it is on disk, or
 * could not be written, or hufud was killed before or after it was, and nobody had an answer. */
void flights_operate(struct input *in);

/** An operation: while some wait for a use of all hosts, up to seven things happen; then the provider lends
 * it, or does not, or hufud was killed before. */
void flights_claim(struct input *in);

#endif
