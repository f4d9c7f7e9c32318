#ifndef HUFU_IPC_CONTROL_H
#define HUFU_IPC_CONTROL_H

#include "broker/ipc/peer.h"
#include "broker/ipc/varlink.h"
#include "policy/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/*
 * The control socket: operators, auditors and root, over varlink (docs/protocol-control.md). Calls of one
 * connection are answered one after the other. Who may call what is a column of the method table, asked in
 * one place; who a caller is comes from the kernel: uid and groups when they connected, and the audit login
 * uid, which only hufu-reaper may read, so that a gated person who became root stays a gated person.
 */
struct control;
struct control_call;       /* one call being answered; every one must be ended by a reply or an error */
struct control_connection; /* seen by identify() alone */

enum control_right {
    CONTROL_ANYONE = 0, /* what varlink tells about itself */
    CONTROL_READ = 1,   /* root, operators, auditors */
    CONTROL_CHANGE = 2, /* root, operators */
    CONTROL_ROOT = 3,   /* root alone: what starts over (trust, time, identity) */
    CONTROL_AUDIT =
        4, /* root, auditors: that the records were reviewed; who changes things does not say so */
};

typedef void control_handler(void *userdata, struct control_call *call, json_t *parameters);

/* A row of the method table. */
struct control_method {
    const char *name; /* without the interface */
    enum control_right needs;
    /* It may also be called while nobody can tell the caller's login uid (hufu-reaper is away): it only
     * shows the state, or only takes access away. */
    bool blind;
    /* A gated person may call it too; the handler asks control_call_person() whose it is, and answers about
     * what is not theirs as about what does not exist. */
    bool own;
    control_handler *handle;
};

/* Finds out the login uid of process `pid` and says it with control_identified(), at once or later. */
typedef void control_identify(void *userdata, struct control_connection *connection, pid_t pid);

/* A call that was not permitted, for the record. */
typedef void control_refused(void *userdata, const struct control_call *call, const char *method,
                             const char *needs);

/* The text of broker/ipc/org.hufu.control.varlink. */
extern const char control_interface_description[];

struct control_options {
    sd_event *event;
    const char *path;
    const char *interface;   /* its qualified name */
    const char *description; /* the .varlink text */
    const char *version;
    const struct control_method *methods;
    size_t n_methods;
    uid_t root;                /* 0 */
    gid_t operators, auditors; /* (gid_t)-1: there is no such group */
    uint32_t gated_first, gated_last;
    control_identify *identify;
    control_refused *refused;
    void *userdata; /* of handlers, identify and refused */
};

#define CONTROL_LOGIN_UID_UNSET   UINT32_MAX
#define CONTROL_LOGIN_UID_UNKNOWN (UINT32_MAX - 1)

/** Listens. 0 or -errno. */
int control_new(const struct control_options *options, struct control **ret);

/** Hangs up on everybody; calls that are not answered yet stay valid until they are, and streams are
 * told that their caller has gone. Every identify() must
 * have been answered before. */
struct control *control_free(struct control *c);
DEFINE_CLEANUP(struct control, control_free);

/** Who is an operator and who an auditor, from the next call on; (gid_t)-1: nobody. */
void control_set_groups(struct control *c, gid_t operators, gid_t auditors);

/** The range of uids that may not call, from now on. */
void control_set_gated(struct control *c, uint32_t first, uint32_t last);

void control_identified(struct control_connection *connection, uint32_t login_uid);

/** Who is to be put on record as having asked: the login uid; without one, the uid. */
uint32_t control_call_actor(const struct control_call *call);
const struct peer *control_call_peer(const struct control_call *call);
/** The gated person who calls, by login uid or by uid, also as uid 0; CONTROL_NO_PERSON for anybody else.
 * Only a method with `own` is ever called by one. */
uint32_t control_call_person(const struct control_call *call);
#define CONTROL_NO_PERSON UINT32_MAX

/** Ends the call. `parameters` is taken over; NULL is without memory. */
void control_reply(struct control_call *call, json_t *parameters);
/** Ends the call with an error of the own interface ("NotFound") or a qualified one. As control_reply(). */
void control_error(struct control_call *call, const char *name, json_t *parameters);
/* ---- streams: a call with `more`, answered again and again until its caller hangs up ----
 *
 * One connection is one stream: nothing else is answered on it. Memory is bounded by asking before sending:
 * one reply is under way at a time, and a caller who is slow is only told later, never forgotten about. */
struct control_stream_events {
    void (*ready)(void *userdata); /* what was sent has been taken: the next may be sent */
    /* The caller hung up, or spoke, or the control ends: the call has to be ended, now or later. Never called
     * from inside one of these functions. */
    void (*gone)(void *userdata);
};

/** Whether the caller takes several replies. */
bool control_call_is_more(const struct control_call *call);
/** Makes a stream of such a call. control_reply() and control_error() still end it, with a last reply. */
void control_stream_begin(struct control_call *call, const struct control_stream_events *events,
                          void *userdata);
/** Whether a reply may be sent now; otherwise ready() or gone() will come. */
bool control_stream_is_ready(const struct control_call *call);
/** One reply of many; only when ready. `parameters` is taken over; NULL is without memory, and ends the
 * connection. */
void control_stream_send(struct control_call *call, json_t *parameters);

/** org.varlink.service.InvalidParameter. */
void control_invalid(struct control_call *call, const char *parameter);

#endif
