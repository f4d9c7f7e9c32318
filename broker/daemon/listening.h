#ifndef HUFU_DAEMON_LISTENING_H
#define HUFU_DAEMON_LISTENING_H

#include "broker/daemon/broker.h"

/* The three sockets, once everything that answers on them is there. Each 0 or -errno. */
int listening_start_gate(struct broker *b);
int listening_start_feed(struct broker *b); /* without a store: nothing to do */
int listening_start_control(struct broker *b);

#endif
