#ifndef HUFU_TESTS_UNIT_BROKER_STORE_OLDER_H
#define HUFU_TESTS_UNIT_BROKER_STORE_OLDER_H

#include <stddef.h>

/** Makes of a store that is not open one of an earlier version: what each step added is taken away again, and
 * that this is what the steps before it make is looked at. Its records become what that version wrote. */
void older_make(const char *path, size_t version);

#endif
