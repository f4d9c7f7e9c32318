#include "tests/fuzz/mutate.h"

#include "policy/wire/frame.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static size_t mutate_octets(uint8_t *data, size_t size, size_t most)
{
    return LLVMFuzzerMutate ? LLVMFuzzerMutate(data, size, most) : size;
}

/* Where a line begins; the number of them is never zero. */
static size_t count_lines(const uint8_t *data, size_t size)
{
    size_t n = 1;

    for (size_t i = 0; i < size; i++)
        n += data[i] == '\n';
    return n;
}

static size_t line_at(const uint8_t *data, size_t size, size_t number)
{
    size_t at = 0;

    while (number > 0 && at < size)
        number -= data[at++] == '\n';
    return at;
}

/* Puts `text` in the place of `gone` octets at `at`. */
static size_t splice(uint8_t *data, size_t size, size_t most, size_t at, size_t gone, const uint8_t *text,
                     size_t length)
{
    if (size - gone + length > most)
        return size;
    memmove(data + at + length, data + at + gone, size - at - gone);
    memcpy(data + at, text, length);
    return size - gone + length;
}

size_t mutate_lines(uint8_t *data, size_t size, size_t most, unsigned seed, const char *const *words,
                    size_t n)
{
    size_t lines = count_lines(data, size), from = line_at(data, size, seed / 8 % lines);
    const uint8_t *end = from < size ? memchr(data + from, '\n', size - from) : NULL;
    size_t length = end ? (size_t)(end + 1 - (data + from)) : size - from;
    const char *word = words[seed / 64 % n];
    uint8_t line[1024] = "";
    size_t room = strlen(word) + 1;

    if (seed % 2 == 0 || room > sizeof(line) || length > sizeof(line))
        return mutate_octets(data, size, most);
    switch (seed / 2 % 4) {
    case 0:
        return splice(data, size, most, from, length, line, 0);
    case 1:
        memcpy(line, data + from, length);
        size = splice(data, size, most, from, seed % 16 < 8 ? length : 0, line, 0);
        return splice(data, size, most, line_at(data, size, seed / 512 % lines), 0, line, length);
    default:
        memcpy(line, word, room);
        line[room - 1] = '\n';
        return splice(data, size, most, from, seed / 2 % 4 == 2 ? length : 0, line, room);
    }
}

size_t mutate_frame(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    size_t body;

    if (seed % 16 == 0 || size < FRAME_HEADER_SIZE || most <= FRAME_HEADER_SIZE)
        return mutate_octets(data, size, most);
    /* The header's last four octets are the length of what follows. */
    body = mutate_octets(data + FRAME_HEADER_SIZE, size - FRAME_HEADER_SIZE, most - FRAME_HEADER_SIZE);
    for (size_t i = 0; i < 4; i++)
        data[FRAME_HEADER_SIZE - 1 - i] = (uint8_t)(body >> (8 * i));
    return FRAME_HEADER_SIZE + body;
}
