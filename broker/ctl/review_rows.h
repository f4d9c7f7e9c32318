#ifndef HUFU_CTL_REVIEW_ROWS_H
#define HUFU_CTL_REVIEW_ROWS_H

#include "policy/base/when.h"

#include <jansson.h>

/* What the text of a review makes of its value before it is printed as tables. */

/** A copy in which each instant is local time, "2026-11-21 08:00", and all text can be seen. NULL without
 * memory. */
json_t *review_rows_local(const json_t *review);

/* Arrays of flat objects, new; NULL without memory. */
json_t *review_rows_sources(const json_t *review); /* a row an address of a grant */
json_t *review_rows_unused(const json_t *review);  /* grants that nobody used */
json_t *review_rows_wider(const json_t *review);   /* a row a field of a grant that was wider than used */

/* ---- cells, for struct table_column ---- */
char *review_cell_lasted(const json_t *row);  /* member seconds */
char *review_cell_took(const json_t *row);    /* took_us */
char *review_cell_proof(const json_t *row);   /* proof_us, or that it is not proven */
char *review_cell_hours(const json_t *row);   /* the busiest hours */
char *review_cell_reasons(const json_t *row); /* {reason: count} */
char *review_cell_what(const json_t *row);    /* words of `what`, `how` and `field`, translated */
char *review_cell_wider(const json_t *row);   /* never, used and granted of a field */
char *review_cell_revoked(const json_t *row); /* name and why */
char *review_cell_there(const json_t *row);
char *review_cell_known(const json_t *row); /* staff, or the vendor in parentheses behind it */

#endif
