#ifndef HUFU_DAEMON_WATCH_H
#define HUFU_DAEMON_WATCH_H

#include "broker/daemon/broker.h"

/*
 * Watching sessions (SessionWatch): the live ones first, then each change. Changes wait for a caller who is
 * slow, up to a bound; who falls further behind is hung up on, and asks again.
 */
struct watcher;

#define WATCH_BEHIND_MAX 256

/** Makes a stream of the call. `staff` (NULL: everybody) is the call's own parameter. `sessions` (taken over)
 * are the live ones. 0; -ENOMEM: the call is still to be answered. */
int watch_begin(struct broker *b, struct control_call *call, const char *staff, json_t *sessions);

#define WATCH_OPENED   "opened"
#define WATCH_WARNED   "warned"
#define WATCH_NARROWED "narrowed" /* it ends earlier */
#define WATCH_EXTENDED "extended" /* it ends later */
#define WATCH_ENDING   "ending"
#define WATCH_REMAINS  "remains" /* not all of it could be ended; it is tried again */
#define WATCH_ENDED    "ended"   /* proven */

/** Tells everybody who watches; before the session leaves the registry. */
void watch_tell(struct broker *b, const struct session *s, const char *change);

#endif
