#ifndef HUFU_CTL_REVIEW_TEXT_H
#define HUFU_CTL_REVIEW_TEXT_H

#include <jansson.h>
#include <stdio.h>

/** The review (broker/review/review.h) as text for a terminal, complete: every row of it. Times are those of
 * the review's own offset. Ends with how a review of the same period becomes a file and is signed off. 0,
 * -EINVAL (not a review), -ENOMEM. */
int review_text_print(FILE *out, const json_t *review);

#endif
