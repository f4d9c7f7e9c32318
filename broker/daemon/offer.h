#ifndef HUFU_DAEMON_OFFER_H
#define HUFU_DAEMON_OFFER_H

#include "broker/trust/trust_set.h"
#include "policy/base/verdict.h"
#include "policy/document/document.h"

#include <errno.h>

/* A signed document of any type as it comes in. */
struct offer {
    struct octets document;
    const struct octets *approvals; /* at most QUORUM_VOTES_MAX count */
    size_t n_approvals;
};

/* Why it was not taken in. */
struct offer_refusal {
    struct document_error error; /* malformed: line and reason */
    enum reason reason;          /* or REASON_OK, and then one of these */
    const char *sentence;        /* msgid; may have one %u, which is `number` */
    uint32_t number;
};

/** Fills the refusal and returns -EINVAL. */
static inline int offer_refuse(struct offer_refusal *refusal, enum reason reason, const char *sentence)
{
    refusal->reason = reason;
    refusal->sentence = sentence;
    return -EINVAL;
}

#endif
