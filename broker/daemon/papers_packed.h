#ifndef HUFU_DAEMON_PAPERS_PACKED_H
#define HUFU_DAEMON_PAPERS_PACKED_H

#include "broker/daemon/papers.h"
#include "policy/base/buf.h"
#include "policy/document/grant.h"

/*
 * The papers of a grant as they are kept beside its entry, by the hundred thousand: what can be made again
 * from the grant, or is the same for many, is left out. The document is (grant_common.h). Of an approval that
 * counts, what differs is the time and the signature: who signed stands in a few lines that all approvals of
 * a key share, and the lines about the subject follow from the document. Any other approval is kept as it
 * came.
 */
struct papers_words; /* what packed papers have in common, each once; some for every signer, and never let go
                        of */

int papers_words_new(struct papers_words **ret);
struct papers_words *papers_words_free(struct papers_words *w);
DEFINE_CLEANUP(struct papers_words, papers_words_free);

/** Appends `x`, the papers of `g`. 0; -EBADMSG (the document is not that of `g`, octet for octet); -ENOMEM.
 */
int papers_pack(struct papers_words *w, const struct grant *g, const struct grant_papers *x, struct buf *ret);

/** The same papers again, the caller's. 0; -ENOENT (`size` is 0: there are none); -ENOMEM. */
int papers_unpack(const struct papers_words *w, const struct grant *g, const uint8_t *packed, size_t size,
                  struct grant_papers **ret);

/** Of packed papers: the signatures that count, without making all of them again. Returns how many. */
size_t papers_packed_votes(const struct papers_words *w, const uint8_t *packed, size_t size,
                           struct quorum_signature votes[static QUORUM_VOTES_MAX]);

/** Of packed papers: whether their verdicts rest on this. */
bool papers_packed_rest_on(const struct papers_words *w, const uint8_t *packed, size_t size,
                           const uint8_t basis[static TRUST_BASIS_SIZE]);

/** Of packed papers: when they were judged last. */
when_t papers_packed_judged_at(const uint8_t *packed, size_t size);

#endif
