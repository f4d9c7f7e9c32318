#ifndef HUFU_AUDIT_FILTER_H
#define HUFU_AUDIT_FILTER_H

#include "broker/audit/record.h"

#include <stdbool.h>

/* Which records somebody asks for: all that is set has to hold. */
struct record_filter {
    uint64_t after;     /* sequence > after */
    uint64_t before;    /* sequence < before; 0: no bound */
    when_t from, until; /* 0: no bound */
    /* NULL: any. `reason` is a reason's name. */
    const char *staff, *vendor, *event, *result, *reason, *grant, *ticket, *service, *account, *address;
    uint64_t session; /* 0: any */
    bool newest_first;
    uint32_t limit; /* 0: as many as whoever answers hands out at once */
};

/** A second as microseconds; beyond their range: the end of it. */
int64_t record_filter_us(when_t t);

/** Whether a record is asked for, whatever the order and the limit. */
bool record_filter_matches(const struct record_filter *f, const struct record *r);

#endif
