#include "policy/wire/codec.h"

#include "policy/base/buf.h"

#include <errno.h>
#include <string.h>

struct writer {
    uint8_t *octets;
    size_t size;
    size_t capacity;
    int error;
};

static uint64_t load(const uint8_t *memory, size_t size)
{
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;

    switch (size) {
    case sizeof(u8):
        memcpy(&u8, memory, sizeof(u8));
        return u8;
    case sizeof(u16):
        memcpy(&u16, memory, sizeof(u16));
        return u16;
    case sizeof(u32):
        memcpy(&u32, memory, sizeof(u32));
        return u32;
    default:
        memcpy(&u64, memory, sizeof(u64));
        return u64;
    }
}

static void store(uint8_t *memory, size_t size, uint64_t value)
{
    uint8_t u8 = (uint8_t)value;
    uint16_t u16 = (uint16_t)value;
    uint32_t u32 = (uint32_t)value;

    switch (size) {
    case sizeof(u8):
        memcpy(memory, &u8, sizeof(u8));
        break;
    case sizeof(u16):
        memcpy(memory, &u16, sizeof(u16));
        break;
    case sizeof(u32):
        memcpy(memory, &u32, sizeof(u32));
        break;
    default:
        memcpy(memory, &value, sizeof(value));
        break;
    }
}

static void fail(struct writer *w, int error)
{
    if (w->error == 0)
        w->error = error;
}

static void put(struct writer *w, const void *octets, size_t size)
{
    if (size > w->capacity - w->size)
        fail(w, -EMSGSIZE);
    if (w->error != 0)
        return;
    memcpy(w->octets + w->size, octets, size);
    w->size += size;
}

static void put_number(struct writer *w, uint64_t value, size_t size)
{
    uint8_t octets[8];

    if (size < sizeof(octets) && value >> (8 * size) != 0) {
        fail(w, -EINVAL);
        return;
    }
    for (size_t i = 0; i < size; i++)
        octets[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
    put(w, octets, size);
}

static void put_text(struct writer *w, const struct codec_field *f, const char *text)
{
    const char *end = memchr(text, 0, f->size);
    size_t length;

    if (!end) {
        fail(w, -EMSGSIZE);
        return;
    }
    length = (size_t)(end - text);
    if (f->filled && length == 0)
        fail(w, -EINVAL);
    put_number(w, length, 2);
    put(w, text, length);
}

static void put_message(struct writer *w, const struct codec_message *m, const uint8_t *structure);

static void put_list(struct writer *w, const struct codec_field *f, const uint8_t *structure)
{
    uint64_t count = load(structure + f->count_offset, sizeof(uint32_t));

    if (count > f->capacity) {
        fail(w, -EMSGSIZE);
        return;
    }
    put_number(w, count, 2);
    for (size_t i = 0; i < count; i++)
        put_message(w, f->element, structure + f->offset + i * f->size);
}

static void put_field(struct writer *w, const struct codec_field *f, const uint8_t *structure)
{
    uint64_t value;

    switch (f->kind) {
    case CODEC_NUMBER:
        value = load(structure + f->offset, f->size);
        if (f->accepts && !f->accepts(value))
            fail(w, -EINVAL);
        put_number(w, value, f->wire);
        break;
    case CODEC_TEXT:
        put_text(w, f, (const char *)structure + f->offset);
        break;
    case CODEC_LIST:
        put_list(w, f, structure);
        break;
    }
}

/* Recursion is as deep as the tables are: a list's element has no list. */
static void put_message(struct writer *w, const struct codec_message *m, const uint8_t *structure)
{
    for (size_t i = 0; i < m->n_fields; i++)
        put_field(w, &m->fields[i], structure);
    /* Text without an end was seen by then, and is not looked at again. */
    if (w->error == 0 && m->agrees && !m->agrees(structure))
        fail(w, -EINVAL);
}

int codec_encode(const struct codec_message *m, enum frame_type type, const void *structure,
                 uint8_t out[static FRAME_MAX])
{
    struct writer w = {.octets = out + FRAME_HEADER_SIZE, .capacity = FRAME_BODY_MAX};

    put_message(&w, m, structure);
    if (w.error != 0)
        return w.error;
    frame_write_header(out, type, (uint32_t)w.size);
    return (int)(FRAME_HEADER_SIZE + w.size);
}

static uint64_t get_number(struct view *v, size_t size)
{
    const uint8_t *octets = view_get(v, size);
    uint64_t value = 0;

    for (size_t i = 0; octets && i < size; i++)
        value = value << 8 | octets[i];
    return value;
}

static void get_message(struct view *v, const struct codec_message *m, uint8_t *structure);

static void get_list(struct view *v, const struct codec_field *f, uint8_t *structure)
{
    size_t count = view_get_u16(v);

    if (count > f->capacity) {
        v->error = -EBADMSG;
        return;
    }
    store(structure + f->count_offset, sizeof(uint32_t), count);
    for (size_t i = 0; i < count; i++)
        get_message(v, f->element, structure + f->offset + i * f->size);
}

static void get_field(struct view *v, const struct codec_field *f, uint8_t *structure)
{
    char *text;
    uint64_t value;

    switch (f->kind) {
    case CODEC_NUMBER:
        value = get_number(v, f->wire);
        if (v->error == 0 && f->accepts && !f->accepts(value))
            v->error = -EBADMSG;
        store(structure + f->offset, f->size, value);
        break;
    case CODEC_TEXT:
        text = (char *)structure + f->offset;
        view_get_string(v, text, f->size);
        if (f->filled && text[0] == 0)
            v->error = -EBADMSG;
        break;
    case CODEC_LIST:
        get_list(v, f, structure);
        break;
    }
}

static void get_message(struct view *v, const struct codec_message *m, uint8_t *structure)
{
    for (size_t i = 0; i < m->n_fields && v->error == 0; i++)
        get_field(v, &m->fields[i], structure);
    if (v->error == 0 && m->agrees && !m->agrees(structure))
        v->error = -EBADMSG;
}

int codec_decode(const struct codec_message *m, const uint8_t *body, size_t size, void *structure)
{
    struct view v = view_of(body, size);

    memset(structure, 0, m->size);
    get_message(&v, m, structure);
    if (view_end(&v) < 0) {
        memset(structure, 0, m->size);
        return -EBADMSG;
    }
    return 0;
}
