#ifndef HUFU_TESTS_CRASH_LOAD_H
#define HUFU_TESTS_CRASH_LOAD_H

#include "tests/crash/lane.h"

/*
 * Who keeps hufud busy: clients that log in, go, are refused and switch accounts (logins.c), and one that
 * gives orders (orders.c). Each does one thing after another, notes what it was told, and takes a connection
 * that is hung up on for what it is: an answer that nobody got.
 */
struct client {
    struct lane *lane;
    pthread_t thread;
    uint64_t random;
};

/** Does one thing. */
void logins_step(struct client *c);
void orders_step(struct client *c);

/** Hands in a new grant for this person. `uses`: as the document has it. */
void orders_add_grant(struct client *c, unsigned person, const char *uses);

/** A token that nobody else has. */
void load_token(struct lane *l, char token[static TOKEN_SIZE]);

#define LOAD_CLIENTS 5
void load_start(struct lane *l, struct client clients[static LOAD_CLIENTS]);
/** Ends them; the lane is over. */
void load_stop(struct lane *l, struct client clients[static LOAD_CLIENTS]);

#endif
