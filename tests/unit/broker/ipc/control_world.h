#ifndef HUFU_TESTS_IPC_CONTROL_WORLD_H
#define HUFU_TESTS_IPC_CONTROL_WORLD_H

#include "broker/ipc/control.h"
#include "broker/ipc/varlink.h"
#include "tests/unit/broker/ipc/client.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A control socket whose handlers give back what they got, and may be told to hold their answer; and clients
 * of it. */
struct control_world {
    struct client_world client;
    struct control *control;
    uint32_t login_uid; /* of whoever connects */
    bool hold;
    struct control_call *held; /* not answered yet */
    unsigned refused, identified;
};

#define CONTROL_WORLD_NO_GROUP  ((gid_t)-1)
#define CONTROL_WORLD_INTERFACE "org.hufu.control"

/** For cmocka: *state is a struct control_world whose socket is not open yet, and whose clients have no login
 * uid. */
int control_world_setup(void **state);
/** Closes the socket too, if it is open. */
int control_world_teardown(void **state);
#define CONTROL_WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, control_world_setup, control_world_teardown)

/**
 * Opens the socket; gated are 20000 to 29999. Its methods: Read (auditors and operators) and Change
 * (operators), the same for peers whose login uid is unknown as Look and Stop, Reset (root alone), Fail
 * (error NotFound) and Large (a text of 4 MiB).
 */
void control_world_open(struct control_world *w, uid_t root, gid_t operators, gid_t auditors);

/** Reads one reply, and leaves a second where it is; to be ended by varlink_reply_done. */
struct varlink_reply control_world_take(struct control_world *w, int fd);

/** Sends text with its NUL, and reads one reply as control_world_take. */
struct varlink_reply control_world_call(struct control_world *w, int fd, const char *text);

/** Whether a call of the method, on a connection of its own, fails with that error (NULL: succeeds). */
bool control_world_is_error(struct control_world *w, const char *method, const char *error);

#endif
