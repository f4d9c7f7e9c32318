#ifndef HUFU_TRUST_JUDGE_H
#define HUFU_TRUST_JUDGE_H

#include "broker/trust/signers.h"
#include "broker/trust/verdict.h"

struct judgement {
    struct signature_seen seen;
    struct quorum_signature signature; /* with SIGNATURE_COUNTED */
};

/** Judges one approval, about a document of `kind` (a grant's: `g`, else NULL), by what its verdict says:
 * SIGNATURE_DUPLICATE is for who has several. 0; -EBADMSG: no such verdict can come of this trust set;
 * -ENOMEM. */
int judge_approval(const struct trust_set *t, enum approval_subject kind, const struct grant *g,
                   struct octets octets, const struct trust_verdict *v, when_t now, struct judgement *ret);

#endif
