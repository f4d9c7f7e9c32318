#include "policy/wire/frame.h"

#include "policy/base/buf.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static const uint8_t frame_magic[4] = {'H', 'U', 'F', 'U'};

static bool frame_is_type(uint16_t number)
{
    switch ((enum frame_type)number) {
    case FRAME_GATE_ACCOUNT:
    case FRAME_GATE_OPEN:
    case FRAME_GATE_CLOSE:
    case FRAME_GATE_KEYS:
    case FRAME_GATE_CHANNEL:
    case FRAME_GATE_COMMAND:
    case FRAME_GATE_COMMAND_END:
    case FRAME_GATE_TRANSFER:
    case FRAME_GATE_REPLY:
    case FRAME_REAP_LEASE:
    case FRAME_REAP_WARN:
    case FRAME_REAP_END:
    case FRAME_REAP_SCAN:
    case FRAME_REAP_WHO:
    case FRAME_REAP_RECORDED:
    case FRAME_REAP_LEASED:
    case FRAME_REAP_REPLY:
        return true;
    }
    return false;
}

int frame_read_header(const uint8_t octets[static FRAME_HEADER_SIZE], uint16_t *ret_type,
                      uint32_t *ret_length)
{
    struct view v = view_of(octets, FRAME_HEADER_SIZE);
    const uint8_t *magic = view_get(&v, sizeof(frame_magic));
    uint16_t version = view_get_u16(&v);

    *ret_type = 0;
    *ret_length = 0;
    if (!magic || memcmp(magic, frame_magic, sizeof(frame_magic)) != 0)
        return -EBADMSG;
    if (version != FRAME_VERSION)
        return -EPROTONOSUPPORT;
    *ret_type = view_get_u16(&v);
    *ret_length = view_get_u32(&v);
    return 0;
}

int frame_parse_header(const uint8_t octets[static FRAME_HEADER_SIZE], struct frame_header *ret)
{
    uint16_t type;
    uint32_t length;
    int r = frame_read_header(octets, &type, &length);

    *ret = (struct frame_header){0};
    if (r != 0)
        return r;
    if (!frame_is_type(type) || length > FRAME_BODY_MAX)
        return -EBADMSG;
    *ret = (struct frame_header){.type = (enum frame_type)type, .length = length};
    return 0;
}

int frame_parse(const uint8_t *octets, size_t size, struct frame_header *ret)
{
    int r;

    *ret = (struct frame_header){0};
    if (size < FRAME_HEADER_SIZE)
        return -EBADMSG;
    r = frame_parse_header(octets, ret);
    if (r != 0)
        return r;
    if (size - FRAME_HEADER_SIZE != ret->length) {
        *ret = (struct frame_header){0};
        return -EBADMSG;
    }
    return 0;
}

static void frame_put(uint8_t *octets, uint32_t v, size_t size)
{
    for (size_t i = 0; i < size; i++)
        octets[i] = (uint8_t)(v >> (8 * (size - 1 - i)));
}

void frame_write_header(uint8_t octets[static FRAME_HEADER_SIZE], unsigned type, uint32_t length)
{
    memcpy(octets, frame_magic, sizeof(frame_magic));
    frame_put(octets + 4, FRAME_VERSION, 2);
    frame_put(octets + 6, type, 2);
    frame_put(octets + 8, length, 4);
}
