#ifndef HUFU_REVIEW_HTML_H
#define HUFU_REVIEW_HTML_H

#include "policy/base/buf.h"

#include <jansson.h>

/*
 * The page of a review: one HTML file that needs nothing else. No script, no network, no font and no picture
 * from elsewhere; its Content-Security-Policy says so to the browser. It is well-formed XML, too.
 */
/* Names of the page's <meta> elements by which a sign-off knows it. */
#define HTML_DIGEST "hufu-review-sha256"
#define HTML_FROM   "hufu-review-from"
#define HTML_UNTIL  "hufu-review-until"

struct html_options {
    /* SHA-256 of the review as JSON, 64 hexadecimal digits, by which page and sign-off name the same; or
     * NULL. */
    const char *digest;
    /* What an auditor types to sign off, for people to copy; or NULL. */
    const char *sign_command;
};

/** Appends the page of a review (the JSON of docs/review.md) in the language of the process. All text of the
 * review is escaped, and what could not be seen in it is shown as [U+XXXX]. What is missing is left out, what
 * is more than a page holds is counted. 0, -EINVAL (not an object with "hufu-review": 1), -ENOMEM, -EMSGSIZE.
 */
int html_write(const json_t *review, const struct html_options *options, struct buf *out);

#endif
