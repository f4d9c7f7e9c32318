#ifndef HUFU_WIRE_CODEC_H
#define HUFU_WIRE_CODEC_H

#include "policy/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A message is a table of fields, and there is one walker that writes by it and one that reads by it:
 * what is encoded and what is decoded cannot drift apart, since neither is written out by hand. Used
 * by gate.c and reap.c only; nothing outside policy/wire needs it.
 */

enum codec_kind {
    CODEC_NUMBER = 1, /* big-endian, `wire` octets; in memory an unsigned, an enum or a when_t */
    CODEC_TEXT,       /* u16 length and octets without NUL; in memory a NUL-terminated array */
    CODEC_LIST,       /* u16 count and the elements; in memory a uint32_t count and an array */
};

struct codec_message;

struct codec_field {
    enum codec_kind kind;
    size_t offset;
    size_t size; /* of the number, of the whole array of text, of one element */
    uint8_t wire;
    bool filled;                         /* TEXT: must not be empty */
    bool (*accepts)(uint64_t value);     /* NUMBER: NULL accepts every value */
    const struct codec_message *element; /* LIST */
    size_t capacity;                     /* LIST */
    size_t count_offset;                 /* LIST */
};

struct codec_message {
    const struct codec_field *fields;
    size_t n_fields;
    size_t size;                           /* of the struct */
    bool (*agrees)(const void *structure); /* rules across fields; NULL: none */
};

#define CODEC_SIZE_OF(type, member) sizeof(((type *)0)->member)

#define CODEC_NUMBER_FIELD(type, member, octets, check)                                              \
    {                                                                                                \
        .kind = CODEC_NUMBER, .offset = offsetof(type, member), .size = CODEC_SIZE_OF(type, member), \
        .wire = (octets), .accepts = (check)                                                         \
    }
#define CODEC_U8_FIELD(type, member, check)  CODEC_NUMBER_FIELD(type, member, 1, check)
#define CODEC_U16_FIELD(type, member, check) CODEC_NUMBER_FIELD(type, member, 2, check)
#define CODEC_U32_FIELD(type, member, check) CODEC_NUMBER_FIELD(type, member, 4, check)
#define CODEC_U64_FIELD(type, member, check) CODEC_NUMBER_FIELD(type, member, 8, check)
#define CODEC_TEXT_FIELD(type, member, not_empty)                                                  \
    {                                                                                              \
        .kind = CODEC_TEXT, .offset = offsetof(type, member), .size = CODEC_SIZE_OF(type, member), \
        .filled = (not_empty)                                                                      \
    }
#define CODEC_LIST_FIELD(type, member, count, of)                                                     \
    {                                                                                                 \
        .kind = CODEC_LIST, .offset = offsetof(type, member), .size = CODEC_SIZE_OF(type, member[0]), \
        .element = (of), .capacity = CODEC_SIZE_OF(type, member) / CODEC_SIZE_OF(type, member[0]),    \
        .count_offset = offsetof(type, count)                                                         \
    }

/** Writes header and fields of `structure` to `out`. The frame's size, or -EMSGSIZE (text that fills its
 * array without a NUL, a list longer than its array, a frame over FRAME_MAX), -EINVAL (a value that the
 * decoder would refuse). No allocation. */
int codec_encode(const struct codec_message *m, enum frame_type type, const void *structure,
                 uint8_t out[static FRAME_MAX]);

/** Clears `structure`, then fills it from a body, which it must consume whole. 0 or -EBADMSG, and then
 * `structure` is clear again. */
int codec_decode(const struct codec_message *m, const uint8_t *body, size_t size, void *structure);

#endif
