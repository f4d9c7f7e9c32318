#ifndef HUFU_REVIEW_HTML_FINDINGS_H
#define HUFU_REVIEW_HTML_FINDINGS_H

#include "broker/review/html_page.h"

/* What in a review needs a person: read off its rows by a table of questions. */

enum html_weight {
    HTML_WEIGHT_DECIDE = 1, /* somebody has to decide */
    HTML_WEIGHT_LOOK,       /* somebody should look */
    HTML_WEIGHT_KNOW,       /* good to know */
};

/** How many findings of this weight there are. */
size_t html_findings_count(const json_t *review, enum html_weight weight);

/** The table of them, the weightiest first, each with room for a decision by hand. */
void html_findings(struct html_page *p);

#endif
