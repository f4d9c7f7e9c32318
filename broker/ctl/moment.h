#ifndef HUFU_CTL_MOMENT_H
#define HUFU_CTL_MOMENT_H

#include "policy/base/when.h"

#include <stdint.h>

/* Times and durations as people type them. */

/** "now", "2026-11-21T00:00:00Z", "2026-11-21T08:00:00+08:00"; seconds may be left out, a blank may stand
 * for the T. A time without an offset is refused: nobody's time zone decides. 0 or -EINVAL. */
int moment_parse(const char *text, when_t now, when_t *ret);

/** "90s", "30m", "8h", "2d", or seconds as they are: 1 to 2147483647 seconds. 0 or -EINVAL. */
int moment_parse_duration(const char *text, uint32_t *seconds);

#endif
