#ifndef HUFU_WIRE_FRAME_H
#define HUFU_WIRE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "policy/base/buf.h"

/*
 * Frames of the gate and reaper sockets: magic `HUFU`, u16 version, u16 type, u32 length of what
 * follows (<= 8 KiB), all big-endian; then the fields of the type in fixed order, strings with u16
 * length and no NUL. One request and one reply a gate connection. Unknown version or type, a length
 * that does not fit, an octet left over: refused. docs/protocol.md shows each frame byte by byte.
 */

#define FRAME_VERSION 1
#define FRAME_HEADER_SIZE 12
#define FRAME_BODY_MAX 8192
#define FRAME_MAX (FRAME_HEADER_SIZE + FRAME_BODY_MAX)

enum frame_type {
	FRAME_GATE_ACCOUNT = 0x0001,
	FRAME_GATE_OPEN = 0x0002,
	FRAME_GATE_CLOSE = 0x0003,
	FRAME_GATE_KEYS = 0x0004,
	FRAME_GATE_CHANNEL = 0x0005,
	FRAME_GATE_REPLY = 0x0080,
	FRAME_REAP_LEASE = 0x0101,
	FRAME_REAP_WARN = 0x0102,
	FRAME_REAP_END = 0x0103,
	FRAME_REAP_SCAN = 0x0104,
	FRAME_REAP_WHO = 0x0105,
	FRAME_REAP_REPLY = 0x0180,
};

struct frame_header {
	enum frame_type type;
	uint32_t length; /* of the body */
};

/** Reads the 12 octets of a header. 0, -EBADMSG (magic, length, type), -EPROTONOSUPPORT (version). */
int frame_parse_header(const uint8_t octets[static FRAME_HEADER_SIZE], struct frame_header *ret);

/** Appends header and body. The body is what `body` holds; an error of it becomes b's. */
void frame_write(struct buf *b, enum frame_type type, const struct buf *body);

#endif
