#ifndef HUFU_AUDIT_SIGN_OFF_H
#define HUFU_AUDIT_SIGN_OFF_H

#include "policy/base/buf.h"
#include "policy/base/when.h"

/*
 * What a record `review` holds: that an auditor has read the review of a period, and which one. Its detail is
 * "from=TIME until=TIME sha256=HEX note=TEXT"; the digest is that of the review's JSON file.
 */
#define SIGN_OFF_SHA256_SIZE 65
#define SIGN_OFF_NOTE_MAX    400 /* octets */

struct sign_off {
    when_t from, until; /* [from, until) */
    char sha256[SIGN_OFF_SHA256_SIZE];
    const char *note; /* to the end of the detail; "" if there is none */
};

/** Errors are the buffer's. */
void sign_off_format(const struct sign_off *x, struct buf *b);

/** Strict; `note` points into the detail. 0 or -EBADMSG. */
int sign_off_parse(const char *detail, struct sign_off *ret);

#endif
