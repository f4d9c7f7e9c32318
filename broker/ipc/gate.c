#include "broker/ipc/gate.h"

#include "broker/common/clock.h"
#include "broker/common/failpoint.h"
#include "broker/common/files.h"
#include "broker/common/sockets.h"
#include "broker/ipc/listener.h"
#include "broker/ipc/rate.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * A connection is a gate_call from its first octet to its reply. READING: its descriptor is watched, and
 * the gate's timer looks for who is late. ASKED: a handler has it, nothing is watched, and it lives until it
 * is answered, even if the gate goes first (`gate` is NULL then) - a handler that waits for the disk holds a
 * pointer that stays good.
 */
struct gate_call {
    struct gate *gate;
    struct gate_call *next, *previous;
    struct peer peer;
    sd_event_source *io;
    int fd;
    uint64_t begun; /* waiting for the rest of the frame since then */
    uint64_t since;
    size_t size;
    uint8_t frame[FRAME_MAX];
};

struct gate {
    sd_event *event;
    struct listener *listener;
    struct gate_call *calls; /* the latest first */
    sd_event_source *deadline;
    uid_t root;
    uid_t keys_uid;
    struct gate_limits limits;
    const struct gate_request *requests;
    size_t n_requests;
    gate_trouble *trouble;
    void *userdata;
    struct gate_counters counters;
    struct rate rate;
};

static void call_unlink(struct gate_call *call)
{
    if (!call->gate)
        return;
    if (call->previous)
        call->previous->next = call->next;
    else
        call->gate->calls = call->next;
    if (call->next)
        call->next->previous = call->previous;
    call->gate->counters.open--;
    call->gate = NULL;
}

static void call_unwatch(struct gate_call *call)
{
    call->io = sd_event_source_disable_unref(call->io);
}

static struct gate_call *call_free(struct gate_call *call)
{
    if (!call)
        return NULL;
    call_unlink(call);
    call_unwatch(call);
    peer_done(&call->peer);
    close_fd(call->fd);
    free(call);
    return NULL;
}
DEFINE_CLEANUP(struct gate_call, call_free);

/* Ends a connection that never became a question. */
static void call_refuse(struct gate_call *call, enum reason reason, const char *detail)
{
    struct gate *g = call->gate;

    g->counters.refused++;
    if (g->trouble)
        g->trouble(g->userdata, &call->peer, reason, detail);
    call_free(call);
}

static unsigned gate_who_is(const struct gate *g, uid_t uid)
{
    if (uid == g->root)
        return GATE_ROOT;
    return g->keys_uid != (uid_t)-1 && uid == g->keys_uid ? GATE_KEYS : GATE_OTHER;
}

static const struct gate_request *gate_find(const struct gate *g, enum frame_type type)
{
    for (size_t i = 0; i < g->n_requests; i++)
        if (g->requests[i].type == type)
            return &g->requests[i];
    return NULL;
}

/* The process that connected, as a descriptor, which stands for it from then on. */
static bool call_hold_peer(struct gate_call *call)
{
    if (call->peer.pidfd < 0)
        call->peer.pidfd = socket_peer_pidfd(call->fd);
    return call->peer.pidfd >= 0;
}

static void call_answer_forbidden(struct gate_call *call)
{
    static const struct gate_reply forbidden = {.verdict = VERDICT_DENY, .reason = REASON_CALLER_FORBIDDEN};
    struct gate *g = call->gate;

    g->counters.refused++;
    if (g->trouble)
        g->trouble(g->userdata, &call->peer, REASON_CALLER_FORBIDDEN, "may not ask this");
    gate_call_reply(call, &forbidden);
}

/* The whole frame is here. */
static void call_dispatch(struct gate_call *call, const struct frame_header *header)
{
    struct gate *g = call->gate;
    const struct gate_request *request = gate_find(g, header->type);

    call_unwatch(call);
    call->since = clock_boot_us();
    if (!request) {
        call_refuse(call, REASON_BAD_REQUEST, "no request of the gate");
        return;
    }
    if ((request->who & gate_who_is(g, call->peer.uid)) == 0) {
        call_answer_forbidden(call);
        return;
    }
    if (!call_hold_peer(call)) {
        call_free(call); /* the caller is gone: nobody is there to be answered */
        return;
    }
    g->counters.requests++;
    request->handle(g->userdata, call, call->frame + FRAME_HEADER_SIZE, header->length);
}

