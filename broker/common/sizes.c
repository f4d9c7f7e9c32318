#include "broker/common/sizes.h"

#include <inttypes.h>
#include <stdio.h>

void sizes_format(uint64_t octets, char text[static SIZES_TEXT_SIZE])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    unsigned unit = 0;
    uint64_t tenths;

    while (unit + 1 < sizeof(units) / sizeof(units[0]) && octets >> (10 * (unit + 1)) > 0)
        unit++;
    /* In two steps, so that nothing overflows. */
    tenths = unit == 0 ? 0 : ((octets >> (10 * (unit - 1))) % 1024 * 10) / 1024;
    if (tenths == 0)
        (void)snprintf(text, SIZES_TEXT_SIZE, "%" PRIu64 " %s", octets >> (10 * unit), units[unit]);
    else
        (void)snprintf(text, SIZES_TEXT_SIZE, "%" PRIu64 ".%" PRIu64 " %s", octets >> (10 * unit), tenths,
                       units[unit]);
}
