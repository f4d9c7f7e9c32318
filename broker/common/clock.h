#ifndef HUFU_COMMON_CLOCK_H
#define HUFU_COMMON_CLOCK_H

#include "policy/base/when.h"

#include <stdint.h>

/* The only reader of time in the broker's programs. */

when_t clock_wall(void);      /* CLOCK_REALTIME, whole seconds, rounded down */
int64_t clock_wall_us(void);  /* CLOCK_REALTIME, microseconds */
uint64_t clock_boot_us(void); /* CLOCK_BOOTTIME, microseconds: goes on during suspend */

/** /proc/sys/kernel/random/boot_id as 32 lower-case hexadecimal digits and NUL. 0, -EBADMSG (not of that
 * form), other -errno; on error the text is empty. */
int clock_boot_id(char text[static 33]);

#endif
