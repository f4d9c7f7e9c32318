#ifndef HUFU_TESTS_CRASH_CHECK_H
#define HUFU_TESTS_CRASH_CHECK_H

#include "tests/crash/journal.h"
#include "tests/crash/ledger.h"
#include "tests/crash/provider.h"
#include "tests/crash/reaper.h"

/* What has to be so, whenever hufud dies. A copy of the store is looked at, so that hufud finds its own as it
 * left it. */

struct around {
    struct journal *journal;
    struct provider *provider;
};

/** hufud is dead. `settled`: clients were quiet and what was begun had come to its end. */
void check_disk(struct lane *l, struct chain *c, const struct around *a, bool settled);
/** hufud is there and clients are quiet. False: it died meanwhile. */
bool check_alive(struct lane *l);
/** Waits until nothing is on its way any more: every process that is gone has no session, and every session
 * of one that lives has its lease. False: hufud died meanwhile. */
bool check_settled(struct lane *l, struct reaper *r);

#endif
