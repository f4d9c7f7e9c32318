#ifndef HUFU_PAM_MODULE_TEXT_H
#define HUFU_PAM_MODULE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/** Makes text from outside fit for a terminal, in place: control characters except LF, DEL and the C1
 * controls of UTF-8 become `?`. */
void text_clean(char *text);

#define TEXT_NUMBER_SIZE sizeof("4294967295")

/** Writes `number` in decimal, with its end; how long it is without. */
size_t text_number(uint32_t number, char text[static TEXT_NUMBER_SIZE]);

#endif
