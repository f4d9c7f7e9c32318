#ifndef HUFU_TRUST_TRUST_SET_H
#define HUFU_TRUST_TRUST_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/base/verdict.h"
#include "policy/document/approval.h"
#include "policy/document/trust.h"
#include "policy/engine/quorum.h"

/*
 * A trust file whose certificates have been judged. Certificates come from the trust file alone;
 * chain (to the file's anchors), validity now, key usage, algorithm and key size are checked at load
 * and again at use. Environment and openssl.cnf change nothing (OPENSSL_INIT_NO_LOAD_CONFIG).
 */
struct trust_set;

/** Parses and judges. `now` is for chain validity: a signer whose certificate is not valid now is kept
 * but does not count (it may become valid); a certificate that can never be right (wrong algorithm,
 * small key, wrong usage, no chain) refuses the file with its line. A quorum that the remaining
 * distinct persons *and distinct keys* cannot meet is refused. 0, -EINVAL with error, -ENOMEM. */
int trust_set_new(const void *octets, size_t size, when_t now, struct trust_set **ret,
                  struct document_error *error);
struct trust_set *trust_set_free(struct trust_set *t);
DEFINE_CLEANUP(struct trust_set, trust_set_free);

const struct trust *trust_set_document(const struct trust_set *t);

struct octets {
	const uint8_t *data;
	size_t size;
};

enum signature_outcome { /* of one approval, for `grant check` and records */
	SIGNATURE_COUNTED = 1,
	SIGNATURE_MALFORMED,
	SIGNATURE_OTHER_SUBJECT,   /* site, kind, id, version, length or hash is another's */
	SIGNATURE_UNKNOWN_APPROVER, /* person, role, algorithm or certificate is not in the trust file */
	SIGNATURE_CERTIFICATE,     /* not valid now */
	SIGNATURE_BAD,             /* does not verify */
	SIGNATURE_OWN_REQUEST,     /* the requester's own */
	SIGNATURE_VENDOR,          /* approver's organisation is the vendor or employer */
	SIGNATURE_DUPLICATE,       /* person or key already counted in this role */
	SIGNATURE_NOT_LOOKED_AT,   /* beyond the eighth */
};
const char *signature_outcome_name(enum signature_outcome o);
const char *signature_outcome_sentence(enum signature_outcome o); /* msgid, English */

struct signature_seen {
	enum signature_outcome outcome;
	char approver[65];
	char role[33];
};

struct grant_standing {
	enum reason standing; /* OK, APPROVAL_MISSING, CLASS_LIMIT, WRONG_SITE; TRUST_EXPIRED */
	when_t votes_until;   /* earliest certificate end (leaf or chain) the quorum rests on; trust's end included */
	struct signature_seen seen[QUORUM_VOTES_MAX];
	size_t n_seen;
	size_t n_needed_more; /* distinct persons still missing from total */
};

/** Judges a grant's signatures as of `now`. A bad approval is skipped, not fatal; at most 8 are looked
 * at. Touches nothing but its input. 0 or -ENOMEM; a refusal is in ret->standing. */
int trust_verify_grant(const struct trust_set *t, const struct grant *g, struct octets grant_octets,
                       const struct octets *approvals, size_t n_approvals, when_t now,
                       struct grant_standing *ret);

/** The same for a new trust epoch: quorum of class privileged under `t` (call for old and new). */
int trust_verify_trust(const struct trust_set *t, const struct trust *next, struct octets next_octets,
                       const struct octets *approvals, size_t n_approvals, when_t now,
                       struct grant_standing *ret);

#endif
