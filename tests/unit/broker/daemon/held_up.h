#ifndef HUFU_TESTS_DAEMON_HELD_UP_H
#define HUFU_TESTS_DAEMON_HELD_UP_H

#include "tests/unit/broker/daemon/world.h"

/*
 * A world in which the library that verifies signatures is held up when the test wants it, on every thread
 * but the loop's, until it is let go. Stands in for EVP_DigestVerify() and sd_event_add_time_relative(): who
 * uses this is linked with
 *   // LINK: -Wl,--wrap=EVP_DigestVerify -Wl,--wrap=sd_event_add_time_relative
 */

/** World of one test; nothing is held up, nothing counted yet. The calling thread is the loop's. */
int held_up_setup(void **state);
/** Lets go first. */
int held_up_teardown(void **state);

/** From now on every thread but the loop's stops before it verifies; those that stopped go on. The second may
 * be called on any thread. */
void held_up_hold(void);
void held_up_let_go(void);

/** Signatures so far: whose verification has begun, is no longer held up, was left to the loop's thread. */
unsigned held_up_n_begun(void);
unsigned held_up_n_verified(void);
unsigned held_up_n_verified_by_loop(void);

/** Turns the loop until verifying has begun for `n` signatures. */
void held_up_until_begun(struct world *w, unsigned n);

/** Whether the broker's patience with an order (broker/daemon/orders.c) is none at all, for those that begin
 * from now on. */
void held_up_be_impatient(bool impatient);

#endif
