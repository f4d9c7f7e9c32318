#ifndef HUFU_DIRECTORY_READER_H
#define HUFU_DIRECTORY_READER_H

#include "policy/wire/feed.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Takes one frame after the other off a stream, and never an octet of the next: what is not asked for stays
 * in the socket, whose size bounds it. Memory grows with the octets that came, not with the length that
 * somebody announced.
 */
struct feed_reader {
    uint8_t header[FRAME_HEADER_SIZE];
    enum feed_type type; /* known when the header is whole */
    uint32_t length;     /* of the body */
    size_t size;         /* octets of header and body that are here */
    uint8_t *body;
    size_t capacity;
};

#define FEED_READER_KEPT ((size_t)64 << 10) /* capacity that is kept for the next frame */

enum feed_reader_result {
    FEED_READER_FRAME = 1, /* type, body and length hold it */
    FEED_READER_MORE,      /* some octets came */
    FEED_READER_NOTHING,   /* none are there now */
    FEED_READER_END,       /* the other end hung up */
};

/** Reads once from `fd`, `most` octets at most and without waiting; *ret_octets says how many came. -EBADMSG
 * (no frame of hufu-ldapd's), -EPROTONOSUPPORT (version), -ENOMEM, other -errno of recv(2): the stream is of
 * no use any more. */
int feed_reader_read(struct feed_reader *r, int fd, size_t most, size_t *ret_octets);

/** Ready for the next frame. */
void feed_reader_next(struct feed_reader *r);
/** Gives the memory back if no frame has begun. */
void feed_reader_rest(struct feed_reader *r);
/** Forgets everything; as new. */
void feed_reader_done(struct feed_reader *r);

#endif
