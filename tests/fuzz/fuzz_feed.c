// LAYERS: wire base
// COVERS: policy/wire/feed.c
/*
 * Any octets as a frame of the feed, and as the body of every message. Whatever is accepted must encode to
 * the very octets that were read and point to nothing outside them, and whatever is refused must leave a
 * clear struct: else the process ends.
 */
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"
#include "policy/wire/feed.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/mutate.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct feed_message message;

static void demand_inside(const uint8_t *body, size_t size, const uint8_t *data, size_t length)
{
    if (length == 0)
        demand(!data, "nothing, and it has an address");
    else
        demand(data >= body && length <= size && (size_t)(data - body) <= size - length,
               "octets outside the body");
}

static void try_body(enum feed_type type, const uint8_t *body, size_t size)
{
    cleanup_buf struct buf frame = BUF_INIT;

    memset(&message, 0xa5, sizeof(message));
    if (feed_decode(type, body, size, &message) < 0) {
        demand(is_clear(&message, sizeof(message)), "refused, and something is left");
        return;
    }
    demand(message.type == type, "another type");
    demand_inside(body, size, message.cookie.data, message.cookie.size);
    demand_inside(body, size, message.document.data, message.document.size);
    demand_inside(body, size, message.uuids, message.n_uuids * sizeof(message.uuid));
    for (size_t i = 0; i < FEED_APPROVALS_MAX; i++)
        demand_inside(body, size, message.approvals[i].data, message.approvals[i].size);
    demand(feed_encode(&message, &frame) == 0, "accepted what it cannot write");
    demand(frame.size == FRAME_HEADER_SIZE + size, "accepted what it writes in another length");
    demand(memcmp(frame.data + FRAME_HEADER_SIZE, body, size) == 0, "two encodings mean the same");
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    return mutate_frame(data, size, most, seed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum feed_type types[] = {
        FEED_START,   FEED_CLAIM, FEED_BEGIN,  FEED_ENTRY, FEED_DELETE,
        FEED_PRESENT, FEED_END,   FEED_COOKIE, FEED_STATE, FEED_CLAIMED,
    };
    enum feed_type type;
    uint32_t length;

    if (size >= FRAME_HEADER_SIZE && feed_parse_header(data, &type, &length) == 0 &&
        length == size - FRAME_HEADER_SIZE)
        try_body(type, data + FRAME_HEADER_SIZE, length);
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        try_body(types[i], data, size);
    return 0;
}
