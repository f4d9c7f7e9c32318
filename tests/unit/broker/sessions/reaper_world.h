#ifndef HUFU_TESTS_UNIT_BROKER_SESSIONS_REAPER_WORLD_H
#define HUFU_TESTS_UNIT_BROKER_SESSIONS_REAPER_WORLD_H

#include "broker/sessions/endings.h"

/* Fixture: a reaper_client, and the reaper that it talks to played by the test, on a socket of its own in a
 * new folder. *state of the tests. */
struct reaper_world {
    char folder[64], path[96]; /* of the socket */
    sd_event *event;
    int listening, fd;            /* the reaper's side; -1: none */
    struct reaper_client *client; /* made by reaper_world_start() */
    struct registry *registry; /* NULL, or made by the test and freed by the teardown; so are the endings */
    struct endings *endings;
    unsigned here, away, unasked; /* how often the client has said so */
    unsigned outcomes;            /* for the test's own counting, as is what follows */
    struct ending last;
    enum sweep sweep;
};

int reaper_world_setup(void **state); /* neither a client nor a reaper yet */
int reaper_world_teardown(void **state);

/** Runs the event loop for this long. */
void reaper_world_turn(struct reaper_world *w, unsigned milliseconds);

/** The reaper listens. */
void reaper_world_listen(struct reaper_world *w);
/** The reaper takes the client's connection, which has to be there within 20 ms. */
void reaper_world_accept(struct reaper_world *w);
/** A client that takes only `uid` for the reaper. Replies that nobody asked for have to be of session 7. */
void reaper_world_start(struct reaper_world *w, uid_t uid);

/** The next request, as the reaper gets it. */
struct reap_request reaper_world_take(struct reaper_world *w);
/** The reaper replies. */
void reaper_world_say(struct reaper_world *w, const struct reap_reply *reply);

/* Of many: no longer than it takes. */
struct reap_request reaper_world_take_soon(struct reaper_world *w);
void reaper_world_say_soon(struct reaper_world *w, const struct reap_reply *reply);

#endif
