#ifndef HUFU_DAEMON_RETENTION_H
#define HUFU_DAEMON_RETENTION_H

#include "broker/daemon/broker.h"
#include "broker/daemon/status_findings.h"

/*
 * Life of the records: when they are older than `keep`, or take more room than `keep-size`, the oldest part
 * of the ledger is written to the archive, sealed with a signed head that stays for ever, and removed.
 * Without a signature, or with an archive that does not take it, nothing is removed. What is of a session
 * that is still open stays, and so does what journald has not got, what is younger than `keep`, and the last
 * record.
 */
struct retention;

int retention_new(struct broker *b, struct retention **ret);
/** Before store_close(): gives up what is being written. */
void retention_stop(struct retention *r);
/** After it. */
struct retention *retention_free(struct retention *r);
DEFINE_CLEANUP(struct retention, retention_free);

/** Has it look; called now and then. NULL is fine. */
void retention_look(struct retention *r);

#define RETENTION_FINDINGS_MAX 1
size_t retention_findings(const struct retention *r,
                          struct status_finding ret[static RETENTION_FINDINGS_MAX]);

#endif
