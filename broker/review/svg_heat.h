#ifndef HUFU_REVIEW_SVG_HEAT_H
#define HUFU_REVIEW_SVG_HEAT_H

#include "broker/review/svg.h"

#define SVG_HEAT_HOURS 24
#define SVG_HEAT_ROWS  30 /* of one picture */

struct svg_heat_row {
    const char *label;
    int64_t hours[SVG_HEAT_HOURS]; /* 0 or more */
    int64_t total;
};

/** Counts by local hour: a number in each cell, the darker the more. */
void svg_heat(struct html_page *p, const char *title, const char *description,
              const struct svg_heat_row *rows, size_t n);

#endif
