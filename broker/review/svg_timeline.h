#ifndef HUFU_REVIEW_SVG_TIMELINE_H
#define HUFU_REVIEW_SVG_TIMELINE_H

#include "broker/review/svg.h"

/* Sessions on a time line: a lane for each person, or for several together. */

struct svg_span {
    int64_t from, until; /* seconds since 1970; `until` of an open one is the period's end */
    bool open, recorded, unproven;
};

struct svg_lane {
    const char *group; /* a heading stands above the first lane of each */
    const char *label;
    const char *total; /* to the right of it */
    const struct svg_span *spans;
    size_t n; /* ascending by `from` */
};

/** One picture of lanes over [from, until), from < until. What would lie over one another
 * stands on two levels; what finds no place there is one mark with its number. */
void svg_timeline(struct html_page *p, const char *title, const char *description,
                  const struct svg_lane *lanes, size_t n, int64_t from, int64_t until);

/** What the marks mean. */
void svg_timeline_legend(struct html_page *p);

#endif
