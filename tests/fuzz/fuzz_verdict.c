// LAYERS: trust engine document base
// COVERS: broker/trust/verdict_keep.c:trust_verdict_encode,trust_verdict_decode
/*
 * Any octets as the row of a verdict: as they are, and with the checksum that belongs to them. Whatever is
 * accepted must encode to the very octets that were read, and whatever is refused must leave a clear struct:
 * else the process ends.
 */
#include "broker/trust/digest.h"
#include "broker/trust/verdict.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct trust_verdict_key key = {{0x48, 0x75, 0x66, 0x75}};

static void try(const uint8_t *data, size_t size)
{
    static const struct trust_verdict nothing;
    uint8_t again[VERDICT_SIZE];
    struct trust_verdict v;

    memset(&v, 0xa5, sizeof(v));
    if (trust_verdict_decode(data, size, &key, &v) < 0) {
        demand(memcmp(&v, &nothing, sizeof(v)) == 0, "refused, and something is left");
        return;
    }
    demand(trust_verdict_encode(&v, &key, again) == 0, "accepted what it cannot write");
    demand(size == sizeof(again) && memcmp(again, data, size) == 0, "two encodings mean the same");
}

static void try_with_checksum(const uint8_t *data, size_t size)
{
    uint8_t octets[VERDICT_KEY_SIZE + VERDICT_SIZE], sha256[32];

    if (size > VERDICT_SIZE - VERDICT_CHECKSUM_SIZE)
        return;
    memcpy(octets, key.octets, VERDICT_KEY_SIZE);
    memcpy(octets + VERDICT_KEY_SIZE, data, size);
    demand(digest_sha256(octets, VERDICT_KEY_SIZE + size, sha256) == 0, "no digest");
    memcpy(octets + VERDICT_KEY_SIZE + size, sha256, VERDICT_CHECKSUM_SIZE);
    try(octets + VERDICT_KEY_SIZE, size + VERDICT_CHECKSUM_SIZE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try(data, size);
    try_with_checksum(data, size);
    return 0;
}
