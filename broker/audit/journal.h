#ifndef HUFU_AUDIT_JOURNAL_H
#define HUFU_AUDIT_JOURNAL_H

#include "broker/audit/record.h"

/** Hands one record to journald, as the fields of broker/audit/fields.h; `host` becomes HUFU_HOST, and
 * `ledger`, the ledger's id, HUFU_LEDGER. Waits as
 * long as journald makes its senders wait, which may be for ever. 0; -ENOENT (there is no journald); other
 * -errno. */
int journal_send(const struct record *r, const char *host, const char *ledger);

#endif
