#ifndef HUFU_TESTS_DAEMON_SHOP_JUDGING_H
#define HUFU_TESTS_DAEMON_SHOP_JUDGING_H

#include "tests/unit/broker/daemon/shop_acts.h"

/* A shop whose trust changes. */
#define SHOP_ALL 1000 /* more than it has */

/** As it was at first, with all grants there, and a broker that judges up to so many in one go and the others
 * by hand (0: the usual). */
void shop_start_judging(struct shop *s, unsigned at_once);
/** Has a trust replace the one in force under which what wang.wu signed is void, which is each grant of the
 * shop; or one under which all are good. */
void shop_without_leader(struct shop *s, unsigned epoch);
void shop_with_leader(struct shop *s, unsigned epoch);

/** As the index has it, whether it was judged or not; and how many lack approvals there. */
enum reason shop_standing(const struct shop *s, const char *id);
unsigned shop_n_missing(const struct shop *s);

/** Judges the others, and has all that follows happen; what there is then (shop_dump()). */
char *shop_finish_judging(struct shop *s);
/** For world_until(). */
bool shop_verdicts_are_written(struct world *w, void *userdata);

#endif
