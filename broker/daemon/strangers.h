#ifndef HUFU_DAEMON_STRANGERS_H
#define HUFU_DAEMON_STRANGERS_H

#include "broker/daemon/orders.h"

/*
 * Sessions that the reaper has on lease and that are open in no book here: the store was put back from a copy
 * that is older than they are, or hufud was killed between lease and record. No revocation would reach them,
 * and nobody knows under which grant they are: so they are ended. Each start asks the reaper for its leases,
 * one by one. Without a store there are no books that somebody could be missing in: everybody stays.
 */

/** Asks the reaper, who has just been connected to, unless it is known already. */
void strangers_look(struct broker *b);

/** Has an order wait for the strangers that are being ended, and for knowing who they are. */
void strangers_expect(struct broker *b, struct operator_order *o);

#endif
