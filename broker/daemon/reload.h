#ifndef HUFU_DAEMON_RELOAD_H
#define HUFU_DAEMON_RELOAD_H

#include "broker/daemon/broker.h"

/*
 * A running broker takes hufud.conf anew. Every key takes effect; no session and no reservation is lost. A
 * file that is wrong in any line is not taken at all: what was in force stays, status says so, and so does a
 * record. Whatever a new configuration may take away is asked again: live sessions are judged again, and so
 * is each answer that waits for the disk or the reaper (`generation`).
 *
 * The user and the groups that have rights here are looked up again with it.
 *
 * The language of texts is the process's own: the caller chooses it anew (texts_init).
 */

/** 0: taken. -errno: nothing has changed, and b->config_trouble says why. */
int broker_reload(struct broker *b);

#endif
