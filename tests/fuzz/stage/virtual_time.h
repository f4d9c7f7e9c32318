#ifndef HUFU_TESTS_FUZZ_VIRTUAL_TIME_H
#define HUFU_TESTS_FUZZ_VIRTUAL_TIME_H

#include "policy/base/when.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Time that passes only when it is told to: both clocks of broker/common/clock, and the timers of the event
 * loop, which come when these clocks have reached them. So a sequence of a day takes no time, and the same
 * octets always are the same sequence. Stands in by --wrap.
 */

/** Forgets all timers; the wall clock shows `wall`, the boot clock a day, and the kernel says synchronised.
 */
void virtual_time_reset(when_t wall);

/** Time goes by on both clocks. Timers that have come are due at the loop's next turn. */
void virtual_time_pass(uint64_t us);
/** Somebody sets the wall clock, and the kernel tells whoever asked to be told. */
void virtual_time_set(int64_t seconds, bool synchronised);

bool virtual_time_is_synchronised(void);
/** How many timers there are: all that were made are ended with the broker. */
unsigned virtual_time_timers(void);

#endif
