#ifndef HUFU_TEST_FUZZ_MUTATE_H
#define HUFU_TEST_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* What a target's LLVMFuzzerCustomMutator() is made of. Each returns the new size, at most `most`. */

/** libFuzzer's own mutator; there is none where inputs are only replayed. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most) __attribute__((weak));
/** libFuzzer calls it where a target has one. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

/** Text of lines: half the time as libFuzzer would; else a line is dropped, doubled, put elsewhere, or has
 * its place taken, or a new one before it, by one of `words` (n of them), each a whole line without its end.
 */
size_t mutate_lines(uint8_t *data, size_t size, size_t most, unsigned seed, const char *const *words,
                    size_t n);

/** A frame of policy/wire/frame.h: its body as libFuzzer would, and a header that fits; now and then any
 * octets. */
size_t mutate_frame(uint8_t *data, size_t size, size_t most, unsigned seed);

#endif
