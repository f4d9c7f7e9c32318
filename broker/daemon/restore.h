#ifndef HUFU_DAEMON_RESTORE_H
#define HUFU_DAEMON_RESTORE_H

#include "broker/daemon/broker.h"

/*
 * What a broker before this one left: documents, counts, tombstones, and sessions that may still live. Grants
 * are verified anew; a session is taken for live, its counts taken and its deadline armed, until hufu-reaper
 * says that its leader is gone.
 */

/** Loads everything from the store; of grants those of sessions, and the others if they are a few
 * (loading.h). 0 or -errno. */
int restore_load(struct broker *b);

/** Asks the reaper about each session that is not settled yet: picks it up, or closes it in the books. */
void restore_settle(struct broker *b);

#endif
