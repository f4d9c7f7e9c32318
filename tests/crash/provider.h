#ifndef HUFU_TESTS_CRASH_PROVIDER_H
#define HUFU_TESTS_CRASH_PROVIDER_H

#include "tests/crash/lane.h"

#include <sqlite3.h>

/*
 * The claim provider, and hufu-ldapd in front of it: counts the uses of grants of `N fleet` for all hosts,
 * outlives hufud's crashes, and now and then does not know what came of a question.
 */
struct provider;
struct provider *provider_start(struct lane *l);
struct provider *provider_stop(struct provider *p);
/** hufud is dead: whatever is held for it the store knows of, and every session of such a grant has its own.
 * With the lane's lock held. */
void provider_check(struct provider *p, sqlite3 *db);

#endif
