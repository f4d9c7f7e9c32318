#ifndef HUFU_ENGINE_QUORUM_H
#define HUFU_ENGINE_QUORUM_H

#include "policy/document/grant.h"
#include "policy/document/trust.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Quorum: distinct persons must be assignable to the role slots, one slot each (a matching, not a
 * count per role), and `total` distinct persons must have voted. A vote is one verified signature in
 * one role; who signed in two roles has one vote and may fill either slot.
 */

#define QUORUM_VOTES_MAX 8 /* approvals looked at, 4-documents */

struct quorum_vote {
    size_t person; /* equal numbers: the same person or the same key (made by broker/trust) */
    unsigned role; /* index in trust.roles */
};

/** Whether `votes` meet what the class needs. Pure; at most QUORUM_VOTES_MAX votes (more: false). A
 * vote in a role that the trust file does not have is no vote; a quorum of zero is never met. */
bool quorum_is_met(const struct trust_quorum *needed, size_t n_roles, const struct quorum_vote *votes,
                   size_t n_votes);

/** The least number of further persons, in whatever roles, that have to vote until the quorum is met. Looks
 * at QUORUM_VOTES_MAX votes, and at roles below n_roles (at most TRUST_ROLES_MAX). */
uint32_t quorum_missing(const struct trust_quorum *needed, size_t n_roles, const struct quorum_vote *votes,
                        size_t n_votes);

/* A vote, and what it rests on. */
struct quorum_signature {
    struct quorum_vote vote;
    uint8_t certificate[32]; /* SHA-256 of the signer's, DER */
    when_t until;            /* end of that certificate's chain */
};

/** The instant from which these votes hold the quorum no longer, since certificates ended; 0 if they do not
 * meet it. The latest end stands first, so that any first n are the n that hold longest. */
when_t quorum_holds_until(const struct trust_quorum *needed, size_t n_roles,
                          const struct quorum_signature *signatures, size_t n);

/** Whether a grant stays within what its class may at most say (validity, session, any/unlimited). */
bool quorum_within_limit(const struct trust_limit *limit, const struct grant *g);

#endif
