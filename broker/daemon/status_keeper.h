#ifndef HUFU_DAEMON_STATUS_KEEPER_H
#define HUFU_DAEMON_STATUS_KEEPER_H

#include "broker/daemon/offer.h"
#include "broker/daemon/status_kept.h"
#include "broker/store/store.h"
#include "policy/engine/index.h"

/*
 * The status of this host (4-documents, "Revocation and status"): the highest in order that ever verified
 * here, in memory and on disk. What it says is asked at every decision, so nothing has to be lifted when a
 * newer one says less. It narrows until a newer one takes its place, also when it is too old or its signer's
 * key is gone from the trust file; it lets the host decide only as long as it holds.
 *
 * One of a trust epoch that has not arrived yet cannot be verified: such ones wait (status_kept.h), and when
 * the epoch is there, the newest of those that verify is the status.
 */
struct broker;

struct status_keeper {
    struct kept_status current;
    struct status_waiting waiting;
};

/** Takes over a stored one. After the trust. 0, -EBADMSG (a row that this module cannot have written),
 * -ENOMEM, -EIO. */
int status_keeper_load(struct broker *b, const struct store_document *d);
void status_keeper_free(struct broker *b);

/** What the trust in force makes of them, after it came or changed: one that waited may be the status
 * now. `t` (may be NULL) gets what belongs on disk. The caller raises the generation and judges sessions. */
void status_keeper_trust_changed(struct broker *b, struct store_txn *t);

/** Forgets all, also on disk: root started over with another trust file, whose epochs may be lower. */
void status_keeper_reset(struct broker *b, struct store_txn *t);

/** The first instant at which the status holds no longer, by its own end, the host's bound and its signer's
 * certificate; 0: there is none, or nobody of the trust in force signed it. */
when_t status_keeper_holds_until(const struct broker *b);

/** If nobody's signature counts, looks again once a minute: certificates begin to be valid. `now` is now. */
void status_keeper_look(struct broker *b, when_t now);

/** Brings by_status and by_status_until of an entry up to date. */
void status_keeper_apply(const struct broker *b, struct grant_entry *e);

/* A status that was handed in: judged, and nothing changed yet. */
struct status_offer {
    struct status *document;
    struct grant_standing standing; /* what became of each approval */
    bool waits;                     /* its trust epoch has not arrived */
    bool newer;                     /* than any before; else it is the one that is there */
    const struct kept_status *kept; /* once it was taken in */
};
void status_offer_done(struct status_offer *s);

/** 0; -EINVAL: refused, see *refusal; -ENOMEM, -EIO. */
int status_keeper_judge(const struct broker *b, const struct offer *offer, when_t now,
                        struct status_offer *ret, struct offer_refusal *refusal);

/** Takes it in; `t` (may be NULL) gets what belongs on disk. 0, or -ENOMEM and nothing is changed. */
int status_keeper_take(struct broker *b, struct status_offer *s, const struct offer *offer, when_t now,
                       struct store_txn *t);

#endif
