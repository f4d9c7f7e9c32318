#ifndef HUFU_WIRE_FRAME_H
#define HUFU_WIRE_FRAME_H

#include <stddef.h>
#include <stdint.h>

/*
 * Frames of the gate and reaper sockets: magic `HUFU`, u16 version, u16 type, u32 length of what
 * follows (<= 8 KiB), all big-endian; then the fields of the type in fixed order, strings with u16
 * length and no NUL. One request and one reply a gate connection. Unknown version or type, a length
 * that does not fit, an octet left over: refused. docs/protocol.md shows each frame byte by byte.
 *
 * The feed's socket has the same header, with types and a bound of its own: feed.h.
 *
 * An encoding is canonical: octets that decode at all are exactly those that the result encodes to.
 */

#define FRAME_VERSION     1
#define FRAME_HEADER_SIZE 12
#define FRAME_BODY_MAX    8192
#define FRAME_MAX         (FRAME_HEADER_SIZE + FRAME_BODY_MAX)

enum frame_type {
    FRAME_GATE_ACCOUNT = 0x0001,
    FRAME_GATE_OPEN = 0x0002,
    FRAME_GATE_CLOSE = 0x0003,
    FRAME_GATE_KEYS = 0x0004,
    FRAME_GATE_CHANNEL = 0x0005,
    FRAME_GATE_COMMAND = 0x0006,
    FRAME_GATE_COMMAND_END = 0x0007,
    FRAME_GATE_TRANSFER = 0x0008,
    FRAME_GATE_REPLY = 0x0080,
    FRAME_REAP_LEASE = 0x0101,
    FRAME_REAP_WARN = 0x0102,
    FRAME_REAP_END = 0x0103,
    FRAME_REAP_SCAN = 0x0104,
    FRAME_REAP_WHO = 0x0105,
    FRAME_REAP_RECORDED = 0x0106,
    FRAME_REAP_LEASED = 0x0107,
    FRAME_REAP_REPLY = 0x0180,
};

struct frame_header {
    enum frame_type type;
    uint32_t length; /* of the body, <= FRAME_BODY_MAX */
};

/** Reads the 12 octets of a header. 0, -EBADMSG (magic, unknown type, length above FRAME_BODY_MAX),
 * -EPROTONOSUPPORT (version; its frame may be built otherwise, so nothing behind it is looked at). */
int frame_parse_header(const uint8_t octets[static FRAME_HEADER_SIZE], struct frame_header *ret);

/** What the headers of all sockets have in common: magic and version, then any type and any length. 0,
 * -EBADMSG (magic), -EPROTONOSUPPORT (version); *ret_type and *ret_length are 0 then. */
int frame_read_header(const uint8_t octets[static FRAME_HEADER_SIZE], uint16_t *ret_type,
                      uint32_t *ret_length);

/** Reads a frame that must be all of `octets`, as one datagram is: the header, and exactly the body it
 * announces behind it, at octets + FRAME_HEADER_SIZE. Errors as frame_parse_header(). */
int frame_parse(const uint8_t *octets, size_t size, struct frame_header *ret);

/** Writes the 12 octets of a header. `type` is an enum frame_type, and `length` then at most FRAME_BODY_MAX;
 * or what feed.h has instead. */
void frame_write_header(uint8_t octets[static FRAME_HEADER_SIZE], unsigned type, uint32_t length);

#endif
