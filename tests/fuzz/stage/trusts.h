#ifndef HUFU_TESTS_FUZZ_TRUSTS_H
#define HUFU_TESTS_FUZZ_TRUSTS_H

#include "tests/fuzz/stage/input.h"

/* Operations: another trust file, with more or less of what it takes. */

/** One is handed in, of this or another epoch, signed by some. */
void trusts_hand_in(struct input *in);
/** Root puts one, or what is none, where the file is, and starts over with it, or does not. */
void trusts_reset(struct input *in);

/** While what was decided waits for the disk: the next epoch, signed by all. Its connection; -1: it cannot be
 * now. */
int trusts_begin(struct input *in);

#endif
