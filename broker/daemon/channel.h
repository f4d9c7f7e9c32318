#ifndef HUFU_DAEMON_CHANNEL_H
#define HUFU_DAEMON_CHANNEL_H

#include "broker/ipc/gate.h"

/** FRAME_GATE_CHANNEL: may my session start this? Asked by hufu-channel as the person. Which session it is
 * says hufu-reaper, which reads the caller's audit session from the kernel: the caller's own word counts for
 * nothing. */
void channel_handle(void *userdata, struct gate_call *call, const uint8_t *body, size_t size);

#endif
