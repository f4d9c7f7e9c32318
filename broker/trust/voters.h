#ifndef HUFU_TRUST_VOTERS_H
#define HUFU_TRUST_VOTERS_H

#include "broker/trust/signers.h"
#include "policy/document/trust.h"

/*
 * Who counts as one. Lines of a trust file that name the same person, or hold the same public key, are
 * one voter, and so is whatever is tied together by several such pairs. Certificates, key ids and
 * signature octets are never compared: each can be had twice for one key.
 */

/** Numbers the voters among the signers of one list. */
void voters_number(struct signers *signers);

/** Whether all approvers together, each voter once, could meet the quorum: at any time (`now` NULL), or those
 * whose certificate is valid at *now. */
bool voters_can_meet(const struct signers *approvers, const struct trust_quorum *needed, const when_t *now);

#endif
