#ifndef HUFU_REVIEW_HTML_LANES_H
#define HUFU_REVIEW_HTML_LANES_H

#include "broker/review/html_page.h"

#define HTML_LANES_PEOPLE 60 /* with a lane of their own; the others share one a vendor */

/** The time lines of sessions, by vendor and staff, and the numbers of each person as a table. */
void html_lanes(struct html_page *p, const json_t *sessions);

#endif
