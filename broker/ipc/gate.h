#ifndef HUFU_IPC_GATE_H
#define HUFU_IPC_GATE_H

#include "broker/ipc/peer.h"
#include "policy/base/cleanup.h"
#include "policy/base/verdict.h"
#include "policy/wire/gate.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

/*
 * The gate: one binary frame in, one out, and the connection is over (docs/protocol.md). What a client can do
 * wrong here ends its own connection and nothing else: each connection has a deadline to bring its frame,
 * each uid and all of them together have a bound on how many may be open, and octets are judged before
 * anybody looks at their meaning.
 *
 * Which request exists and who may make it is a table (struct gate_request); the caller is who the kernel
 * says.
 */
struct gate;
struct gate_call; /* one request being answered; every one must be ended by one of the three below */

enum gate_who {
    GATE_ROOT = 1,  /* whom the options call root */
    GATE_KEYS = 2,  /* the user that sshd runs hufu-authorized-keys as */
    GATE_OTHER = 4, /* any other uid */
};

typedef void gate_handler(void *userdata, struct gate_call *call, const uint8_t *body, size_t size);

/* A row of the request table. */
struct gate_request {
    enum frame_type type;
    unsigned who; /* bits of enum gate_who */
    gate_handler *handle;
};

/* Something that an auditor wants to know: garbage, a caller who may not ask that, too many at once. */
typedef void gate_trouble(void *userdata, const struct peer *peer, enum reason reason, const char *detail);

struct gate_limits {
    unsigned all;         /* open connections */
    unsigned per_uid;     /* of an ordinary uid */
    unsigned privileged;  /* of uid 0, and of the keys user */
    unsigned rate;        /* connections of an ordinary uid within GATE_RATE_US */
    uint64_t deadline_us; /* to bring a whole frame */
};
#define GATE_RATE_US ((uint64_t)10000000)
#define GATE_LIMITS_DEFAULT \
    ((struct gate_limits){  \
        .all = 4096, .per_uid = 32, .privileged = 2048, .rate = 200, .deadline_us = 2000000})

struct gate_options {
    sd_event *event;
    const char *path;
    uid_t root;     /* 0 */
    uid_t keys_uid; /* (uid_t)-1: there is none */
    struct gate_limits limits;
    const struct gate_request *requests;
    size_t n_requests;
    gate_trouble *trouble;
    void *userdata; /* of handlers and of trouble */
};

/** Listens. 0 or -errno. */
int gate_new(const struct gate_options *options, struct gate **ret);

/** Who asks about keys, from the next request on; (uid_t)-1: nobody. */
void gate_set_keys_uid(struct gate *g, uid_t uid);

/** Hangs up on everybody. Calls that are not answered yet stay valid until they are. */
struct gate *gate_free(struct gate *g);
DEFINE_CLEANUP(struct gate, gate_free);

const struct peer *gate_call_peer(const struct gate_call *call);

/** Microseconds of CLOCK_BOOTTIME at which the whole request had arrived. */
uint64_t gate_call_since(const struct gate_call *call);

/** Answers and ends the call. A caller who hung up meanwhile is no error: the reply is lost. */
void gate_call_reply(struct gate_call *call, const struct gate_reply *reply);

/** The body was no message: hangs up without an answer, and tells trouble(). */
void gate_call_malformed(struct gate_call *call, const char *detail);

/* For status. */
struct gate_counters {
    uint64_t requests; /* whole frames that reached a handler */
    uint64_t refused;  /* connections that never got that far */
    unsigned open;
};
struct gate_counters gate_counters(const struct gate *g);

#endif
