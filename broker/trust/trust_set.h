#ifndef HUFU_TRUST_TRUST_SET_H
#define HUFU_TRUST_TRUST_SET_H

#include "policy/base/ident.h"
#include "policy/base/verdict.h"
#include "policy/document/approval.h"
#include "policy/document/revocation.h"
#include "policy/document/status.h"
#include "policy/document/trust.h"
#include "policy/engine/quorum.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A trust file whose certificates have been judged. Certificates come from the trust file alone.
 * What time does not change (algorithm, size and form of the key, key usage, chain to the file's
 * anchors) is judged at load; dates are judged at every use, against the `now` of the caller. So the
 * same octets are always accepted or always refused, and a broker that restarts after one approver's
 * certificate ended still knows the others. Environment and openssl.cnf change nothing.
 *
 * A certificate must be X.509 version 3. A signer's has keyUsage with digitalSignature and is no
 * certificate authority's; an anchor's is a certificate authority's. A chain is a signer and one
 * anchor: whoever has authorities in between lists the issuing one as an anchor.
 */
struct trust_set;

/** Parses and judges. A certificate that can never be right (wrong algorithm, small key, wrong usage,
 * no chain) refuses the file with its line, as does a quorum that its distinct persons *and distinct
 * keys* cannot meet. 0, -EINVAL with error (may be NULL), -ENOMEM. */
int trust_set_new(const void *octets, size_t size, struct trust_set **ret, struct document_error *error);
/** Counted references, from any thread: whoever verifies on another thread holds one. Returns `t`. */
struct trust_set *trust_set_ref(struct trust_set *t);
/** Gives one reference back. */
struct trust_set *trust_set_free(struct trust_set *t);
DEFINE_CLEANUP(struct trust_set, trust_set_free);

const struct trust *trust_set_document(const struct trust_set *t);

/** What every verdict under this trust file rests on, as 32 octets: SHA-256 over the rules by which verdicts
 * are given, the versions of this program and of libcrypto (who repairs either has all verified anew), the
 * epoch, and the file's own SHA-256. */
#define TRUST_BASIS_SIZE 32
const uint8_t *trust_set_basis(const struct trust_set *t);

/** Whether a grant of this class could be approved at `now` at all: the trust file's own dates contain
 * it, and approvers with valid certificates are enough for the quorum. For status and setup. */
bool trust_set_class_is_open(const struct trust_set *t, enum grant_class class, when_t now);

/** The person (an approver, revoker or status key, by name) whose last certificate that is valid at `now`
 * ends first, and when that is, in *until. NULL: nobody's is valid. A person whose key is being replaced
 * counts with the later one; who is approver and revoker counts as each, since one's key is no help to the
 * other. */
const char *trust_set_first_to_end(const struct trust_set *t, when_t now, when_t *until);

/** The end of the certificate of an approver that is valid at `now`; of several, the later one. 0: none is.
 */
when_t trust_set_approver_until(const struct trust_set *t, const char *person, when_t now);

struct octets {
    const uint8_t *data;
    size_t size;
};

enum signature_outcome { /* of one approval, for `grant check` and records */
                         SIGNATURE_COUNTED = 1,
                         SIGNATURE_MALFORMED,
                         SIGNATURE_OTHER_SUBJECT, /* site, kind, id, version, length or hash is another's */
                         SIGNATURE_UNKNOWN_APPROVER, /* person, role, algorithm or certificate is not in the
                                                        trust file */
                         SIGNATURE_CERTIFICATE,      /* not valid now */
                         SIGNATURE_BAD,              /* does not verify */
                         SIGNATURE_OWN_REQUEST,      /* the requester's own */
                         SIGNATURE_VENDOR,           /* approver's organisation is the vendor or employer */
                         SIGNATURE_DUPLICATE,        /* person or key already counted in this role */
                         SIGNATURE_NOT_LOOKED_AT,    /* beyond the eighth; never in grant_standing, which has
                                                        eight: for who prints them */
};
/** "counted", "unknown-approver" ..., as printed and recorded; NULL for a number that is none. */
const char *signature_outcome_name(enum signature_outcome o);
/** What it means, in English, as a msgid of gettext; NULL likewise. */
const char *signature_outcome_sentence(enum signature_outcome o);

struct signature_seen {
    enum signature_outcome outcome;
    char approver[IDENT_NAME_MAX + 1]; /* as the approval claims; empty if malformed */
    char role[IDENT_NAME_MAX + 1];
};

struct grant_standing {
    enum reason standing; /* OK, APPROVAL_MISSING, CLASS_LIMIT, WRONG_SITE, TRUST_EXPIRED */
    bool requester_known; /* is one of the trust file's; without that nothing is ever approved */
    when_t votes_until;   /* with OK and CLASS_LIMIT: the instant from which the quorum no longer holds, since
                             certificates (leaf or chain) ended, or the trust file; else 0 */
    struct signature_seen seen[QUORUM_VOTES_MAX]; /* in the order given */
    size_t n_seen;
    struct quorum_signature votes[QUORUM_VOTES_MAX]; /* those that count, duplicates too: the latest end
                                                      first */
    size_t n_votes;
    size_t n_needed_more; /* distinct persons at least that still have to sign; 0 if the quorum is met */
};

/** Judges a grant's signatures as of `now`. A bad approval is skipped, not fatal; at most 8 are looked
 * at, the first ones. `grant_octets` are those that `g` was parsed from. Asked in this order: trust
 * file's dates, site, quorum, limits of the class. Touches nothing but its input; any thread may call
 * it. 0 or -ENOMEM; a refusal is in ret->standing. */
int trust_verify_grant(const struct trust_set *t, const struct grant *g, struct octets grant_octets,
                       const struct octets *approvals, size_t n_approvals, when_t now,
                       struct grant_standing *ret);

/** The same for a trust epoch: quorum of class privileged under `t`, which is either the epoch before
 * `next` or `next` itself; any other epoch is APPROVAL_MISSING. A replacement needs both. */
int trust_verify_trust(const struct trust_set *t, const struct trust *next, struct octets next_octets,
                       const struct octets *approvals, size_t n_approvals, when_t now,
                       struct grant_standing *ret);

/** The same for a revocation: OK if any one approver, in any of the own roles, or any one revoker, in role
 * `revoker`, signed it. votes_until ends with the certificate that holds longest; what a revocation took
 * away before stays away. */
int trust_verify_revocation(const struct trust_set *t, const struct revocation *x, struct octets octets,
                            const struct octets *approvals, size_t n_approvals, when_t now,
                            struct grant_standing *ret);

/** The same for a status: OK if a status key signed it, in role `status`. One of a newer trust epoch than
 * that of `t` is APPROVAL_MISSING, whoever signed it: only the keys of its own epoch can tell. Neither its
 * age nor its order is judged. */
int trust_verify_status(const struct trust_set *t, const struct status *s, struct octets octets,
                        const struct octets *approvals, size_t n_approvals, when_t now,
                        struct grant_standing *ret);

#endif
