#ifndef HUFU_COMMON_DESCRIPTORS_H
#define HUFU_COMMON_DESCRIPTORS_H

#include <stddef.h>

/** Lets this process have as many open files as its hard limit allows, and makes the kernel's table of them
 * as large as `slots` of these need. To be called before there are threads: such a table grows by doubling,
 * and whoever opens the file that is one too many then waits until no processor looks at the old one any
 * more, some 10 ms, unless the process has one thread alone (expand_fdtable() in Linux' fs/file.c). Nothing
 * is lost where that does not succeed. */
void descriptors_make_room(size_t slots);

#endif
