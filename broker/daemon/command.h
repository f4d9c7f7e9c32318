#ifndef HUFU_DAEMON_COMMAND_H
#define HUFU_DAEMON_COMMAND_H

#include "broker/ipc/gate.h"

/** FRAME_GATE_COMMAND: may sudo run this? Asked by sudo's plugin as root, in the process of sudo. Judged by
 * the grant of the session that it happens in; recorded before it is allowed. */
void command_handle(void *userdata, struct gate_call *call, const uint8_t *body, size_t size);

/** FRAME_GATE_COMMAND_END: what came of it, for the record. */
void command_end_handle(void *userdata, struct gate_call *call, const uint8_t *body, size_t size);

#endif
