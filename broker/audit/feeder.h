#ifndef HUFU_AUDIT_FEEDER_H
#define HUFU_AUDIT_FEEDER_H

#include "broker/store/store.h"

/*
 * Feeds journald from the ledger, in a thread of its own: sd_journal_sendv() blocks when journald
 * hangs (seen after 50 to 500 records). It reads the ledger by sequence and remembers how far it got; a
 * record may come twice after a crash (HUFU_SEQUENCE tells), never not at all.
 */
struct feeder;

int feeder_start(struct store *store, const char *host, struct feeder **ret);
/** Stops without waiting for a journald that hangs: what was not fed comes after the next start. */
struct feeder *feeder_stop(struct feeder *f);

#endif
