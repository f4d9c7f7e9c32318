#ifndef HUFU_TRUST_OFFICE_H
#define HUFU_TRUST_OFFICE_H

#include "broker/trust/signers.h"
#include "policy/document/approval.h"

/*
 * Who may sign what, in which role. Grants and trust files are signed by approvers in their roles. A
 * revocation is signed by an approver in any of the own roles, or by a revoker in the role `revoker`; a
 * status by a status key in the role `status`, and by nobody else.
 */
struct office {
    const struct signers *holders;
    unsigned role; /* index in trust.roles; n_roles, which is none: holders need no role of the file's */
};

/** Whether a document of this kind can be signed in this role at all. */
bool office_find(const struct trust_set *t, enum approval_subject kind, const char *role, struct office *ret);

/** The same by the role's index; n_roles is the one role beside those of the file. */
bool office_of_role(const struct trust_set *t, enum approval_subject kind, unsigned role, struct office *ret);

/** The role of an office as it is written in an approval. */
const char *office_role_name(const struct trust_set *t, enum approval_subject kind,
                             const struct office *office);

/** Whether one of office->holders may sign in its role. */
bool office_is_held_by(const struct trust_set *t, const struct office *office, const struct signer *s);

#endif
