#ifndef HUFU_CTL_REVIEW_FINDINGS_H
#define HUFU_CTL_REVIEW_FINDINGS_H

#include <jansson.h>
#include <stdio.h>

/** What somebody who has one minute looks at first: a line each, with the part of the text it is in. 0 or
 * -ENOMEM. */
int review_findings_print(FILE *out, const json_t *review);

#endif
