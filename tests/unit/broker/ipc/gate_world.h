#ifndef HUFU_TESTS_IPC_GATE_WORLD_H
#define HUFU_TESTS_IPC_GATE_WORLD_H

#include "broker/ipc/gate.h"
#include "tests/unit/broker/ipc/client.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A gate whose handler allows everybody, counts what comes, and may be told to hold its answer; and clients
 * of it. */
struct gate_world {
    struct client_world client;
    struct gate *gate;
    struct gate_call *held; /* not answered yet */
    bool hold;
    unsigned calls, troubles;
    enum reason trouble; /* the last one */
    pid_t pid;           /* who called last */
    uid_t uid;
};

/** Not who runs the test. */
#define GATE_WORLD_OTHER_UID 4242

/** For cmocka: *state is a struct gate_world whose gate is not open yet. */
int gate_world_setup(void **state);
/** Closes the gate too, if it is open. */
int gate_world_teardown(void **state);
#define GATE_WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, gate_world_setup, gate_world_teardown)

/** Opens the gate. ACCOUNT is for root and for others, OPEN for root alone, KEYS for keys alone. A body that
 * begins with "x" is malformed to the handler. */
void gate_world_open(struct gate_world *w, uid_t root, uid_t keys, struct gate_limits limits);

/** Writes a frame with text (without its NUL) as its body; returns the octets of both. */
size_t gate_world_frame(enum frame_type type, const char *text, uint8_t octets[static 64]);

/** One request on a connection of its own: the reason of its reply. */
enum reason gate_world_ask(struct gate_world *w, enum frame_type type);

/** Before the tests: descriptor 3 is the first that a service manager passes, and nothing else may get it. */
void gate_world_occupy_listen_fd(void);

#endif
