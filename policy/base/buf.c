#include "policy/base/buf.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BUF_FIRST_CAPACITY ((size_t)128)

void buf_done(struct buf *b)
{
    free(b->data);
    *b = BUF_INIT;
}

static void buf_fail(struct buf *b, int error)
{
    if (b->error == 0)
        b->error = error;
}

/* Room for `more` octets and a NUL behind them. False, with the error set, if there is none. */
static bool buf_reserve(struct buf *b, size_t more)
{
    size_t limit = b->limit != 0 ? b->limit : BUF_DEFAULT_LIMIT;
    size_t needed, capacity = b->capacity != 0 ? b->capacity : BUF_FIRST_CAPACITY;
    uint8_t *data;

    if (b->error != 0)
        return false;
    if (b->size > limit || more > limit - b->size || b->size + more > SIZE_MAX / 2 - 1) {
        buf_fail(b, -EMSGSIZE);
        return false;
    }
    needed = b->size + more + 1;
    if (b->data && needed <= b->capacity)
        return true;
    while (capacity < needed)
        capacity *= 2;
    data = realloc(b->data, capacity);
    if (!data) {
        buf_fail(b, -ENOMEM);
        return false;
    }
    b->data = data;
    b->capacity = capacity;
    return true;
}

void buf_put(struct buf *b, const void *octets, size_t size)
{
    if (!buf_reserve(b, size) || size == 0)
        return;
    memcpy(b->data + b->size, octets, size);
    b->size += size;
}

static void buf_put_big_endian(struct buf *b, uint64_t v, size_t size)
{
    uint64_t octets = htobe64(v << (64 - 8 * size));

    buf_put(b, &octets, size);
}

void buf_put_u8(struct buf *b, uint8_t v)
{
    buf_put_big_endian(b, v, 1);
}

void buf_put_u16(struct buf *b, uint16_t v)
{
    buf_put_big_endian(b, v, 2);
}

void buf_put_u32(struct buf *b, uint32_t v)
{
    buf_put_big_endian(b, v, 4);
}

void buf_put_u64(struct buf *b, uint64_t v)
{
    buf_put_big_endian(b, v, 8);
}

void buf_put_string(struct buf *b, const char *s)
{
    size_t length = s ? strlen(s) : 0;

    if (length > UINT16_MAX) {
        buf_fail(b, -EMSGSIZE);
        return;
    }
    buf_put_u16(b, (uint16_t)length);
    buf_put(b, s, length);
}

void buf_puts(struct buf *b, const char *s)
{
    buf_put(b, s, strlen(s));
}

void buf_vprintf(struct buf *b, const char *format, va_list arguments)
{
    va_list again;
    int length;

    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0) {
        buf_fail(b, -EINVAL);
    } else if (buf_reserve(b, (size_t)length)) {
        /* buf_reserve() left room for the NUL as well. */
        (void)vsnprintf((char *)b->data + b->size, (size_t)length + 1, format, again);
        b->size += (size_t)length;
    }
    va_end(again);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    buf_vprintf(b, format, arguments);
    va_end(arguments);
}

int buf_error(const struct buf *b)
{
    return b->error;
}

char *buf_steal_text(struct buf *b)
{
    char *text;

    if (!buf_reserve(b, 0))
        return NULL;
    b->data[b->size] = 0;
    text = (char *)b->data;
    b->data = NULL;
    b->size = 0;
    b->capacity = 0;
    return text;
}

const uint8_t *view_get(struct view *v, size_t size)
{
    const uint8_t *octets = v->data;

    if (v->error != 0 || size > v->left) {
        v->error = -EBADMSG;
        return NULL;
    }
    if (size > 0)
        v->data += size;
    v->left -= size;
    /* A view of nothing may have no address; reading nothing from it is no error. */
    return octets ? octets : (const uint8_t *)"";
}

static uint64_t view_get_big_endian(struct view *v, size_t size)
{
    const uint8_t *octets = view_get(v, size);
    uint64_t value = 0;

    for (size_t i = 0; octets && i < size; i++)
        value = value << 8 | octets[i];
    return value;
}

uint8_t view_get_u8(struct view *v)
{
    return (uint8_t)view_get_big_endian(v, 1);
}

uint16_t view_get_u16(struct view *v)
{
    return (uint16_t)view_get_big_endian(v, 2);
}

uint32_t view_get_u32(struct view *v)
{
    return (uint32_t)view_get_big_endian(v, 4);
}

uint64_t view_get_u64(struct view *v)
{
    return view_get_big_endian(v, 8);
}

void view_get_string(struct view *v, char *text, size_t text_size)
{
    size_t length = view_get_u16(v);
    const uint8_t *octets;

    if (text_size > 0)
        text[0] = 0;
    octets = view_get(v, length);
    if (!octets)
        return;
    if (length >= text_size || memchr(octets, 0, length)) {
        v->error = -EBADMSG;
        return;
    }
    memcpy(text, octets, length);
    text[length] = 0;
}

int view_end(const struct view *v)
{
    return v->error == 0 && v->left == 0 ? 0 : -EBADMSG;
}
