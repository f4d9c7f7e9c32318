#ifndef HUFU_TESTS_DIRECTORY_FEED_WORLD_H
#define HUFU_TESTS_DIRECTORY_FEED_WORLD_H

#include "broker/directory/feed.h"
#include "policy/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

#define FEED_WORLD_CLIENTS 64

/* A feed in a folder of its own, its other ends in the same process, and what it told. */
struct feed_world {
    char folder[64];
    char path[96];
    sd_event *event;
    struct feed *feed;
    int clients[FEED_WORLD_CLIENTS]; /* closed at the end */
    size_t n_clients;

    char told[256]; /* a letter a call: + here, - gone, m message, t trouble; in order */
    size_t n_told;  /* also when there is no room for more letters */
    size_t n_messages;
    struct feed_message last;
    uint32_t sum; /* of the numbers told by messages: see feed_world_entry() */
    bool disorder;
    char detail[64]; /* of the last trouble */
    uid_t uid;
    pid_t pid;
    /* Done in the callback with this letter, if set, after it was noted. */
    char when;
    void (*then)(struct feed_world *w);
    bool inside; /* a call of the feed's is under way: no callback may come */
};

int feed_world_setup(void **state);
int feed_world_teardown(void **state);

/** Opens the feed: to this user, and to this root. */
void feed_world_open(struct feed_world *w, uid_t uid, uid_t root);
/** One to which the user of this process is hufu-ldap. */
void feed_world_open_mine(struct feed_world *w);

int feed_world_connect(struct feed_world *w);
/** Opens the feed as feed_world_open_mine() and connects to it, which was told then. */
int feed_world_open_and_connect(struct feed_world *w);
/** Sends all of it; the socket must have room. */
void feed_world_put(int fd, const void *octets, size_t size);
/** Sends a message. */
void feed_world_say(int fd, const struct feed_message *m);
/** An ENTRY whose document has `size` octets; `number` is its search, and has to come in order, from 1. */
void feed_world_entry(int fd, uint32_t number, size_t size);
/** Turns the loop until nothing is left to do; fails if there is no end to it. The number of turns. */
unsigned feed_world_turn(struct feed_world *w);
/** One turn. */
void feed_world_turn_once(struct feed_world *w);
/** As feed_send(); fails if a callback comes out of it. */
int feed_world_send(struct feed_world *w, const struct feed_message *m);

/** Whether the other end has hung up, and nothing is left to be read. */
bool feed_world_is_hung_up(int fd);
/** What was told since the last call. */
void feed_world_assert_told(struct feed_world *w, const char *expected);

#endif
