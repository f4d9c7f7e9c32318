#ifndef HUFU_TESTS_UNIT_SUPPORT_FOLDER_H
#define HUFU_TESTS_UNIT_SUPPORT_FOLDER_H

#include <stddef.h>

/* A folder of its own for each test: setup and teardown for cmocka; *state is its path. */
int folder_setup(void **state);
int folder_teardown(void **state);

/* "folder/name" in memory that lasts until the next but three calls. */
const char *folder_path(const char *folder, const char *name);
void folder_put(const char *folder, const char *name, const void *octets, size_t size);
/* How many entries the folder has. */
size_t folder_count(const char *folder);

#endif
