#ifndef HUFU_DAEMON_CLAIM_SETTLING_H
#define HUFU_DAEMON_CLAIM_SETTLING_H

#include "broker/daemon/claim_book.h"

/* Claims that no login and no session has: they are looked for, and given back, until it is known that they
 * are not held. Across restarts, and as long as it takes. */

/** From now on nobody has it. ASKED: it may be held. OWED: it is; that is written first if it is
 * `unwritten`. Begins at once, or after the first wait. */
void claim_settling_begin(struct claim *x, bool at_once);

/** Nothing is held under it, and nothing will be: takes it out of books and disk. */
void claim_settling_drop(struct claim *x, const char *event, const char *more);

/** The provider can be asked again: nobody waits any longer. */
void claim_settling_hurry(struct claiming *c);

#endif
