#ifndef HUFU_TESTS_WIRE_SAMPLES_COMMAND_H
#define HUFU_TESTS_WIRE_SAMPLES_COMMAND_H

#include "policy/wire/frame.h"

#include <stddef.h>
#include <stdint.h>

/* The functions of samples.h for the two frames of sudo's plugin. */

void sample_fill_command(enum frame_type type, void *m);
void sample_fill_command_most(enum frame_type type, void *m);
int sample_encode_command(enum frame_type type, const void *m, uint8_t out[static FRAME_MAX]);
int sample_decode_command(enum frame_type type, const uint8_t *body, size_t size, void *ret);

void sample_fill_command_end(enum frame_type type, void *m);
void sample_fill_command_end_most(enum frame_type type, void *m);
int sample_encode_command_end(enum frame_type type, const void *m, uint8_t out[static FRAME_MAX]);
int sample_decode_command_end(enum frame_type type, const uint8_t *body, size_t size, void *ret);

#endif
