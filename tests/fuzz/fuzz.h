#ifndef HUFU_TEST_FUZZ_H
#define HUFU_TEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/** libFuzzer's entry: returns 0, or ends the process when a promise is broken. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
