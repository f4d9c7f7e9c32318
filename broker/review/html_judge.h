#ifndef HUFU_REVIEW_HTML_JUDGE_H
#define HUFU_REVIEW_HTML_JUDGE_H

#include <jansson.h>
#include <stdbool.h>

/* Which rows of a review need somebody: asked for the findings, and for what comes first where a table has no
 * room for all of its rows. */

bool html_is_row(const json_t *row); /* each one */

bool html_is_unproven(const json_t *row);   /* an end without proof */
bool html_is_slow(const json_t *row);       /* a revocation that took longer than its bound */
bool html_is_unverified(const json_t *row); /* a ledger */
bool html_is_burst(const json_t *row);    /* refusals of one source or person that are more than a mistake */
bool html_was_outside(const json_t *row); /* somebody seen outside of what was granted */
bool html_is_unused(const json_t *row);   /* a grant */
bool html_is_wide(const json_t *row);     /* a grant that was used, but not all of it */
bool html_is_lapsed_and_live(const json_t *row);
bool html_is_lapsed(const json_t *row); /* of somebody without a live grant */
bool html_is_over(const json_t *row);   /* expired */
bool html_is_soon(const json_t *row);   /* expires within 30 days */
bool html_is_gone(const json_t *row);   /* a recording */
bool html_is_long_open(const json_t *row);
bool html_is_refused(const json_t *row); /* a command */

#endif
