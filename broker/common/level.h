#ifndef HUFU_COMMON_LEVEL_H
#define HUFU_COMMON_LEVEL_H

#include <stdlib.h>

/** What journald takes off the beginning of a line as its level (SD_ERR); "" where
 * nobody takes it off, such as at a terminal. */
static inline const char *level_error(void)
{
    return getenv("JOURNAL_STREAM") ? "<3>" : "";
}

#endif
