#ifndef HUFU_COMMON_CLOCK_H
#define HUFU_COMMON_CLOCK_H

#include "policy/base/when.h"

#include <stdbool.h>
#include <stdint.h>

/* The only reader of time in the broker's programs. */

when_t clock_wall(void);      /* CLOCK_REALTIME, whole seconds, rounded down */
int64_t clock_wall_us(void);  /* CLOCK_REALTIME, microseconds */
uint64_t clock_boot_us(void); /* CLOCK_BOOTTIME, microseconds: goes on during suspend */

/** Whether the kernel has been told that CLOCK_REALTIME agrees with a time service (adjtimex(2), read only).
 * A step by hand takes that back, and so does a service that falls silent; a leap second does not. */
bool clock_is_synchronised(void);

/** /proc/sys/kernel/random/boot_id as 32 lower-case hexadecimal digits and NUL. 0, -EBADMSG (not of that
 * form), other -errno; on error the text is empty. */
int clock_boot_id(char text[static 33]);

#endif
