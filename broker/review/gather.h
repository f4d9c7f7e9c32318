#ifndef HUFU_REVIEW_GATHER_H
#define HUFU_REVIEW_GATHER_H

#include "policy/base/when.h"
#include "policy/document/grant.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What a review is made of beside the records themselves (review_take() in review.h). All of it is data: who
 * asks the broker, reads files or verifies certificates is hufuctl. Texts are copied; NULL is the empty text.
 */

/* A ledger that was read, and what came of its verification. */
struct review_ledger {
    const char *host;
    const char *ledger; /* id; "" with a store that has none */
    uint64_t first, last, records;
    const char *head; /* hash of the last record, hexadecimal */
    bool verified;
    const char *fault;    /* NULL: none */
    const char *key;      /* fingerprint of the ledger key; NULL: none was seen */
    when_t checkpoint_at; /* of the latest one whose signature was verified; 0: none */
};

/* A grant as it is known. Its document is borrowed until review_free(). */
struct review_grant {
    const struct grant *grant;
    const char *state; /* a reason's name, as in GrantSummary; NULL: nobody said, the records have to tell */
};

/* One approval of a grant that counted, or (from documents in files) that stands beside it. */
struct review_approval {
    const char *grant; /* id */
    const char *person;
    const char *role;
    when_t approved_at;
};

/* An approver of the trust in force. */
struct review_approver {
    const char *person;
    const char *roles; /* with commas between */
    when_t until;      /* end of the certificate */
};

/* What ends by itself. */
struct review_expiry {
    const char *what; /* "certificate", "trust", "ledger-key", "status" */
    const char *name;
    when_t until;
};

/* A line of the staff register. */
struct review_person {
    const char *staff;
    const char *vendor;
    when_t agreement, training, vetting; /* first instant without; 0: the register has none */
};

/* An access that the kernel denied, as auditd wrote it; equal ones have been counted. */
struct review_denied {
    when_t at; /* of the first */
    const char *host, *staff, *what, *path;
    uint64_t count;
};

/* A journal record with Hufu's identifiers that hufud did not write. */
struct review_forgery {
    when_t at;
    uint32_t uid, pid;
    const char *unit, *message;
};

#endif
