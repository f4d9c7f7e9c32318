#ifndef HUFU_DAEMON_FEEDER_H
#define HUFU_DAEMON_FEEDER_H

#include "broker/store/store.h"

/*
 * Feeds journald from the ledger, in a thread of its own: sd_journal_sendv() blocks when journald hangs (seen
 * after 50 to 500 records). It reads the ledger by sequence and remembers how far it got; a record may come
 * twice after a crash (HUFU_SEQUENCE tells), never not at all.
 */
struct feeder;

/** `host` and `ledger` (the ledger's id) are copied; they become HUFU_HOST and HUFU_LEDGER. The store must
 * outlive the feeder. 0 or -errno. */
int feeder_start(struct store *store, const char *host, const char *ledger, struct feeder **ret);
/** The host of what is fed from now on, when the configuration has another name. */
void feeder_set_host(struct feeder *f, const char *host);
/** Stops, before store_close(), when all that is in the ledger is fed, so that the last checkpoint is in
 * journald too. Does not wait for a journald that hangs (at most half a second beside what the store takes to
 * answer): what was not fed comes after the next start. NULL is fine. */
struct feeder *feeder_stop(struct feeder *f);

#endif
