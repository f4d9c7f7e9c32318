#ifndef HUFU_TRUST_SUBJECT_H
#define HUFU_TRUST_SUBJECT_H

#include "broker/trust/trust_set.h"
#include "policy/document/approval.h"
#include "policy/document/revocation.h"
#include "policy/document/status.h"

/* What approvals have to be about: the received octets of a document, and what is in them. It points to
 * both. */
struct subject {
    enum approval_subject kind;
    struct ident_id id;
    uint32_t numbers[2];
    struct octets octets;
    uint8_t sha256[32];
    const struct grant *grant; /* else NULL: nobody requested it for a vendor */
};

/** 0 or -ENOMEM. */
int subject_of_grant(const struct grant *g, struct octets octets, struct subject *ret);
int subject_of_trust(const struct trust *t, struct octets octets, struct subject *ret);
int subject_of_revocation(const struct revocation *x, struct octets octets, struct subject *ret);
int subject_of_status(const struct status *s, struct octets octets, struct subject *ret);

#endif
