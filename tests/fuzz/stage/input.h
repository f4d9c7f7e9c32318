#ifndef HUFU_TESTS_FUZZ_INPUT_H
#define HUFU_TESTS_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>

/* The octets that a sequence is made of. What is missing is 0. */
struct input {
    const uint8_t *data;
    size_t size;
};

static inline uint8_t take(struct input *in)
{
    if (in->size == 0)
        return 0;
    in->size--;
    return *in->data++;
}

#endif
