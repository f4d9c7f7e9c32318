#ifndef HUFU_TESTS_WIRE_SAMPLES_RECORDING_H
#define HUFU_TESTS_WIRE_SAMPLES_RECORDING_H

#include "policy/wire/gate.h"
#include "policy/wire/reap.h"

/* Of TRANSFER, as samples.h has them; and what RECORDED adds to a request. */
void sample_fill_transfer(enum frame_type type, void *m);
void sample_fill_transfer_most(enum frame_type type, void *m);
int sample_encode_transfer(enum frame_type type, const void *m, uint8_t out[static FRAME_MAX]);
int sample_decode_transfer(enum frame_type type, const uint8_t *body, size_t size, void *ret);
void sample_fill_recorded(struct reap_request *m);
void sample_fill_recorded_most(struct reap_request *m);

#endif
