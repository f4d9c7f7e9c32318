#ifndef HUFU_REVIEW_SVG_LATENCY_H
#define HUFU_REVIEW_SVG_LATENCY_H

#include "broker/review/svg.h"

#define SVG_LATENCY_BOUND_US 10000000 /* a revocation is to be through by then */

/** How long things took: microseconds in ascending order, n > 0, on a logarithmic scale, with the bound and
 * the median. */
void svg_latency(struct html_page *p, const char *title, const int64_t *us, size_t n);

#endif
