#ifndef HUFU_CTL_FINDINGS_H
#define HUFU_CTL_FINDINGS_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

#define FINDINGS_ALL ((size_t)-1)

/** Prints what is wrong (an array of type Finding), the gravest first, in at most `room` lines; what does not
 * fit is counted in the last of them, and how to see it is said. At least one is always shown. 0 or -ENOMEM.
 */
int findings_print(FILE *out, const json_t *findings, size_t room);

/** Lines that a terminal has beside `others`; FINDINGS_ALL if `out` is none. */
size_t findings_room(FILE *out, size_t others);

#endif
