#ifndef HUFU_BASE_BUF_H
#define HUFU_BASE_BUF_H

#include "policy/base/cleanup.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A growing buffer of octets that remembers its first error: write freely, check once at the end
 * with buf_error(). After an error nothing is appended any more. Big-endian integers.
 */
struct buf {
    uint8_t *data;
    size_t size;
    size_t capacity;
    size_t limit; /* most octets it may hold; 0: BUF_DEFAULT_LIMIT */
    int error;    /* 0 or the first negative errno */
};

#define BUF_DEFAULT_LIMIT ((size_t)64 * 1024 * 1024)
#define BUF_INIT          ((struct buf){0})

void buf_done(struct buf *b);
#define cleanup_buf cleanup(buf_done)

void buf_put(struct buf *b, const void *octets, size_t size);
void buf_put_u8(struct buf *b, uint8_t v);
void buf_put_u16(struct buf *b, uint16_t v);
void buf_put_u32(struct buf *b, uint32_t v);
void buf_put_u64(struct buf *b, uint64_t v);
/** u16 length and the octets; NULL is the empty string; a longer string than 65535 is -EMSGSIZE. */
void buf_put_string(struct buf *b, const char *s);
void buf_puts(struct buf *b, const char *s);
__attribute__((format(printf, 2, 3))) void buf_printf(struct buf *b, const char *format, ...);
__attribute__((format(printf, 2, 0))) void buf_vprintf(struct buf *b, const char *format, va_list arguments);

/** 0, or the first error (-ENOMEM, -EMSGSIZE, -EINVAL). */
int buf_error(const struct buf *b);
/** NUL-terminated text taken out of the buffer (the NUL is not counted in size), the caller's to free; NULL
 * on error. */
char *buf_steal_text(struct buf *b);

/*
 * Reading: a view that only moves forward and checks each length by subtraction. On failure the
 * output is cleared, the view's error is set, and every later read fails as well.
 */
struct view {
    const uint8_t *data;
    size_t left;
    int error;
};

static inline struct view view_of(const void *data, size_t size)
{
    return (struct view){.data = (const uint8_t *)data, .left = size};
}

const uint8_t *view_get(struct view *v, size_t size); /* NULL on error */
uint8_t view_get_u8(struct view *v);
uint16_t view_get_u16(struct view *v);
uint32_t view_get_u32(struct view *v);
uint64_t view_get_u64(struct view *v);
/** u16 length and octets, no NUL inside. Copies into `text` of `text_size` with NUL; longer: error. */
void view_get_string(struct view *v, char *text, size_t text_size);
/** 0 if nothing failed and nothing is left, else -EBADMSG. */
int view_end(const struct view *v);

#endif