/* What the octets so far amount to: 1 a whole frame, 0 not yet, -EBADMSG never. */
static int call_judge(const struct gate_call *call, struct frame_header *header)
{
    if (call->size < FRAME_HEADER_SIZE)
        return 0;
    if (frame_parse_header(call->frame, header) < 0 || header->length > FRAME_BODY_MAX)
        return -EBADMSG;
    if (call->size > FRAME_HEADER_SIZE + header->length)
        return -EBADMSG;
    return call->size == FRAME_HEADER_SIZE + header->length;
}

/* Takes what has come. True: the frame is not whole yet. False: it was handled, or refused, and the call is
 * nobody's to touch. */
static bool call_read(struct gate_call *call)
{
    struct frame_header header = {0};
    ssize_t n = recv(call->fd, call->frame + call->size, sizeof(call->frame) - call->size, 0);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (n <= 0) {
        if (call->size > 0)
            call_refuse(call, REASON_BAD_REQUEST, "hung up in the middle of a frame");
        else
            call_free(call);
        return false;
    }
    call->size += (size_t)n;
    switch (call_judge(call, &header)) {
    case 0:
        return true;
    case 1:
        call_dispatch(call, &header);
        return false;
    default:
        call_refuse(call, REASON_BAD_REQUEST, "not a frame");
        return false;
    }
}

static int on_call_readable(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    (void)source;
    (void)fd;
    (void)events;
    (void)call_read(userdata);
    return 0;
}

static struct gate_call *gate_oldest_reading(const struct gate *g)
{
    struct gate_call *oldest = NULL;

    for (struct gate_call *call = g->calls; call; call = call->next)
        if (call->io)
            oldest = call;
    return oldest;
}

/* One timer for all who are heard: it comes when the first of them may be late, and is left alone when they
 * are not, since setting it for each would be most of what waiting for a frame costs. */
static int on_deadline(sd_event_source *source, uint64_t now, void *userdata)
{
    struct gate *g = userdata;
    struct gate_call *call;

    while ((call = gate_oldest_reading(g)) && call->begun + g->limits.deadline_us <= now)
        call_refuse(call, REASON_BAD_REQUEST, "no whole frame within the deadline");
    if (!call)
        return sd_event_source_set_enabled(source, SD_EVENT_OFF);
    return sd_event_source_set_time(source, call->begun + g->limits.deadline_us);
}

static int gate_arm(struct gate *g, uint64_t at)
{
    int enabled = SD_EVENT_OFF;
    int r = sd_event_source_get_enabled(g->deadline, &enabled);

    if (r < 0 || enabled != SD_EVENT_OFF)
        return r < 0 ? r : 0;
    r = sd_event_source_set_time(g->deadline, at);
    return r < 0 ? r : sd_event_source_set_enabled(g->deadline, SD_EVENT_ON);
}

static unsigned gate_open_of(const struct gate *g, uid_t uid)
{
    unsigned n = 0;

    for (const struct gate_call *call = g->calls; call; call = call->next)
        n += call->peer.uid == uid;
    return n;
}

static bool gate_has_room(struct gate *g, uid_t uid)
{
    if (gate_who_is(g, uid) != GATE_OTHER)
        return gate_open_of(g, uid) < g->limits.privileged;
    return g->counters.open < g->limits.all && gate_open_of(g, uid) < g->limits.per_uid &&
           rate_allows(&g->rate, uid, clock_boot_us(), GATE_RATE_US, g->limits.rate);
}

static int call_watch(struct gate_call *call)
{
    struct gate *g = call->gate;
    int r = sd_event_add_io(g->event, &call->io, call->fd, EPOLLIN, on_call_readable, call);

    if (r < 0)
        return r;
    call->begun = clock_boot_us();
    return gate_arm(g, call->begun + g->limits.deadline_us);
}

