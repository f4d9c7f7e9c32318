#include "broker/directory/reader.h"

#include "policy/base/cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>

#define READER_FIRST_CAPACITY ((size_t)4 << 10)

void feed_reader_done(struct feed_reader *r)
{
    free(r->body);
    *r = (struct feed_reader){0};
}

void feed_reader_next(struct feed_reader *r)
{
    if (r->capacity > FEED_READER_KEPT)
        feed_reader_done(r);
    r->size = 0;
}

void feed_reader_rest(struct feed_reader *r)
{
    if (r->size == 0)
        feed_reader_done(r);
}

static bool is_of_ldapd(enum feed_type type)
{
    return type != FEED_START && type != FEED_CLAIM;
}

static int take_header(struct feed_reader *r)
{
    int error = feed_parse_header(r->header, &r->type, &r->length);

    if (error < 0)
        return error;
    return is_of_ldapd(r->type) ? 0 : -EBADMSG;
}

/* Room behind the octets of the body that are here; doubles, so that a body is copied twice at most. */
static int reserve(struct feed_reader *r, size_t here)
{
    size_t capacity = r->capacity > 0 ? r->capacity * 2 : READER_FIRST_CAPACITY;
    uint8_t *body;

    if (here < r->capacity)
        return 0;
    body = realloc(r->body, capacity);
    if (!body)
        return -ENOMEM;
    r->body = body;
    r->capacity = capacity;
    return 0;
}

/* Where the next octets belong, and how many may come. */
static int find_room(struct feed_reader *r, uint8_t **at, size_t *room)
{
    size_t here = r->size - sizeof(r->header);
    int error;

    if (r->size < sizeof(r->header)) {
        *at = r->header + r->size;
        *room = sizeof(r->header) - r->size;
        return 0;
    }
    error = reserve(r, here);
    if (error < 0)
        return error;
    *at = r->body + here;
    *room = r->length - here < r->capacity - here ? r->length - here : r->capacity - here;
    return 0;
}

int feed_reader_read(struct feed_reader *r, int fd, size_t most, size_t *ret_octets)
{
    uint8_t *at;
    size_t room;
    ssize_t n;
    int error = find_room(r, &at, &room);

    *ret_octets = 0;
    if (error < 0)
        return error;
    n = recv(fd, at, room < most ? room : most, MSG_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? FEED_READER_NOTHING : -errno;
    if (n == 0)
        return FEED_READER_END;
    *ret_octets = (size_t)n;
    r->size += (size_t)n;
    if (r->size == sizeof(r->header)) {
        error = take_header(r);
        if (error < 0)
            return error;
    }
    return r->size >= sizeof(r->header) && r->size - sizeof(r->header) == r->length ? FEED_READER_FRAME
                                                                                    : FEED_READER_MORE;
}
