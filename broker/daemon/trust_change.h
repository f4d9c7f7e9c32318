#ifndef HUFU_DAEMON_TRUST_CHANGE_H
#define HUFU_DAEMON_TRUST_CHANGE_H

#include "broker/daemon/offer.h"
#include "broker/daemon/papers.h"
#include "broker/trust/trust_set.h"
#include "policy/base/ident.h"
#include "policy/base/when.h"

/* A trust file that is to be in force: judged, made ready, and nothing changed yet. trust_keeper.h changes.
 */
struct broker;

enum trust_origin {
    TRUST_SEEDED = 1, /* the file in /etc, into a store that kept no epoch */
    TRUST_REPLACED,   /* signed by the quorum of the epoch before and its own */
    TRUST_RESET,      /* root started over with the file in /etc */
};

/** "seed", "replace", "reset". */
const char *trust_origin_name(enum trust_origin origin);

extern const struct ident_id trust_no_id; /* zero: of documents that have none */

struct trust_change {
    struct trust_set *set;
    struct grant_papers *papers; /* its octets, and the approvals that admit it */
    uint8_t sha256[32];
    enum trust_origin origin;
    bool again;                     /* these octets are in force already; the rest is empty */
    struct grant_standing standing; /* what became of each approval */
};
void trust_change_done(struct trust_change *c);

/** Of octets and the set that was made of them, which is taken over, but not on failure. 0 or -errno. */
int trust_change_make(struct octets document, const struct octets *approvals, size_t n,
                      enum trust_origin origin, struct trust_set **set, struct trust_change *ret);

/** Judges a replacement: the next epoch of this site, signed by the quorum of the one in force and by its
 * own. 0; -EINVAL: refused, see *refusal; -ENOMEM, -EIO. */
int trust_change_judge(const struct broker *b, const struct offer *offer, when_t now,
                       struct trust_change *ret, struct offer_refusal *refusal);

/** Reads the file for a reset; `sha256` is what the caller expects it to have. As trust_change_judge(). */
int trust_change_read(const struct broker *b, const uint8_t sha256[static 32], struct trust_change *ret,
                      struct offer_refusal *refusal);

#endif
