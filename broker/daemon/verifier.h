#ifndef HUFU_DAEMON_VERIFIER_H
#define HUFU_DAEMON_VERIFIER_H

#include "broker/store/store.h"
#include "broker/trust/verdict.h"
#include "policy/base/cleanup.h"

#include <systemd/sd-event.h>

/*
 * Verifies for the broker, and nothing twice: what was verified before is remembered, in memory and, for what
 * the store holds, on disk.
 *
 * Who can wait prepares: what is not remembered is verified on worker threads while the loop goes on, and
 * then all of it is remembered. Whoever judges afterwards, on the loop, under what holds then, asks by
 * verifier_trust() and the like, which are trust_verify_trust() and the like with a memory. So the threads
 * never decide anything: should something not have been prepared (the trust is another by now), it is
 * verified when it is judged.
 */
struct verifier;

/** 0 or -errno. */
int verifier_new(sd_event *event, struct verifier **ret);
/** Ends the workers: whoever waits is told -ECANCELED, as is whoever comes later. Judging goes on. */
void verifier_stop(struct verifier *v);
struct verifier *verifier_free(struct verifier *v);
DEFINE_CLEANUP(struct verifier, verifier_free);

/* ---- judging: as trust_verify_*(), and -EIO ---- */

int verifier_trust(struct verifier *v, const struct trust_set *t, const struct trust *next,
                   struct octets octets, const struct octets *approvals, size_t n_approvals, when_t now,
                   struct grant_standing *ret);
int verifier_revocation(struct verifier *v, const struct trust_set *t, const struct revocation *x,
                        struct octets octets, const struct octets *approvals, size_t n_approvals, when_t now,
                        struct grant_standing *ret);
int verifier_status(struct verifier *v, const struct trust_set *t, const struct status *s,
                    struct octets octets, const struct octets *approvals, size_t n_approvals, when_t now,
                    struct grant_standing *ret);

/** The verdicts on the first QUORUM_VOTES_MAX approvals, those that are not remembered made here and now. 0;
 * -ENOMEM, -EIO. */
int verifier_verdicts(struct verifier *v, const struct trust_set *t, const struct subject *subject,
                      const struct octets *approvals, size_t n_approvals,
                      struct trust_verdict ret[static QUORUM_VOTES_MAX]);

/** A verdict that is known from elsewhere: kept beside the document, or in the store. */
void verifier_remember(struct verifier *v, const struct trust_verdict_key *key,
                       const struct trust_verdict *x);
/** Makes room for that many verdicts that are to be remembered at once, until verifier_forget(). */
void verifier_reserve(struct verifier *v, size_t n);
/** Forgets a part, of which there may be much. False: nothing is left. */
bool verifier_let_go(struct verifier *v);
/** Forgets, and remembers no more than usual from here on. */
void verifier_forget(struct verifier *v);

/* ---- preparing ---- */

/** result: 0; -ECANCELED (the broker stops); -ENOMEM, -EIO. */
typedef void verifier_done(void *userdata, int result);

/** Verifies on a worker what is not remembered of these approvals, and tells `done`; at once, if all is. What
 * another preparation is verifying already is waited for. Copies what it is given; holds a reference to `t`.
 */
void verifier_prepare(struct verifier *v, struct trust_set *t, const struct subject *subject,
                      const struct octets *approvals, size_t n_approvals, verifier_done *done,
                      void *userdata);

/** Tells `done` in a later turn of the loop: for whoever has much to do of which nothing needs a worker. */
void verifier_yield(struct verifier *v, verifier_done *done, void *userdata);

/** Waits until at most so many preparations are under way: at start, when there is no loop yet. */
void verifier_settle(struct verifier *v, size_t at_most);

/* ---- the store ---- */

/** From here on what is not remembered is looked for in the store, until verifier_loaded(). */
void verifier_load_from(struct verifier *v, struct store *s);
/** Remembers a row until then, if it rests on `t`. 0; -EBADMSG (it is no verdict); -ENOMEM. */
int verifier_load(struct verifier *v, const struct trust_set *t, const struct store_verdict *row);
/** How many of the rows rest on it. */
size_t verifier_n_loaded(const struct verifier *v);
/** Whether some rest on anything else. */
bool verifier_has_foreign(const struct verifier *v);
void verifier_loaded(struct verifier *v);

/** Notes what is made, or prepared, from here on or no more: of what the store holds. */
void verifier_note(struct verifier *v, bool noting);
/** How many were noted and not written yet. */
size_t verifier_n_made(const struct verifier *v);
/** Writes them. False: there is nothing to write. */
bool verifier_write_made(struct verifier *v, const struct trust_set *t, struct store_txn *txn);

/** One row. */
void verifier_write(struct store_txn *txn, const struct trust_set *t, const struct trust_verdict_key *key,
                    const struct trust_verdict *x);

#endif
