#ifndef HUFU_TESTS_DAEMON_SET_CLOCK_H
#define HUFU_TESTS_DAEMON_SET_CLOCK_H

#include "tests/unit/broker/daemon/world.h"

/*
 * A clock that the test sets. Timers of the loop run on the real one. Stands in for broker/common/clock and
 * for the kernel's word that the clock was set: who uses this is linked with
 *   // LINK: -Wl,--wrap=clock_wall -Wl,--wrap=clock_wall_us -Wl,--wrap=clock_boot_us
 * and, unless it is the same to the test what the kernel thinks of the clock, with
 *   // LINK: -Wl,--wrap=clock_is_synchronised -Wl,--wrap=timerfd_create -Wl,--wrap=timerfd_settime
 */

/** The real time again, which the kernel does not know to be synchronised. */
void set_clock_reset(void);
/** World of one test, after set_clock_reset(). */
int set_clock_setup(void **state);

/** Moves the wall clock by so many seconds, alone. From now on it is synchronised, or is not. */
void set_clock(when_t seconds, bool synchronised);
/** Moves the wall clock and that of the boot: time goes by. */
void set_clock_wait(when_t seconds);

/** What the wall clock would be if nobody had set it. */
when_t set_clock_real_wall(void);

/** The kernel tells the broker that the clock was set. */
void set_clock_tell(void);
/** How many times the broker has asked to be told. */
unsigned set_clock_n_armed(void);

#endif
