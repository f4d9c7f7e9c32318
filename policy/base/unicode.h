#ifndef HUFU_BASE_UNICODE_H
#define HUFU_BASE_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Just enough Unicode to say that what an approver sees is all there is (4-documents, "Grammar").
 */

/** Takes one character of strict UTF-8 (RFC 3629: shortest form, no surrogate, at most U+10FFFF) off
 * `text`. Returns the number of octets taken, 1 to 4, or 0 if they are not UTF-8. */
size_t unicode_take(const char *text, size_t length, uint32_t *ret);

/** Whether a code point can be seen where it stands: see the table for what cannot. */
bool unicode_is_visible(uint32_t code_point);

#endif
