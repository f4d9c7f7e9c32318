#ifndef HUFU_DAEMON_TRANSFER_H
#define HUFU_DAEMON_TRANSFER_H

#include "broker/ipc/gate.h"

/** FRAME_GATE_TRANSFER: one file, by path, size and direction, for the record. Believed of a process that was
 * let start a transfer, and of the uid whose session that is. */
void transfer_handle(void *userdata, struct gate_call *call, const uint8_t *body, size_t size);

#endif
