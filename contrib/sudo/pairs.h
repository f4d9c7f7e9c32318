#ifndef HUFU_SUDO_PAIRS_H
#define HUFU_SUDO_PAIRS_H

#include <stdbool.h>
#include <stdint.h>

/* `name=value` lists, as sudo hands settings and the like to its plugins: NULL-terminated, or NULL. */

/** The value of the first of that name, or NULL. */
const char *pairs_get(char *const list[], const char *name);

/** Whether its value is `true`. */
bool pairs_say(char *const list[], const char *name);

/** A number below 4294967295. False: there is none of that name, or it is no such number. */
bool pairs_number(char *const list[], const char *name, uint32_t *ret);

#endif
