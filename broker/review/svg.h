#ifndef HUFU_REVIEW_SVG_H
#define HUFU_REVIEW_SVG_H

#include "broker/review/html_page.h"

/*
 * Pictures. Coordinates are whole units of a picture SVG_WIDTH wide; letters are SVG_LETTER high. How wide a
 * text is depends on the reader's fonts; widths are those of a wide one, so that what is made to fit fits
 * with others too. Classes are names of html_style.c: nothing is said by colour that shape or a number does
 * not say as well.
 */
#define SVG_WIDTH  960
#define SVG_LETTER 14

enum svg_anchor {
    SVG_START = 1,
    SVG_MIDDLE,
    SVG_END,
};

/** Begins a picture `height` units high. Title and description are what those get who do not see it. */
void svg_begin(struct html_page *p, const char *title, const char *description, int height);
/** Ends it; `caption`, what is to be read off it, stands below (NULL: none). */
void svg_end(struct html_page *p, const char *caption);

void svg_rect(struct html_page *p, int x, int y, int width, int height, const char *class);
void svg_line(struct html_page *p, int x1, int y1, int x2, int y2, const char *class);
void svg_circle(struct html_page *p, int x, int y, int radius, const char *class);
/** A polygon of `n` corners, x and y in turn. */
void svg_polygon(struct html_page *p, const int *corners, size_t n, const char *class);

/** A text on the base line y. */
void svg_text(struct html_page *p, int x, int y, enum svg_anchor anchor, const char *class, const char *text);
/** The same, cut with an ellipsis to `width` units; whole in its tip. */
void svg_text_fit(struct html_page *p, int x, int y, enum svg_anchor anchor, const char *class,
                  const char *text, int width);

/** What stands between the two has this tip. */
void svg_group_begin(struct html_page *p, const char *tip);
void svg_group_end(struct html_page *p);

#endif
