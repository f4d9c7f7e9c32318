#ifndef HUFU_TRUST_VERDICT_H
#define HUFU_TRUST_VERDICT_H

#include "broker/trust/subject.h"
#include "broker/trust/trust_set.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Verification in two halves. A verdict is the half that costs and that time does not change: which of the
 * approvals are well-formed, about this document, and truly signed by whom of the trust file. Judging is the
 * other half, at an instant and for nearly nothing: dates of certificates and trust file, who counts once,
 * requester and vendor, quorum, limits. trust_verify_*() is one after the other.
 *
 * A verdict is kept in memory and on disk under its key, so that nothing is verified twice. It means
 * something only under the very trust file, document and approvals that its key is made of.
 *
 * A verdict lists the approvals in one order whatever the order in which they came: that of memcmp(). Judging
 * finds each approval's own place again.
 */

/* One approval. */
struct trust_verdict_approval {
    uint8_t outcome; /* enum signature_outcome: MALFORMED, OTHER_SUBJECT, UNKNOWN_APPROVER, BAD, or COUNTED,
                        which says here that the signature is good */
    uint8_t signer;  /* BAD, COUNTED: index among the trust file's lines for such documents and roles */
    uint8_t role;    /* BAD, COUNTED: index in trust.roles; n_roles for `revoker` and `status` */
};

struct trust_verdict {
    uint8_t n; /* approvals looked at: at most QUORUM_VOTES_MAX, the first ones */
    struct trust_verdict_approval approvals[QUORUM_VOTES_MAX];
};

/** Verifies. Touches nothing but its input; any thread may call it. 0; -ENOMEM, -EIO (the library failed,
 * which says nothing about any signature and must not be remembered). */
int trust_verdict_make(const struct trust_set *t, const struct subject *subject,
                       const struct octets *approvals, size_t n_approvals, struct trust_verdict *ret);

/* ---- judging: 0; -EBADMSG (no verdict on these approvals under this trust set); -ENOMEM ---- */

/** As trust_verify_grant() and the others, of which they are the second half. `approvals` are those of the
 * verdict, in any order; standing.seen is in the order given. */
int trust_judge_grant(const struct trust_set *t, const struct grant *g, const struct octets *approvals,
                      size_t n_approvals, const struct trust_verdict *v, when_t now,
                      struct grant_standing *ret);
int trust_judge_trust(const struct trust_set *t, const struct trust *next, const struct octets *approvals,
                      size_t n_approvals, const struct trust_verdict *v, when_t now,
                      struct grant_standing *ret);
int trust_judge_revocation(const struct trust_set *t, const struct revocation *x,
                           const struct octets *approvals, size_t n_approvals, const struct trust_verdict *v,
                           when_t now, struct grant_standing *ret);
int trust_judge_status(const struct trust_set *t, const struct status *s, const struct octets *approvals,
                       size_t n_approvals, const struct trust_verdict *v, when_t now,
                       struct grant_standing *ret);

/* ---- keeping ---- */

#define VERDICT_KEY_SIZE 32
struct trust_verdict_key {
    uint8_t octets[VERDICT_KEY_SIZE];
};

/** SHA-256 over trust_set_basis(), and then, each with its length, document and approvals (those that are
 * looked at) in the verdict's order (4-documents, "Verdict cache"). 0 or -ENOMEM. */
int trust_verdict_key_of(const struct trust_set *t, struct octets document, const struct octets *approvals,
                         size_t n_approvals, struct trust_verdict_key *ret);

/* u8 version, u8 number of approvals, three octets each (a letter, signer, role), and a checksum over them
 * and the key: a row that came under another key, or lost a bit, is damage and no verdict. */
#define VERDICT_CHECKSUM_SIZE 8
#define VERDICT_SIZE_MAX      (2 + 3 * QUORUM_VOTES_MAX + VERDICT_CHECKSUM_SIZE)

/** *ret_size: octets written. 0 or -ENOMEM. */
int trust_verdict_encode(const struct trust_verdict *v, const struct trust_verdict_key *key,
                         uint8_t ret[static VERDICT_SIZE_MAX], size_t *ret_size);
/** 0; -EBADMSG (trust_verdict_encode() cannot have written it; *ret is cleared); -ENOMEM. */
int trust_verdict_decode(const void *octets, size_t size, const struct trust_verdict_key *key,
                         struct trust_verdict *ret);

/** Places of the first approvals that are looked at, in the order of a verdict: the approval at order[i] is
 * the verdict's i-th. Returns how many. */
size_t trust_verdict_order(const struct octets *approvals, size_t n_approvals,
                           uint8_t order[static QUORUM_VOTES_MAX]);

#endif
