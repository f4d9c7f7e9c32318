#ifndef HUFU_IPC_CONTROL_CONNECTION_H
#define HUFU_IPC_CONTROL_CONNECTION_H

#include "broker/ipc/control.h"
#include "policy/base/buf.h"

/*
 * Internal to the control listener: one connection, as octets and messages. What a method is, and who may
 * call it, is control.c's business.
 */

#define CONTROL_CONNECTIONS_MAX         128
#define CONTROL_CONNECTIONS_PER_UID_MAX 32
#define CONTROL_STRANGERS_MAX           64 /* who is neither root nor in a group that may call */
#define CONTROL_SMALL_CALL_MAX          ((size_t)64 * 1024) /* a call of a stranger, and of a gated person */
#define CONTROL_LARGE_CALLS_MAX         4 /* calls that are larger, at the same time; others wait */
#define CONTROL_MESSAGE_DEADLINE_US     ((uint64_t)10 * 1000000) /* a begun call must be whole by then */
#define CONTROL_DRAIN_DEADLINE_US       ((uint64_t)30 * 1000000) /* a reply must have been taken by then */

struct control_connection {
    struct control *control; /* NULL: hung up; only the call that is being answered keeps it */
    struct control_connection *next, *previous;
    struct control_call *call; /* being answered */
    struct peer peer;
    uint32_t login_uid;
    uint32_t person; /* of the call being answered */
    bool identified;
    bool stranger;
    bool begun; /* a part of a call is there; the deadline runs */
    bool large; /* it is one of the large ones, until it is answered */
    bool waits; /* to be one */
    sd_event_source *io;
    sd_event_source *deadline;
    sd_event_source *again;
    int fd;
    struct buf in;
    struct buf out;
    size_t sent;
    const struct control_stream_events *stream; /* NULL: the call gets one reply */
    void *stream_userdata;
    bool broken; /* a stream that is to be hung up in the next turn */
};

struct control_call {
    struct control_connection *connection;
    struct varlink_call message;
};

struct control {
    struct control_options options;
    struct listener *listener;
    struct control_connection *connections;
    unsigned n, n_large;
};

/** Takes fd over. */
int control_connection_new(struct control *c, int fd);
struct control_connection *control_connection_free(struct control_connection *x);
/** Hangs up; what is being answered keeps its memory until it is. */
void control_connection_hang_up(struct control_connection *x);
/** Appends a reply to what is to be sent, and sends. */
void control_connection_send(struct control_connection *x, const char *error, json_t *parameters);
/** From now on replies to x->call are a stream. */
void control_connection_begin_stream(struct control_connection *x, const struct control_stream_events *events,
                                     void *userdata);
/** One of its replies; NULL ends the connection in the next turn. */
void control_connection_send_more(struct control_connection *x, json_t *parameters);
/** Lets the next call come, in another turn of the loop. */
void control_connection_continue(struct control_connection *x);

/** In control.c: whether the peer is a gated person, as far as known yet. */
bool control_connection_is_gated(const struct control_connection *x);
/** In control.c: answers x->call, now or later. */
void control_dispatch(struct control_call *call);

#endif
