#ifndef HUFU_REVIEW_HTML_ESCAPE_H
#define HUFU_REVIEW_HTML_ESCAPE_H

#include "policy/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text as it may stand in an element, in a quoted attribute, and in a picture. */

#define HTML_ESCAPE_LIMIT 400 /* characters of one text; of a longer one the rest is counted */

/** Appends a text. Marks of HTML become references; what nobody could see, or what would turn the reading
 * order round, becomes [U+XXXX]; octets that are no UTF-8 become [\xNN]; a third combining mark in a row is
 * shown by its number, so that no text reaches over the line above it. */
void html_escape(struct buf *out, const char *text, size_t length);

/** Whether a character is drawn over the one before it. */
bool html_escape_combines(uint32_t code_point);

#endif
