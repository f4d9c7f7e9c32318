#ifndef HUFU_TRUST_JUDGE_H
#define HUFU_TRUST_JUDGE_H

#include "broker/trust/signers.h"
#include "policy/document/approval.h"
#include "policy/document/revocation.h"
#include "policy/document/status.h"

/* What approvals have to be about: the received octets of a document, and what is in them. */
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

struct judgement {
    struct signature_seen seen;
    struct quorum_signature signature; /* with SIGNATURE_COUNTED */
};

/** Judges one approval by itself: SIGNATURE_DUPLICATE is for who has several. 0 or -ENOMEM. */
int judge_approval(const struct trust_set *t, const struct subject *subject, struct octets octets, when_t now,
                   struct judgement *ret);

#endif
