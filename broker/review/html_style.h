#ifndef HUFU_REVIEW_HTML_STYLE_H
#define HUFU_REVIEW_HTML_STYLE_H

/* The one style sheet. Its texts are safe in XML: none of them holds `<` or `&`. */
extern const char html_style_sheet[];

#endif
