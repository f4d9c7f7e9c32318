#ifndef HUFU_AUDIT_FIELDS_H
#define HUFU_AUDIT_FIELDS_H

#include "broker/audit/record.h"
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"

#include <sys/uio.h>

#define FIELDS_MAX 32

/* A record as journald takes it: NAME=value, each an iovec. */
struct fields {
    struct buf text;
    size_t ends[FIELDS_MAX]; /* where each field ends in `text` */
    struct iovec items[FIELDS_MAX];
    size_t n;
};

/** MESSAGE, MESSAGE_ID, PRIORITY, SYSLOG_IDENTIFIER, SYSLOG_FACILITY (authpriv), HUFU_HOST, HUFU_LEDGER (32
 * hex digits: the ledger that the sequence and the hash are of), and a HUFU_* field for each field of the
 * record that applies. Call fields_done() also after an error. 0, -ENOMEM, -EMSGSIZE. */
int fields_build(const struct record *r, const char *host, const char *ledger, struct fields *ret);
void fields_done(struct fields *f);
#define cleanup_fields cleanup(fields_done)

#endif
