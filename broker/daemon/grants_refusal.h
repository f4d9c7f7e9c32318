#ifndef HUFU_DAEMON_GRANTS_REFUSAL_H
#define HUFU_DAEMON_GRANTS_REFUSAL_H

#include "broker/daemon/offer.h"
#include "broker/trust/trust_set.h"

/** What grant_index_put() says of a version that it does not take, in words: -EINVAL with `refusal`; any
 * other error as it is. */
int grants_refuse_version(struct offer_refusal *refusal, int error);

/** A standing that neither time nor another signature could put right: -EINVAL with `refusal`; else 0. */
int grants_refuse_for_ever(const struct grant_standing *standing, struct offer_refusal *refusal);

#endif
