#ifndef HUFU_TESTS_UNIT_BROKER_DAEMON_LISTENER_H
#define HUFU_TESTS_UNIT_BROKER_DAEMON_LISTENER_H

#include "tests/unit/broker/daemon/world.h"

/* Who called a method with `more` and hears its replies. */
struct listener {
    struct world *world;
    int fd;
    char octets[4 * 1024 * 1024];
    size_t size;
};

/** `parameters` is taken over. */
struct listener *listen_to(struct world *w, const char *method, json_t *parameters);
void listener_end(struct listener *l);

/** The next reply, once it is there (varlink_reply_done()). */
struct varlink_reply hear(struct listener *l);

/** For world_until(): nobody is at the other end any more. */
bool is_hung_up(struct world *w, void *listener);

#endif
