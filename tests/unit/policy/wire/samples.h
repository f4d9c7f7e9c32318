#ifndef HUFU_TESTS_WIRE_SAMPLES_H
#define HUFU_TESTS_WIRE_SAMPLES_H

#include "policy/wire/frame.h"

#include <stddef.h>
#include <stdint.h>

/* One row a frame type: how it is encoded and decoded, an example with every field set (the one that
 * docs/protocol.md shows), and one with every field at its maximum. */
struct sample {
    const char *name; /* of the block in docs/protocol.md */
    enum frame_type type;
    size_t size; /* of the struct */
    int (*encode)(enum frame_type type, const void *m, uint8_t out[static FRAME_MAX]);
    int (*decode)(enum frame_type type, const uint8_t *body, size_t size, void *ret);
    void (*fill)(enum frame_type type, void *m);
    void (*fill_most)(enum frame_type type, void *m);
};

#define SAMPLE_SIZE_MAX 16384 /* larger than every struct */

extern const struct sample samples[];
extern const size_t n_samples;

/** Fills a message (SAMPLE_SIZE_MAX octets) by one of the sample's two functions and encodes it; the frame's
 * size. */
size_t sample_encode(const struct sample *s, void (*fill)(enum frame_type, void *), void *message,
                     uint8_t frame[static FRAME_MAX]);

/** Reads a frame as one of the sample's kind into `decoded` (SAMPLE_SIZE_MAX octets). As the decoders; fails
 * the test if a decoder that refuses leaves anything behind. */
int sample_decode(const struct sample *s, const uint8_t *octets, size_t size, void *decoded);

#endif
