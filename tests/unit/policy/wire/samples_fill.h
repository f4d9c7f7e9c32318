#ifndef HUFU_TESTS_WIRE_SAMPLES_FILL_H
#define HUFU_TESTS_WIRE_SAMPLES_FILL_H

#include "policy/wire/gate.h"

#include <string.h>

/* What all samples are filled with. */

#define COPY(array, text) memcpy(array, text, sizeof(text))
#define MOST(array)       (memset(array, 'x', sizeof(array) - 1), (array)[sizeof(array) - 1] = 0)

/** The highest value in each field. */
extern const struct gate_caller sample_caller_most;

#endif
