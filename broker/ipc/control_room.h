#ifndef HUFU_IPC_CONTROL_ROOM_H
#define HUFU_IPC_CONTROL_ROOM_H

#include "broker/ipc/control_connection.h"

/* Internal to the control listener: how many may be in, and how many large calls are taken in at a time. */

/** Who is neither root nor in a group that may call. */
bool control_room_is_stranger(const struct control_options *o, const struct peer *peer);

/** Whether one more of this uid may come in. */
bool control_room_has(const struct control *c, uid_t uid, bool stranger);

/** Whether the part of a call that is there may grow; it is one of the large ones then. */
bool control_room_may_grow(struct control_connection *x);

/** The call has been answered, or given up: another may be as large. */
void control_room_call_done(struct control_connection *x);

#endif
