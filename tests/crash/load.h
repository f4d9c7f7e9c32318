#ifndef HUFU_TESTS_CRASH_LOAD_H
#define HUFU_TESTS_CRASH_LOAD_H

#include "tests/crash/lane.h"

#include <jansson.h>

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

/** An order was refused: nothing of it is done. Root is refused by a hufud that stops, and by no other. Takes
 * over the reply. */
void orders_refused(struct lane *l, json_t *reply);

/** Asks for a checkpoint: the first of a life is made, one that follows soon is the same again. */
void audits_checkpoint(struct client *c);
void audits_look(struct client *c);
void audits_back_up(struct client *c);

/** Hands in a new grant for this person. `uses`: as the document has it. */
void orders_add_grant(struct client *c, unsigned person, const char *uses);

/** A token that nobody else has. */
void load_token(struct lane *l, char token[static TOKEN_SIZE]);

#define LOAD_CLIENTS 5
void load_start(struct lane *l, struct client clients[static LOAD_CLIENTS]);
/** Ends them; the lane is over. */
void load_stop(struct lane *l, struct client clients[static LOAD_CLIENTS]);

#endif
