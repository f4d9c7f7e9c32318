#ifndef HUFU_TESTS_FUZZ_DICE_H
#define HUFU_TESTS_FUZZ_DICE_H

#include <stdint.h>

/* Randomness that is the same each time: nonces, references, how long is waited before a next try. Stands in
 * by
 * --wrap for getrandom(). The loop's thread alone. */

void dice_reset(void);

#endif
