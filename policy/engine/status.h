#ifndef HUFU_ENGINE_STATUS_H
#define HUFU_ENGINE_STATUS_H

#include "policy/base/verdict.h"
#include "policy/document/status.h"
#include "policy/engine/quorum.h"

/*
 * What a status means (4-documents, "Revocation and status"). A status can only narrow: nothing in here makes
 * a grant better than it was without one. Whether its signature counts, and whether it is recent enough, is
 * asked before.
 */

/** Order of statuses of one site: by trust epoch, then epoch. Negative if `a` is older than `b`, 0 if they
 * are equal, else positive. */
int status_compare(const struct status *a, const struct status *b);

/** The first instant at which a host relies on it no more: `expires`, or `max_age` seconds after it was
 * issued if that is earlier. WHEN_NEVER: the host sets no bound of its own. */
when_t status_holds_until(const struct status *s, when_t max_age);

/** Whether an approval under this certificate (SHA-256 of its DER) is void. */
bool status_revokes_certificate(const struct status *s, const uint8_t sha256[static 32]);

/** What a status leaves of a grant that met its quorum by `signatures` (the latest end first, those of
 * grant_standing): REASON_OK; REASON_REVOKED if the grant is revoked or its version is below the minimum;
 * REASON_APPROVAL_MISSING if without the approvals under revoked certificates the quorum is not met. A status
 * of another site takes nothing away.
 *
 * *votes_until: with REASON_OK, the instant from which what is left holds the quorum no longer, the trust
 * file's own end at the latest; else 0. */
enum reason status_of_grant(const struct status *s, const struct trust *t, const struct grant *g,
                            const struct quorum_signature *signatures, size_t n, when_t *votes_until);

#endif
