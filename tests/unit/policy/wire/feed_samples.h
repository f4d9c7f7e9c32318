#ifndef HUFU_TESTS_WIRE_FEED_SAMPLES_H
#define HUFU_TESTS_WIRE_FEED_SAMPLES_H

#include "policy/wire/feed.h"

#include <stddef.h>
#include <stdint.h>

struct buf;

/* One row a type of the feed: an example with every field set (the one that docs/protocol.md shows), and one
 * with every field at its maximum. What they point to is static. */
struct feed_sample {
    const char *name; /* of the block in docs/protocol.md */
    enum feed_type type;
    void (*fill)(struct feed_message *m);
    void (*fill_most)(struct feed_message *m);
};

extern const struct feed_sample feed_samples[];
extern const size_t n_feed_samples;

/** Fills *m by one of the two functions, and its type. */
void feed_sample_fill(const struct feed_sample *s, void (*fill)(struct feed_message *m),
                      struct feed_message *m);

/** Fails the test if the two say different things: field by field, octets by what they hold. */
void feed_assert_equal(const struct feed_message *a, const struct feed_message *b);

/** Reads a frame, header and body. As the decoders; fails the test if one that refuses leaves anything. */
int feed_read_frame(const uint8_t *octets, size_t size, struct feed_message *ret);

#endif
