#ifndef HUFU_DOCUMENT_TRUST_H
#define HUFU_DOCUMENT_TRUST_H

#include "policy/base/cleanup.h"
#include "policy/base/when.h"
#include "policy/document/approval.h"
#include "policy/document/document.h"
#include "policy/document/grant.h"

/*
 * The trust file (4-documents, "Trust file and quorum"): who may request, approve, revoke and sign
 * status for a site, with which certificate; what each class may at most say; how many approvals it
 * needs. Certificates stay DER octets here; broker/trust judges them.
 */

#define TRUST_ROLES_MAX     16
#define TRUST_APPROVERS_MAX 64
#define TRUST_QUORUM_MAX    8 /* approvals that are looked at, so no quorum can need more */

struct trust_certificate {
    const uint8_t *der;
    size_t size;
};

struct trust_anchor {
    const char *name;
    struct trust_certificate certificate;
};

struct trust_requester {
    const char *person;
    const char *organisation;
};

/* An approver, revoker (roles 0) or status key (organisation NULL, roles 0). A person may have several
 * lines (a key that is being replaced), all with one organisation, and one vote. */
struct trust_signer {
    const char *person;
    const char *organisation;
    uint16_t roles; /* bit i: trust.roles[i] */
    enum signature_algorithm alg;
    struct trust_certificate certificate;
};

/* Fields that a class may leave open (`any` or `unlimited`). */
enum trust_any {
    TRUST_ANY_COMMAND = 1,
    TRUST_ANY_HOURS = 2,
    TRUST_ANY_MAX_SESSION = 4,
    TRUST_ANY_SESSIONS = 8,
    TRUST_ANY_SOURCE = 16,
    TRUST_ANY_USES = 32,
};

struct trust_limit {
    uint32_t validity; /* longest not-after minus not-before, seconds */
    uint32_t session;  /* longest max-session, seconds; also bounds `unlimited` */
    uint8_t any;       /* enum trust_any bits */
};

struct trust_quorum {
    uint32_t total;                 /* >= 1 and >= sum of roles */
    uint32_t role[TRUST_ROLES_MAX]; /* needed of trust.roles[i] */
};

struct trust {
    const char *site;
    uint32_t epoch;
    struct when_interval valid;
    const struct trust_anchor *anchors;
    size_t n_anchors;
    const struct trust_requester *requesters;
    size_t n_requesters;
    const struct trust_signer *approvers;
    size_t n_approvers;
    const struct trust_signer *revokers;
    size_t n_revokers;
    const struct trust_signer *status_keys;
    size_t n_status_keys;
    const char *roles[TRUST_ROLES_MAX]; /* sorted names of all roles that approver lines use */
    size_t n_roles;
    struct trust_limit limit[GRANT_CLASS_COUNT + 1];   /* by enum grant_class */
    struct trust_quorum quorum[GRANT_CLASS_COUNT + 1]; /* by enum grant_class */
    void *arena;
};

/** As grant_parse(). Refuses also: an empty approver list, an unknown class, a quorum of zero, one
 * below the sum of its roles, one its own approvers cannot meet (distinct persons to role slots; more
 * than TRUST_QUORUM_MAX), a person with two organisations, an anchor's name given twice, limits or
 * quorums that are not exactly one a class. */
int trust_parse(const void *octets, size_t size, struct trust **ret, struct document_error *error);

/** As grant_write(). */
int trust_write(const struct trust *t, char **ret, struct document_error *error);

struct trust *trust_free(struct trust *t);
DEFINE_CLEANUP(struct trust, trust_free);

/** Index in t->roles, or -ENOENT. */
int trust_role_index(const struct trust *t, const char *role);

/** The least number of further persons, in whatever roles, that those with these roles (one mask each, as in
 * struct trust_signer) need beside them until the quorum is met; 0: it is. Distinct persons are assigned to
 * the roles' slots, one slot each. */
uint32_t trust_quorum_missing(const struct trust_quorum *quorum, const uint16_t *roles, size_t n);

const struct trust_requester *trust_find_requester(const struct trust *t, const char *person);

#endif
