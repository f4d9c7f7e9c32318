#ifndef HUFU_COMMON_SIZES_H
#define HUFU_COMMON_SIZES_H

#include <stdint.h>

#define SIZES_TEXT_SIZE 24

/** For people: "512 KiB", "63.5 MiB", "1.2 TiB", rounded down: what is there is never said to be more. */
void sizes_format(uint64_t octets, char text[static SIZES_TEXT_SIZE]);

#endif
