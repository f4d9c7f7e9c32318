#ifndef HUFU_REVIEW_SVG_BARS_H
#define HUFU_REVIEW_SVG_BARS_H

#include "broker/review/svg.h"

#define SVG_BARS_MOST 15 /* bars of one picture; callers sort, and say how many there are besides */

struct svg_bar {
    const char *label;
    const char *value_text; /* beside the bar */
    int64_t value;          /* 0 or more */
};

/** Bars from the left, in the order given, at most SVG_BARS_MOST of them. */
void svg_bars(struct html_page *p, const char *title, const char *description, const char *caption,
              const struct svg_bar *bars, size_t n);

#endif
