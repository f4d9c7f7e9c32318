#include "broker/daemon/verifier.h"

#include <string.h>

/* trust_verify_*() with a memory. */

struct found {
    struct trust_verdict items[QUORUM_VOTES_MAX];
    struct trust_verdicts verdicts;
};

static int find(struct verifier *v, const struct trust_set *t, const struct subject *subject,
                const struct octets *approvals, size_t n_approvals, struct found *ret)
{
    ret->verdicts = (struct trust_verdicts){approvals, ret->items, n_approvals};
    return verifier_verdicts(v, t, subject, approvals, n_approvals, ret->items);
}

int verifier_trust(struct verifier *v, const struct trust_set *t, const struct trust *next,
                   struct octets octets, const struct octets *approvals, size_t n_approvals, when_t now,
                   struct grant_standing *ret)
{
    struct subject subject;
    struct found f;
    int r = subject_of_trust(next, octets, &subject);

    *ret = (struct grant_standing){.standing = REASON_APPROVAL_MISSING};
    if (r == 0)
        r = find(v, t, &subject, approvals, n_approvals, &f);
    return r != 0 ? r : trust_judge_trust(t, next, &f.verdicts, now, ret);
}

int verifier_revocation(struct verifier *v, const struct trust_set *t, const struct revocation *x,
                        struct octets octets, const struct octets *approvals, size_t n_approvals, when_t now,
                        struct grant_standing *ret)
{
    struct subject subject;
    struct found f;
    int r = subject_of_revocation(x, octets, &subject);

    *ret = (struct grant_standing){.standing = REASON_APPROVAL_MISSING};
    if (r == 0)
        r = find(v, t, &subject, approvals, n_approvals, &f);
    return r != 0 ? r : trust_judge_revocation(t, x, &f.verdicts, now, ret);
}

int verifier_status(struct verifier *v, const struct trust_set *t, const struct status *s,
                    struct octets octets, const struct octets *approvals, size_t n_approvals, when_t now,
                    struct grant_standing *ret)
{
    struct subject subject;
    struct found f;
    int r = subject_of_status(s, octets, &subject);

    *ret = (struct grant_standing){.standing = REASON_APPROVAL_MISSING};
    if (r == 0)
        r = find(v, t, &subject, approvals, n_approvals, &f);
    return r != 0 ? r : trust_judge_status(t, s, &f.verdicts, now, ret);
}

void verifier_write(struct store_txn *txn, const struct trust_set *t, const struct trust_verdict_key *key,
                    const struct trust_verdict *x)
{
    struct store_verdict row = {.size = VERDICT_SIZE};

    memcpy(row.key, key->octets, sizeof(row.key));
    memcpy(row.basis, trust_set_basis(t), sizeof(row.basis));
    /* What cannot be written for lack of memory is verified again after the next start. */
    if (trust_verdict_encode(x, key, row.octets) == 0)
        store_txn_verdict(txn, &row);
}
