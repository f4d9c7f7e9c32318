#ifndef HUFU_TEST_FUZZ_H
#define HUFU_TEST_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** libFuzzer's entry: returns 0, or ends the process when a promise is broken. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Ends the process, saying what was promised, unless it holds. */
void demand(bool condition, const char *promise);

/** Whether all octets are zero: what a refusal leaves behind. */
bool is_clear(const void *at, size_t size);

/** A copy of the octets with a NUL behind them, which the caller frees; ends the process when there is no
 * memory. */
char *fuzz_text(const uint8_t *data, size_t size);

/** The path of a file that has these octets until the next call, and is gone with the process. */
const char *fuzz_file(const uint8_t *data, size_t size);

#endif
