#ifndef HUFU_AUDIT_SEGMENT_H
#define HUFU_AUDIT_SEGMENT_H

#include "broker/audit/record.h"

/* Records that were sealed, written to a file, and have left the store. */
struct sealed_segment {
    uint64_t first, last;
    uint8_t hash[RECORD_HASH_SIZE]; /* of the last */
    const char *sealed;             /* a checkpoint of the last, as its record's detail has it */
};

#endif
