#ifndef HUFU_TESTS_UNIT_BROKER_AUDIT_SAMPLES_H
#define HUFU_TESTS_UNIT_BROKER_AUDIT_SAMPLES_H

#include "broker/audit/record.h"

/** A record in which every field says something, and no two the same. */
struct record sample_record(void);
/** One in which nothing does but what has to. */
struct record sample_bare_record(void);

/** Fails unless both say the same, hashes too. */
void sample_expect_equal(const struct record *a, const struct record *b);

#endif
