#ifndef HUFU_DAEMON_TALLY_H
#define HUFU_DAEMON_TALLY_H

#include "broker/audit/record.h"
#include "broker/store/store.h"
#include "policy/base/buf.h"

#include <stdint.h>

/*
 * Many records that are alike, as one: how many, when the first and the last, from how many addresses, and
 * what all of them have in common. It only computes.
 */

/* So many addresses are told apart; RECORD_SOURCES_MANY is more than that. */
#define TALLY_SOURCES (RECORD_SOURCES_MANY - 1)

struct tally {
    struct record *like; /* owned; a text or number that is not the same in all is empty */
    uint64_t count;
    int64_t first_us, last_us; /* wall clock, as it was read: it may have been set back in between */
    uint32_t n_sources;
    uint64_t sources[TALLY_SOURCES]; /* digests of their texts */
};

/** One with `r` counted, and nothing else. NULL: no memory. */
struct tally *tally_new(const struct record *r);
struct tally *tally_free(struct tally *t);

/** Counts one more, of the same event and result. */
void tally_add(struct tally *t, const struct record *r);

/** Counts all of `earlier`, which is freed, as having come before those of `t`. */
void tally_join(struct tally *t, struct tally *earlier);

/** The record that stands for all; its texts are the tally's. One that counts a single event is that event's
 * own record. */
struct record tally_record(const struct tally *t);

/** As the store keeps it, beside count, first and last. */
void tally_encode_sample(const struct tally *t, struct buf *b);
void tally_encode_addresses(const struct tally *t, struct buf *b);

/** From there. 0, -EBADMSG (nothing that was written here), -ENOMEM. */
int tally_decode(const struct store_repetition *x, struct tally **ret);

#endif
