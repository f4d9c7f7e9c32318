#ifndef HUFU_DAEMON_GRANTS_VERDICTS_H
#define HUFU_DAEMON_GRANTS_VERDICTS_H

#include "broker/daemon/grants.h"
#include "broker/daemon/verifier.h"

/* Grants keep the verdicts on their approvals beside them; here these come from there, and go there. */

/** Has the verifier remember what is known of a document that comes again, so that only what is new is
 * verified. */
void grants_recall(const struct grants *g, struct verifier *verifier, const struct trust_set *trust,
                   const struct subject *subject);

/** Writes the verdicts under `trust` on the approvals of one grant; or on those of all, and forgets all
 * others.
 */
void grants_write_verdicts(const struct grants *g, const struct trust_set *trust, struct grant_entry *e,
                           struct store_txn *t);
void grants_write_all_verdicts(const struct grants *g, const struct trust_set *trust, struct store_txn *t);

/** Verifies on workers, while the loop goes on, whatever judging all grants under `next` needs, so that this
 * can be done in one go afterwards. Grants that come meanwhile are not waited for. Holds a reference to
 * `next`; `g` and `verifier` are there until `done`, which may come at once. */
void grants_prepare(struct grants *g, struct verifier *verifier, struct trust_set *next, verifier_done *done,
                    void *userdata);

#endif
