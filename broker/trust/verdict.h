#ifndef HUFU_TRUST_VERDICT_H
#define HUFU_TRUST_VERDICT_H

#include "broker/trust/subject.h"
#include "broker/trust/trust_set.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Verification in two halves. A verdict is the half that costs and that time does not change: whether an
 * approval is well-formed, about this document, and truly signed by whom of the trust file. Judging is the
 * other half, at an instant and for nearly nothing: dates of certificates and trust file, who counts once,
 * requester and vendor, quorum, limits. trust_verify_*() is one after the other.
 *
 * A verdict is kept in memory and on disk under its key, so that nothing is verified twice. It means
 * something only for the very trust file, document and approval that its key is made of. There is one for
 * each approval and not one for all those of a document: approvals come one by one, and whoever puts junk
 * among genuine ones does not have these verified again.
 */

/* Of one approval. */
struct trust_verdict {
    uint8_t outcome; /* enum signature_outcome: MALFORMED, OTHER_SUBJECT, UNKNOWN_APPROVER, BAD, or COUNTED,
                        which says here that the signature is good */
    uint8_t signer;  /* BAD, COUNTED: index among the trust file's lines for such documents and roles */
    uint8_t role;    /* BAD, COUNTED: index in trust.roles; n_roles for `revoker` and `status` */
};

/** Verifies one approval. Touches nothing but its input; any thread may call it. 0; -ENOMEM, -EIO (the
 * library failed, which says nothing about the signature and must not be remembered). */
int trust_verdict_make(const struct trust_set *t, const struct subject *subject, struct octets approval,
                       struct trust_verdict *ret);

/* Approvals with the verdict on each, as they are judged: the first QUORUM_VOTES_MAX are looked at. */
struct trust_verdicts {
    const struct octets *approvals;
    const struct trust_verdict *items;
    size_t n;
};

/* As trust_verify_grant() and the others, of which they are the second half. 0; -EBADMSG (such a verdict
 * cannot come of this trust set); -ENOMEM. */
int trust_judge_grant(const struct trust_set *t, const struct grant *g, const struct trust_verdicts *v,
                      when_t now, struct grant_standing *ret);
int trust_judge_trust(const struct trust_set *t, const struct trust *next, const struct trust_verdicts *v,
                      when_t now, struct grant_standing *ret);
int trust_judge_revocation(const struct trust_set *t, const struct revocation *x,
                           const struct trust_verdicts *v, when_t now, struct grant_standing *ret);
int trust_judge_status(const struct trust_set *t, const struct status *s, const struct trust_verdicts *v,
                       when_t now, struct grant_standing *ret);

/* ---- keeping ---- */

#define VERDICT_KEY_SIZE 32
struct trust_verdict_key {
    uint8_t octets[VERDICT_KEY_SIZE];
};

/** SHA-256 over trust_set_basis(), length and SHA-256 of the document, length and octets of the approval
 * (4-documents, "Verdict cache"). 0 or -ENOMEM. */
int trust_verdict_key_of(const struct trust_set *t, const struct subject *subject, struct octets approval,
                         struct trust_verdict_key *ret);

/* A format number, a letter, signer, role, and a checksum over them and the key: a row that came under
 * another key, or lost a bit, is damage and no verdict. */
#define VERDICT_CHECKSUM_SIZE 8
#define VERDICT_SIZE          (4 + VERDICT_CHECKSUM_SIZE)

/** 0 or -ENOMEM. */
int trust_verdict_encode(const struct trust_verdict *v, const struct trust_verdict_key *key,
                         uint8_t ret[static VERDICT_SIZE]);
/** 0; -EBADMSG (trust_verdict_encode() cannot have written it; *ret is cleared); -ENOMEM. */
int trust_verdict_decode(const void *octets, size_t size, const struct trust_verdict_key *key,
                         struct trust_verdict *ret);

#endif
