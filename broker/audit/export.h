#ifndef HUFU_AUDIT_EXPORT_H
#define HUFU_AUDIT_EXPORT_H

#include "broker/audit/record.h"
#include "broker/audit/segment.h"
#include "policy/base/buf.h"
#include "policy/base/when.h"

#include <jansson.h>

/*
 * The export file: records outside of the store, in lines of JSON that any tool reads and that can still be
 * verified, since nothing of a record is left out or rounded:
 *
 *   {"hufu-ledger":1,"host":..,"ledger":..,"first":..,"last":..,"key":PEM or
 * null,"exported":time,"segments":[..],"filter":..} one object a record, with every member
 *   {"end":true,"records":n,"sequence":last,"hash":hex}
 *
 * first and last are sequences; `filter` is null where all records from first to last are there, else it says
 * what was asked for. `segments` are those that had left the store, up to the first record:
 * {"first","last","hash","sealed"}.
 */
#define EXPORT_FORMAT 1

struct export_head {
    const char *host;
    const char *ledger; /* 32 hexadecimal digits */
    uint64_t first, last;
    const char *key; /* public key, PEM; NULL: none */
    when_t exported;
    const struct sealed_segment *segments;
    size_t n_segments;
    json_t *filter; /* borrowed; NULL: none */
};

/* Each appends one line. Errors are the buffer's. */
void export_put_head(struct buf *b, const struct export_head *head);
void export_put_record(struct buf *b, const struct record *r);
/** `records` were written, the last of them with that sequence and hash (0 and zeros without any). */
void export_put_end(struct buf *b, uint64_t records, uint64_t sequence,
                    const uint8_t hash[static RECORD_HASH_SIZE]);

/** Array of Segment objects, new; NULL without memory. */
json_t *export_segments(const struct sealed_segment *segments, size_t n);

/** "2026-11-21T00:00:00.123456Z" */
#define EXPORT_TIME_SIZE 28
void export_format_time(int64_t at_us, char text[static EXPORT_TIME_SIZE]);

/* Members of a record's line, in their order. */
enum export_member {
    EXPORT_SEQUENCE,
    EXPORT_TIME,
    EXPORT_EVENT,
    EXPORT_RESULT,
    EXPORT_REASON,
    EXPORT_STAFF,
    EXPORT_VENDOR,
    EXPORT_ACCOUNT,
    EXPORT_SERVICE,
    EXPORT_ADDRESS,
    EXPORT_TTY,
    EXPORT_GRANT,
    EXPORT_VERSION,
    EXPORT_TICKET,
    EXPORT_SESSION,
    EXPORT_DEADLINE,
    EXPORT_LATENCY,
    EXPORT_REFERENCE,
    EXPORT_ACTOR,
    EXPORT_DETAIL,
    EXPORT_RECORD_FORMAT,
    EXPORT_COUNT,
    EXPORT_COUNTED_FIRST,
    EXPORT_SOURCES,
    EXPORT_PREVIOUS,
    EXPORT_HASH,
    EXPORT_MEMBERS,
};
extern const char *const export_member_names[EXPORT_MEMBERS];

#endif
