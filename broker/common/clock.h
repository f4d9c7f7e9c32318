#ifndef HUFU_COMMON_CLOCK_H
#define HUFU_COMMON_CLOCK_H

#include <stdint.h>

#include "policy/base/when.h"

/* The only reader of time in the broker's programs. */

when_t clock_wall(void);              /* CLOCK_REALTIME, whole seconds, rounded down */
int64_t clock_wall_us(void);          /* microseconds */
uint64_t clock_boot_us(void);         /* CLOCK_BOOTTIME, microseconds: goes on during suspend */

/** /proc/sys/kernel/random/boot_id as 32 hexadecimal digits and NUL. 0 or -errno. */
int clock_boot_id(char text[static 33]);

#endif
