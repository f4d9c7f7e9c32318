#ifndef HUFU_TESTS_FAKE_GATE_H
#define HUFU_TESTS_FAKE_GATE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A server at the other end of the gate socket that behaves as told, in a folder of its own under /tmp. */
enum fake_gate_manner {
    FAKE_GATE_ANSWERS = 1, /* reads a whole request, sends the reply, closes */
    FAKE_GATE_STUTTERS,    /* the same, an octet at a time, yet in time */
    FAKE_GATE_DRIPS,       /* an octet every 100 ms: a reply of over 20 octets comes too late */
    FAKE_GATE_LEAVES,      /* reads the request and closes without a word */
    FAKE_GATE_HANGS_UP,    /* closes as soon as it has accepted */
    FAKE_GATE_BLURTS,      /* sends the reply and closes without reading anything */
    FAKE_GATE_FROZEN,      /* listens and never accepts, as a stopped process does */
    FAKE_GATE_FULL,        /* the same, and its backlog is full */
    FAKE_GATE_SILENT,      /* accepts, reads, never answers */
};

struct fake_gate;

/** Never NULL; what cannot be set up ends the test. The reply is sent as it is. With `owner` other than -1
 * the folder is given to that uid (root only). */
struct fake_gate *fake_gate_new(enum fake_gate_manner manner, const void *reply, size_t size, uid_t owner);
const char *fake_gate_path(const struct fake_gate *g);
/** Connections accepted so far. */
unsigned fake_gate_accepted(const struct fake_gate *g);
/** Copies the last request that was read whole (at most `size` octets) and returns its size. */
size_t fake_gate_request(const struct fake_gate *g, void *octets, size_t size);
/** Stops the server, waits for its thread and removes the folder. */
void fake_gate_free(struct fake_gate *g);

#endif
