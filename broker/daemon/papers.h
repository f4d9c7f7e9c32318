#ifndef HUFU_DAEMON_PAPERS_H
#define HUFU_DAEMON_PAPERS_H

#include "broker/trust/trust_set.h"
#include "broker/trust/verdict.h"
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"
#include "policy/base/when.h"

/* The octets behind a document of which approvals are kept: what was signed, and the approvals. */
struct grant_papers {
    struct ident_id id;
    uint32_t version;
    struct octets document;
    struct octets *approvals;
    size_t n_approvals;
    when_t judged_at; /* when the signatures were judged last */

    uint8_t basis[TRUST_BASIS_SIZE]; /* what the verdicts rest on; zeros: there are none */
    struct trust_verdict verdicts[QUORUM_VOTES_MAX];

    struct quorum_signature votes[QUORUM_VOTES_MAX]; /* those that counted then, the latest end first */
    size_t n_votes;
};

/** Whether the verdicts are there and rest on this trust. */
bool papers_have_verdicts(const struct grant_papers *x, const struct trust_set *trust);
/** Whether all approvals of the other are among those of x. */
bool papers_have_approvals_of(const struct grant_papers *x, const struct grant_papers *other);

/** A deep copy with the approvals of `more` appended that are not there yet (byte for byte), as many as are
 * ever looked at. *ret is the caller's (papers_free_one). 0 or -ENOMEM. */
int papers_make(const struct ident_id *id, uint32_t version, struct octets document,
                const struct grant_papers *known, const struct octets *more, size_t n_more,
                struct grant_papers **ret);
struct grant_papers *papers_free_one(struct grant_papers *x);
DEFINE_CLEANUP(struct grant_papers, papers_free_one);

/** Notes which signatures count. */
void papers_keep_votes(struct grant_papers *x, const struct quorum_signature *votes, size_t n);

/** Lets go of approvals that can never count: malformed ones, and those of something else. The verdicts have
 * to be there, and to rest on a trust of the document's own site. */
void papers_drop_useless(struct grant_papers *x);

#endif
