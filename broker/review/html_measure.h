#ifndef HUFU_REVIEW_HTML_MEASURE_H
#define HUFU_REVIEW_HTML_MEASURE_H

#include <stddef.h>

/* How wide a text will be when html_escape() has written it, in tenths of the height of its letters. Which
 * font a reader has is not known; it is taken to be a wide one. */

int html_measure(const char *text);

/** The octets of it that fit in so many. */
size_t html_measure_fits(const char *text, int tenths);

#endif
