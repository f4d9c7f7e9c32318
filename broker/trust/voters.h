#ifndef HUFU_TRUST_VOTERS_H
#define HUFU_TRUST_VOTERS_H

#include "broker/trust/signers.h"
#include "policy/document/trust.h"

/*
 * Who counts as one. Lines of a trust file that name the same person, or hold the same public key, are
 * one voter, and so is whatever is tied together by several such pairs. Certificates, key ids and
 * signature octets are never compared: each can be had twice for one key.
 */

#define VOTERS_MAX 64 /* approver lines of a trust file */

/** Numbers the voters among the approvers. */
void voters_number(struct signers *approvers);

/** The least number of further voters, in whatever roles, that those with these roles (a mask each, see
 * struct trust_signer) need beside them until the quorum is met; 0: it is. */
size_t voters_missing(const struct trust_quorum *needed, size_t n_roles, const uint16_t *roles, size_t n);

/** Whether all approvers together, each voter once, could meet the quorum within the number of approvals
 * that are looked at: at any time (`now` NULL), or those whose certificate is valid at *now. */
bool voters_can_meet(const struct signers *approvers, const struct trust_quorum *needed, size_t n_roles,
                     const when_t *now);

#endif