static void gate_link(struct gate *g, struct gate_call *call)
{
    call->gate = g;
    call->next = g->calls;
    if (g->calls)
        g->calls->previous = call;
    g->calls = call;
    g->counters.open++;
}

static void on_gate_accept(void *userdata, int fd)
{
    struct gate *g = userdata;
    cleanup(call_free_p) struct gate_call *call = malloc(sizeof(*call));
    struct gate_call *reading;
    bool room;

    if (!call) {
        close_fd(fd);
        return;
    }
    /* The frame is not cleared: what arrives is written there, and no more of it is looked at. */
    memset(call, 0, offsetof(struct gate_call, frame));
    call->fd = fd;
    if (peer_of(fd, 0, &call->peer) < 0)
        return;
    room = gate_has_room(g, call->peer.uid);
    gate_link(g, call);
    if (!room)
        call_refuse(steal_pointer(&call), REASON_TOO_MANY_REQUESTS, "too many connections at once");
    if (!room)
        return;
    /* Root's question is on its way while this is done; of anybody else nothing is held before there is one.
     */
    if (gate_who_is(g, call->peer.uid) == GATE_ROOT && !call_hold_peer(call))
        return;
    /* Most have sent their question by now: nothing is set up for waiting that would be torn down at once. */
    reading = steal_pointer(&call);
    if (call_read(reading) && call_watch(reading) < 0)
        call_free(reading);
}

int gate_new(const struct gate_options *o, struct gate **ret)
{
    cleanup(gate_free_p) struct gate *g = calloc(1, sizeof(*g));
    struct listener_options listen = {.event = o->event,
                                      .path = o->path,
                                      .fd_name = "gate",
                                      .type = SOCK_STREAM,
                                      .mode = 0666,
                                      .accept = on_gate_accept};
    int r;

    if (!g)
        return -ENOMEM;
    g->event = o->event;
    g->root = o->root;
    g->keys_uid = o->keys_uid;
    g->limits = o->limits;
    g->requests = o->requests;
    g->n_requests = o->n_requests;
    g->trouble = o->trouble;
    g->userdata = o->userdata;
    listen.userdata = g;
    r = sd_event_add_time_relative(g->event, &g->deadline, CLOCK_BOOTTIME, g->limits.deadline_us, 0,
                                   on_deadline, g);
    if (r >= 0)
        r = sd_event_source_set_enabled(g->deadline, SD_EVENT_OFF);
    if (r >= 0)
        r = listener_new(&listen, &g->listener);
    if (r < 0)
        return r;
    *ret = steal_pointer(&g);
    return 0;
}

void gate_set_keys_uid(struct gate *g, uid_t uid)
{
    g->keys_uid = uid;
}

struct gate *gate_free(struct gate *g)
{
    if (!g)
        return NULL;
    listener_free(g->listener);
    sd_event_source_disable_unref(g->deadline);
    while (g->calls) {
        struct gate_call *call = g->calls;

        if (call->io)
            call_free(call);
        else
            call_unlink(call); /* a handler has it and will end it */
    }
    free(g);
    return NULL;
}

const struct peer *gate_call_peer(const struct gate_call *call)
{
    return &call->peer;
}

uint64_t gate_call_since(const struct gate_call *call)
{
    return call->since;
}

/* A reply is smaller than any socket buffer, and this is the only one on the connection: what cannot be sent
 * at once will never be. */
void gate_call_reply(struct gate_call *call, const struct gate_reply *reply)
{
    uint8_t frame[FRAME_MAX];
    int size = gate_encode_reply(reply, frame);

    FAILPOINT(GATE_REPLYING);
    if (size > 0)
        (void)send(call->fd, frame, (size_t)size, MSG_NOSIGNAL | MSG_DONTWAIT);
    FAILPOINT(GATE_REPLIED);
    call_free(call);
}

void gate_call_malformed(struct gate_call *call, const char *detail)
{
    if (call->gate)
        call_refuse(call, REASON_BAD_REQUEST, detail);
    else
        call_free(call);
}

struct gate_counters gate_counters(const struct gate *g)
{
    return g->counters;
}
