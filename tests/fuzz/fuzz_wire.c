// LAYERS: wire base
// COVERS: policy/wire/frame.c policy/wire/codec.c policy/wire/gate.c policy/wire/reap.c
/*
 * Any octets as a frame, and as the body of every message. Whatever is accepted must encode to the very
 * octets that were read, an admission must be exactly that, and whatever is refused must leave a clear
 * struct: else the process ends.
 */
#include "policy/base/cleanup.h"
#include "policy/wire/gate.h"
#include "policy/wire/reap.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/mutate.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static union {
    struct gate_pam pam;
    struct gate_keys keys;
    struct gate_channel channel;
    struct gate_command command;
    struct gate_command_end command_end;
    struct gate_transfer transfer;
    struct gate_reply reply;
    struct reap_request request;
    struct reap_reply reap_reply;
    uint8_t octets[16384];
} message;

static uint8_t frame[FRAME_MAX];

static int decode(enum frame_type type, const uint8_t *body, size_t size, size_t *ret_struct)
{
    switch (type) {
    case FRAME_GATE_ACCOUNT:
    case FRAME_GATE_OPEN:
    case FRAME_GATE_CLOSE:
        *ret_struct = sizeof(message.pam);
        return gate_decode_pam(body, size, &message.pam);
    case FRAME_GATE_KEYS:
        *ret_struct = sizeof(message.keys);
        return gate_decode_keys(body, size, &message.keys);
    case FRAME_GATE_CHANNEL:
        *ret_struct = sizeof(message.channel);
        return gate_decode_channel(body, size, &message.channel);
    case FRAME_GATE_COMMAND:
        *ret_struct = sizeof(message.command);
        return gate_decode_command(body, size, &message.command);
    case FRAME_GATE_COMMAND_END:
        *ret_struct = sizeof(message.command_end);
        return gate_decode_command_end(body, size, &message.command_end);
    case FRAME_GATE_TRANSFER:
        *ret_struct = sizeof(message.transfer);
        return gate_decode_transfer(body, size, &message.transfer);
    case FRAME_GATE_REPLY:
        *ret_struct = sizeof(message.reply);
        return gate_decode_reply(body, size, &message.reply);
    case FRAME_REAP_REPLY:
        *ret_struct = sizeof(message.reap_reply);
        return reap_decode_reply(body, size, &message.reap_reply);
    case FRAME_REAP_LEASE:
    case FRAME_REAP_WARN:
    case FRAME_REAP_END:
    case FRAME_REAP_SCAN:
    case FRAME_REAP_RECORDED:
    case FRAME_REAP_WHO:
    case FRAME_REAP_LEASED:
        break;
    }
    *ret_struct = sizeof(message.request);
    return reap_decode_request(type, body, size, &message.request);
}

static int encode(enum frame_type type)
{
    switch (type) {
    case FRAME_GATE_ACCOUNT:
    case FRAME_GATE_OPEN:
    case FRAME_GATE_CLOSE:
        return gate_encode_pam(type, &message.pam, frame);
    case FRAME_GATE_KEYS:
        return gate_encode_keys(&message.keys, frame);
    case FRAME_GATE_CHANNEL:
        return gate_encode_channel(&message.channel, frame);
    case FRAME_GATE_COMMAND:
        return gate_encode_command(&message.command, frame);
    case FRAME_GATE_COMMAND_END:
        return gate_encode_command_end(&message.command_end, frame);
    case FRAME_GATE_TRANSFER:
        return gate_encode_transfer(&message.transfer, frame);
    case FRAME_GATE_REPLY:
        return gate_encode_reply(&message.reply, frame);
    case FRAME_REAP_REPLY:
        return reap_encode_reply(&message.reap_reply, frame);
    case FRAME_REAP_LEASE:
    case FRAME_REAP_WARN:
    case FRAME_REAP_END:
    case FRAME_REAP_SCAN:
    case FRAME_REAP_RECORDED:
    case FRAME_REAP_WHO:
    case FRAME_REAP_LEASED:
        break;
    }
    return reap_encode_request(&message.request, frame);
}

static void try_body(enum frame_type type, const uint8_t *body, size_t size)
{
    size_t of_struct = 0;
    int r;

    memset(message.octets, 0xa5, sizeof(message.octets));
    r = decode(type, body, size, &of_struct);
    demand(r == 0 || is_clear(message.octets, of_struct), "refused, and something is left");
    if (r < 0)
        return;
    if (type == FRAME_GATE_REPLY && message.reply.verdict == VERDICT_ALLOW)
        demand(memcmp(body, "\x5a\x3c\x0f\xf1", 4) == 0, "an admission that nobody sent");
    r = encode(type);
    demand(r == (int)(FRAME_HEADER_SIZE + size), "accepted what it cannot write");
    demand(memcmp(frame + FRAME_HEADER_SIZE, body, size) == 0, "two encodings mean the same");
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    return mutate_frame(data, size, most, seed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum frame_type types[] = {
        FRAME_GATE_ACCOUNT,  FRAME_GATE_OPEN,    FRAME_GATE_CLOSE,       FRAME_GATE_KEYS,
        FRAME_GATE_CHANNEL,  FRAME_GATE_COMMAND, FRAME_GATE_COMMAND_END, FRAME_GATE_TRANSFER,
        FRAME_REAP_RECORDED, FRAME_GATE_REPLY,   FRAME_REAP_LEASE,       FRAME_REAP_WARN,
        FRAME_REAP_END,      FRAME_REAP_SCAN,    FRAME_REAP_WHO,         FRAME_REAP_REPLY,
        FRAME_REAP_LEASED,
    };
    struct frame_header h;

    if (frame_parse(data, size, &h) == 0)
        try_body(h.type, data + FRAME_HEADER_SIZE, h.length);
    if (size <= FRAME_BODY_MAX)
        for (size_t i = 0; i < ARRAY_SIZE(types); i++)
            try_body(types[i], data, size);
    return 0;
}
