#ifndef HUFU_CTL_NEXT_STATUS_H
#define HUFU_CTL_NEXT_STATUS_H

#include "policy/document/status.h"

/* What follows a status: one epoch later, with all that the one before took away, and more. */
struct next_status_plan {
    const char *site;
    const struct status *current; /* NULL: there is none, this is the first */
    uint32_t trust_epoch;         /* not lower than that of the current one */
    when_t issued, expires;
    const struct ident_id *revoked;
    size_t n_revoked;
    const struct status_certificate *certificates;
    size_t n_certificates;
    const struct status_minimum *minimums; /* of a grant that has one, the higher counts */
    size_t n_minimums;
};

/** Its text, the caller's to free. 0; -EINVAL with error: what the grammar refuses, and a status that would
 * not follow (trust epoch, or the time, behind that of the current one; no epoch left); -ENOMEM. */
int next_status(const struct next_status_plan *p, char **ret, struct document_error *error);

#endif
